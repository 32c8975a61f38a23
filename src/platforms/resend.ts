import { type HttpResponse, retryAfterMs } from '../http.ts'
import { detailOf } from './detail.ts'
import { at, parsed, textAt } from './json.ts'
import type { Answer } from './platform.ts'
import { longestWaitMs } from './wait.ts'

const DAY_MS = 86_400_000

/** Names of errors that say more than their status, or something else. */
const CLASS_OF_NAME: Readonly<Record<string, Exclude<Answer['is'], 'ok'>>> = {
  missing_api_key: 'auth_lost',
  invalid_api_key: 'auth_lost',
  // The key is good, but only for sending.
  restricted_api_key: 'refused',
  // Another request with the same key is under way: its outcome will be ours.
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
   * Two requests a second are allowed for the whole team; we share them out. `ratelimit-remaining` speaks of that one
   * second and is over before we could act on it, so only refusals are listened to.
   */
  limits: { reads: [{ calls: 1, windowMs: 1_000 }], sends: [{ calls: 1, windowMs: 1_000 }] },

  /** Classes an answer. Of the three kinds of 429 one passes within seconds; quotas do not come back today. */
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
    const is = CLASS_OF_NAME[name ?? ''] ?? classOf(status)
    if (is !== 'throttled') return { is, detail }
    if (name === 'daily_quota_exceeded' || name === 'monthly_quota_exceeded')
      return { is, detail, retryAfterMs: DAY_MS - (nowMs % DAY_MS) }
    const reset = Number(headers['ratelimit-reset'] ?? Number.NaN) * 1000
    const said = longestWaitMs([retryAfterMs(headers, nowMs), reset])
    return { is, detail, retryAfterMs: said ?? 1_000 }
  },
} as const

function classOf(status: number): Exclude<Answer['is'], 'ok'> {
  if (status === 401 || status === 403) return 'auth_lost'
  if (status === 429) return 'throttled'
  return status >= 500 || status === 408 ? 'transient' : 'refused'
}
