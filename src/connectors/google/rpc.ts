import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import type { Answer } from '../platform/answer.ts'
import { detailOf } from '../platform/detail.ts'
import { at, isWebPage, listAt, numberAt, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

type Class = Exclude<Answer['is'], 'ok'>

/** Assumed wait after a quota, in milliseconds: most of Google's quotas are per minute. */
const USUAL_WAIT_MS = 60_000

/** Class by `reason`, of an `ErrorInfo` or of the older `errors` list; it says more than the status. */
const CLASS_OF_REASON: Readonly<Record<string, Class>> = {
  // Older APIs refuse calls over a quota with 403.
  RATE_LIMIT_EXCEEDED: 'throttled',
  rateLimitExceeded: 'throttled',
  userRateLimitExceeded: 'throttled',
  quotaExceeded: 'throttled',
  dailyLimitExceeded: 'throttled',
  ACCESS_TOKEN_EXPIRED: 'auth_expired',
  // The person did not grant the scope that this call needs.
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'auth_lost',
  // Used for scopes and for single objects alike.
  insufficientPermissions: 'forbidden',
  // About our Cloud project: connecting again would not help.
  SERVICE_DISABLED: 'refused',
  accessNotConfigured: 'refused',
  CONSUMER_INVALID: 'refused',
}

/** Class by code of google.rpc, as in `error.status`. */
const CLASS_OF_STATUS: Readonly<Record<string, Class>> = {
  INVALID_ARGUMENT: 'refused',
  FAILED_PRECONDITION: 'refused',
  OUT_OF_RANGE: 'refused',
  NOT_FOUND: 'refused',
  ALREADY_EXISTS: 'refused',
  UNIMPLEMENTED: 'refused',
  UNAUTHENTICATED: 'auth_expired',
  PERMISSION_DENIED: 'forbidden',
  RESOURCE_EXHAUSTED: 'throttled',
  // Two writers met and this one lost; nothing was applied.
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
  403: 'forbidden',
  408: 'transient',
  429: 'throttled',
}

/**
 * Classes an answer of a Google API that reports errors as google.rpc.Status, which all but Google Ads do.
 * @param waitOf milliseconds to wait after a refusal with these words, where the answer does not say
 */
export function readGoogleRpc(
  response: HttpResponse,
  nowMs: number,
  waitOf: (message: string) => number | undefined = () => undefined,
): Answer {
  const answer = parsed(response)
  const error = answer.is === 'json' ? at(answer.body, 'error') : undefined
  if (response.status < 300 && error === undefined) {
    // A 2xx that cannot be read says that something was done, but not what.
    return answer.is === 'json'
      ? { is: 'ok', body: answer.body }
      : { is: 'transient', detail: 'a success without a readable body' }
  }
  const http = response.status >= 300 ? response.status : (numberAt(error, 'code') ?? 500)
  const reasons = reasonsOf(error)
  const status = textAt(error, 'status')
  const message = textAt(error, 'message') ?? ''
  // A 403 without a body from Google did not come from it, nor did a web page: they say nothing about the grant.
  const isFromElsewhere = error === undefined && (http === 403 || (http === 401 && isWebPage(response)))
  const is = isFromElsewhere ? 'not_applied' : classOf(http, status, reasons)
  const names = [`HTTP ${http}`, status, ...reasons].filter((name) => name !== undefined)
  const detail = detailOf(message === '' ? names.join(' ') : `${names.join(' ')}: ${message}`)
  if (is !== 'throttled') return { is, detail }
  const said = longestWaitMs([retryDelayMs(error), retryAfterMs(response.headers, nowMs)])
  return { is, detail, retryAfterMs: said ?? waitOf(message) ?? USUAL_WAIT_MS }
}

function classOf(http: number, status: string | undefined, reasons: readonly string[]): Class {
  const known =
    reasons.map((reason) => CLASS_OF_REASON[reason]).find((each) => each !== undefined) ??
    CLASS_OF_STATUS[status ?? ''] ??
    CLASS_OF_HTTP[http] ??
    (http >= 500 ? 'transient' : 'refused')
  // A failure with a status below 500 concerns this request alone.
  return known === 'transient' && http < 500 && http !== 408 ? 'failed' : known
}

function reasonsOf(error: unknown): string[] {
  const all = [...listAt(error, 'details'), ...listAt(error, 'errors')].map((each) => textAt(each, 'reason'))
  return [...new Set(all.filter((reason) => reason !== undefined))]
}

/** A protobuf duration such as "30s" or "1.5s" in milliseconds, rounded up; undefined for anything else. */
export function durationMs(text: string | undefined): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '')?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

/** The longest `RetryInfo.retryDelay`. */
const retryDelayMs = (error: unknown): number | undefined =>
  longestWaitMs(listAt(error, 'details').map((each) => durationMs(textAt(each, 'retryDelay'))))
