import { type HttpResponse, retryAfterMs } from '../http.ts'
import { detailOf } from './detail.ts'
import { at, listAt, numberAt, parsed, textAt } from './json.ts'
import type { Answer } from './platform.ts'
import { longestWaitMs } from './wait.ts'

type Class = Exclude<Answer['is'], 'ok'>

/** Most of Google's quotas are per minute. */
const USUAL_WAIT_MS = 60_000

/** `reason` of an `ErrorInfo`, or of the older `errors` list, which says more than the status beside it. */
const CLASS_OF_REASON: Readonly<Record<string, Class>> = {
  // Older APIs refuse calls over a quota with 403.
  RATE_LIMIT_EXCEEDED: 'throttled',
  rateLimitExceeded: 'throttled',
  userRateLimitExceeded: 'throttled',
  quotaExceeded: 'throttled',
  dailyLimitExceeded: 'throttled',
  ACCESS_TOKEN_EXPIRED: 'auth_expired',
  // The person did not grant what this call needs.
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'auth_lost',
  insufficientPermissions: 'auth_lost',
  // A matter of our Cloud project: connecting again would not help.
  SERVICE_DISABLED: 'refused',
  accessNotConfigured: 'refused',
  CONSUMER_INVALID: 'refused',
}

/** The codes of google.rpc, as `error.status` names them. */
const CLASS_OF_STATUS: Readonly<Record<string, Class>> = {
  INVALID_ARGUMENT: 'refused',
  FAILED_PRECONDITION: 'refused',
  OUT_OF_RANGE: 'refused',
  NOT_FOUND: 'refused',
  ALREADY_EXISTS: 'refused',
  UNIMPLEMENTED: 'refused',
  UNAUTHENTICATED: 'auth_expired',
  PERMISSION_DENIED: 'auth_lost',
  RESOURCE_EXHAUSTED: 'throttled',
  // Two writers met and this one lost: nothing of it was applied.
  ABORTED: 'not_applied',
  CANCELLED: 'transient',
  UNKNOWN: 'transient',
  INTERNAL: 'transient',
  UNAVAILABLE: 'transient',
  DATA_LOSS: 'transient',
  DEADLINE_EXCEEDED: 'transient',
}

const CLASS_OF_HTTP: Readonly<Record<number, Class>> = {
  401: 'auth_expired',
  403: 'auth_lost',
  408: 'transient',
  429: 'throttled',
}

/**
 * Classes an answer of a Google API that reports errors as google.rpc.Status, which all but Google Ads do.
 *
 * @param waitOf how long to stay away after a refusal with these words, where the answer itself does not say
 */
export function readGoogleRpc(
  response: HttpResponse,
  nowMs: number,
  waitOf: (message: string) => number | undefined = () => undefined,
): Answer {
  const answer = parsed(response)
  const error = answer.is === 'json' ? at(answer.body, 'error') : undefined
  if (response.status < 300 && error === undefined) {
    // A 2xx that cannot be read says that something was done, not what.
    return answer.is === 'json'
      ? { is: 'ok', body: answer.body }
      : { is: 'transient', detail: 'a success without a readable body' }
  }
  const http = response.status >= 300 ? response.status : (numberAt(error, 'code') ?? 500)
  const reasons = reasonsOf(error)
  const status = textAt(error, 'status')
  const message = textAt(error, 'message') ?? ''
  const is =
    reasons.map((reason) => CLASS_OF_REASON[reason]).find((known) => known !== undefined) ??
    CLASS_OF_STATUS[status ?? ''] ??
    CLASS_OF_HTTP[http] ??
    (http >= 500 ? 'transient' : 'refused')
  const names = [`HTTP ${http}`, status, ...reasons].filter((name) => name !== undefined)
  const detail = detailOf(message === '' ? names.join(' ') : `${names.join(' ')}: ${message}`)
  if (is !== 'throttled') return { is, detail }
  const said = longestWaitMs([retryDelayMs(error), retryAfterMs(response.headers, nowMs)])
  return { is, detail, retryAfterMs: said ?? waitOf(message) ?? USUAL_WAIT_MS }
}

function reasonsOf(error: unknown): string[] {
  const all = [...listAt(error, 'details'), ...listAt(error, 'errors')].map((each) => textAt(each, 'reason'))
  return [...new Set(all.filter((reason) => reason !== undefined))]
}

/** `RetryInfo.retryDelay` is a protobuf duration such as "30s" or "1.5s". */
function retryDelayMs(error: unknown): number | undefined {
  const delays = listAt(error, 'details').map((each) => {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textAt(each, 'retryDelay') ?? '')?.[1]
    return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
  })
  return longestWaitMs(delays)
}
