import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import type { Answer } from '../platform/answer.ts'
import { detailOf } from '../platform/detail.ts'
import { at, isWebPage, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

const DAY_MS = 86_400_000

/** Class by name of the error, where it differs from that of the status. */
const CLASS_OF_NAME: Readonly<Record<string, Exclude<Answer['is'], 'ok'>>> = {
  missing_api_key: 'auth_lost',
  invalid_api_key: 'auth_lost',
  // The key works, but only for sending.
  restricted_api_key: 'refused',
  // Another request with the same key is running; its outcome will be ours.
  concurrent_idempotent_requests: 'not_applied',
  rate_limit_exceeded: 'throttled',
  daily_quota_exceeded: 'throttled',
  monthly_quota_exceeded: 'throttled',
}

/** Resend, which sends e-mail. */
export const resend = {
  hosts: { resend: 'https://api.resend.com' },
  /** Largest list, and largest batch of e-mails. */
  pageSize: 100,
  /**
   * Our own limits. Resend allows two requests a second for the whole team, and we divide them. `ratelimit-remaining`
   * covers a single second, which is over before we could act, so only refusals are used.
   */
  limits: { reads: [{ calls: 1, windowMs: 1_000 }], sends: [{ calls: 1, windowMs: 1_000 }] },

  /** Classes an answer. Of the three kinds of 429, one passes within seconds; the two quotas last at least until tomorrow. */
  read(response: HttpResponse, nowMs: number): Answer {
    const answer = parsed(response)
    const body = answer.is === 'json' ? answer.body : undefined
    const { status, headers } = response
    if (status < 300) {
      return answer.is === 'json'
        ? { is: 'ok', body }
        : { is: 'transient', detail: 'a success without a readable body' }
    }
    const name = textAt(body, 'name')
    const message = textAt(body, 'message') ?? String(at(body, 'error') ?? '')
    const detail = detailOf([`HTTP ${status}`, name, message].filter((word) => word).join(' '))
    const is = CLASS_OF_NAME[name ?? ''] ?? classOf(response)
    if (is !== 'throttled') return { is, detail }
    if (name === 'daily_quota_exceeded' || name === 'monthly_quota_exceeded')
      return { is, detail, retryAfterMs: DAY_MS - (nowMs % DAY_MS) }
    const reset = Number(headers['ratelimit-reset'] ?? Number.NaN) * 1000
    const said = longestWaitMs([retryAfterMs(headers, nowMs), reset])
    return { is, detail, retryAfterMs: said ?? 1_000 }
  },
} as const

function classOf(response: HttpResponse): Exclude<Answer['is'], 'ok'> {
  const { status } = response
  if (status === 401) return isWebPage(response) ? 'not_applied' : 'auth_lost'
  // For example, the sender's domain is not verified.
  if (status === 403) return 'forbidden'
  if (status === 429) return 'throttled'
  return status >= 500 || status === 408 ? 'transient' : 'refused'
}
