import { type HttpResponse, retryAfterMs } from '../http.ts'
import { detailOf } from './detail.ts'
import { at, parsed, textAt } from './json.ts'
import type { Answer } from './platform.ts'
import { longestWaitMs } from './wait.ts'

const MINUTE_MS = 60_000

/** Amazon Ads: profiles, and the demand-side platform below those of agencies. */
export const amazon = {
  /** Each region has hosts of its own, also for the authorization. */
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
  /** Calls that we allow ourselves; Amazon publishes no number, and lengthens its block for whoever insists. */
  limits: {
    entities: [{ calls: 30, windowMs: MINUTE_MS }],
    reports: [{ calls: 20, windowMs: MINUTE_MS }],
  },

  /**
   * Classes an answer. A report that is ordered twice is refused with 425, which names the first one: that is handed on as
   * if it had just been made, since it is what was wanted.
   */
  read(response: HttpResponse, nowMs: number): Answer {
    const { status, body: text } = response
    // A finished report lies in S3, whose errors are XML: its address is too old. Our grant has no part in it.
    if (status >= 300 && text.startsWith('<?xml')) return { is: 'transient', detail: `S3 answered ${status}` }
    const answer = parsed(response)
    const body = answer.is === 'json' ? answer.body : undefined
    // Some failures come as a success with the code of a failure in it.
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
        return { is: 'auth_expired', detail }
      case 403:
        return { is: 'auth_lost', detail }
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
