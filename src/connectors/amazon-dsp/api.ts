import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import type { Answer } from '../platform/answer.ts'
import { detailOf } from '../platform/detail.ts'
import { at, isWebPage, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

const MINUTE_MS = 60_000

/** Amazon Ads: profiles, and the demand-side platform of agency profiles. */
export const amazon = {
  /** Each region has its own hosts, also for authorization. */
  regions: {
    NA: {
      api: 'https://advertising-api.amazon.com',
      authorize: 'https://www.amazon.com/ap/oa',
      token: 'https://api.amazon.com/auth/o2/token',
    },
    EU: {
      api: 'https://advertising-api-eu.amazon.com',
      authorize: 'https://eu.account.amazon.com/ap/oa',
      token: 'https://api.amazon.co.uk/auth/o2/token',
    },
    FE: {
      api: 'https://advertising-api-fe.amazon.com',
      authorize: 'https://apac.account.amazon.com/ap/oa',
      token: 'https://api.amazon.co.jp/auth/o2/token',
    },
  },
  scopes: ['advertising::campaign_management'],
  /** Hosts of finished reports, which have signed addresses. */
  fileHosts: ['.amazonaws.com'],
  /** Our own limits; Amazon publishes none, and blocks callers that insist for longer. */
  limits: {
    entities: [{ calls: 30, windowMs: MINUTE_MS }],
    reports: [{ calls: 20, windowMs: MINUTE_MS }],
  },

  /**
   * Classes an answer. A report that is ordered twice is refused with 425, which names the first one. That counts as
   * success, because the report is the wanted one.
   */
  read(response: HttpResponse, nowMs: number): Answer {
    const { status, body: text } = response
    // Finished reports are in S3, whose errors are XML: the signed address has expired. The grant is not involved.
    if (status >= 300 && text.startsWith('<?xml'))
      return { is: status >= 500 ? 'transient' : 'failed', detail: `S3 answered ${status}` }
    const answer = parsed(response)
    const body = answer.is === 'json' ? answer.body : undefined
    // Some failures come as a success with the code of a failure in the body.
    const inside = /^[45]\d\d$/.exec(String(at(body, 'code') ?? ''))?.[0]
    const http = status < 300 && inside !== undefined ? Number(inside) : status
    if (http < 300) {
      return answer.is === 'json'
        ? { is: 'ok', body }
        : { is: 'transient', detail: 'a success without a readable body' }
    }
    const words = ['detail', 'details', 'message', 'error_description'].map((name) => textAt(body, name))
    const said = words.find((word) => word !== undefined)
    const detail = detailOf(said === undefined ? `HTTP ${http}` : `HTTP ${http}: ${said}`)
    const waitMs = longestWaitMs([retryAfterMs(response.headers, nowMs)])
    switch (http) {
      case 401:
        if (isWebPage(response)) return { is: 'not_applied', detail }
        // The token is good, but may not open the profile in the request's scope header.
        return {
          is: /not authorized to access scope/i.test(said ?? '') ? 'forbidden' : 'auth_expired',
          detail,
        }
      case 403:
        // Without a body from Amazon the request did not reach it, so this says nothing about the grant.
        return { is: answer.is === 'json' ? 'forbidden' : 'not_applied', detail }
      case 408:
        return { is: 'transient', detail }
      case 425: {
        const reportId = /duplicate of\s*:\s*([\w-]+)/i.exec(said ?? '')?.[1]
        if (reportId !== undefined) return { is: 'ok', body: { reportId } }
        return { is: 'throttled', detail, retryAfterMs: waitMs ?? MINUTE_MS }
      }
      case 429:
        return { is: 'throttled', detail, retryAfterMs: Math.max(5 * MINUTE_MS, waitMs ?? 15 * MINUTE_MS) }
      default:
        return { is: http >= 500 ? 'transient' : 'refused', detail }
    }
  },
} as const
