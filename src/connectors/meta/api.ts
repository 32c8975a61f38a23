import type { HttpResponse } from '../../http/http.ts'
import { fromMinorUnits, type Micros, toMinorUnits } from '../../money.ts'
import { GRAPH_THROTTLES, graphUsages, graphWaitMs } from '../graph/errors.ts'
import type { Answer, Protocol } from '../platform/answer.ts'
import type { ApiFacts } from '../platform/api-facts.ts'
import { detailOf } from '../platform/detail.ts'
import { at, isWebPage, numberAt, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

/**
 * A version lives about a year; their ends are in Meta's `marketing-api-changelog/versions` (Marketing versions end before
 * the Graph's).
 */
export const META_API = {
  url: 'https://graph.facebook.com',
  version: 'v26.0',
  versions: [
    { version: 'v23.0', endsOn: '2026-06-09' },
    { version: 'v24.0', endsOn: '2026-10-06' },
    { version: 'v25.0', endsOn: undefined },
    { version: 'v26.0', endsOn: undefined },
  ],
  rateLimit: { calls: 200, windowMs: 3_600_000 },
} as const satisfies ApiFacts

/** Wait after a refusal without headers, in milliseconds: Meta's shortest blocks last a minute. */
const USUAL_WAIT_MS = 60_000

/** Error codes of a token that does not work; the subcode says why. */
const TOKEN_DEAD = new Set([102, 190])
const EXPIRED_SUBCODE = 463
/**
 * Codes 10 and 200 to 299 are permissions; 368 blocks a request that breaks a policy. They may concern one object or
 * all.
 */
const isForbidden = (code: number): boolean => code === 10 || code === 368 || (code >= 200 && code <= 299)
/** Unknown, service, connection reset, batch time-out: nobody knows whether anything was done. */
const TRANSIENT = new Set([1, 2, 104, 960])
/** Codes of a report that could not be made, or cannot be found. */
const REPORT_FAILED = new Set([-2, 2601])
/** Subcode of an unknown error; it comes with requests that are too large. */
const UNKNOWN_SUBCODE = 99
/** Permanent although code 2 is usually passing: the query is too slow, or has bad breakdowns or metrics. */
const PERMANENT_SUBCODES = new Set([1504018, 1504038, 1504041, 1504042])

/** The Meta Marketing API. The code tells what an error means; the HTTP status is often just 400. */
export const meta: Protocol = {
  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
  }),

  read(response, nowMs) {
    const answer = parsed(response)
    const error = answer.is === 'json' ? at(answer.body, 'error') : undefined
    const code = numberAt(error, 'code')
    if (code !== undefined) return classed(code, error, response, nowMs)
    if (response.status >= 300) return bare(response, nowMs)
    // A 2xx that cannot be read says that something was done, but not what.
    return answer.is === 'json' && error === undefined
      ? { is: 'ok', body: answer.body }
      : { is: 'transient', detail: 'a success without a readable body' }
  },

  // These headers describe the whole account or app, so they count for the bucket of the call.
  usedShare({ headers }) {
    const percents = graphUsages(headers).flatMap((usage) => PERCENTS.map((name) => numberAt(usage, name)))
    const known = percents.filter((percent) => percent !== undefined)
    return known.length > 0 ? { bucket: '', share: Math.max(...known) / 100 } : undefined
  },
}

function classed(code: number, error: unknown, response: HttpResponse, nowMs: number): Answer {
  const subcode = numberAt(error, 'error_subcode')
  const name = subcode === undefined ? `code ${code}` : `code ${code}/${subcode}`
  const forThePerson = textAt(error, 'error_user_msg') ?? textAt(error, 'error_user_title')
  const words = [textAt(error, 'message'), forThePerson].filter(Boolean)
  const detail = detailOf(`${name}: ${words.join(' ')}`)
  if (GRAPH_THROTTLES.has(code)) return { is: 'throttled', detail, retryAfterMs: waitMs(response, nowMs) }
  if (TOKEN_DEAD.has(code)) return { is: subcode === EXPIRED_SUBCODE ? 'auth_expired' : 'auth_lost', detail }
  if (isForbidden(code)) return { is: 'forbidden', detail }
  if (subcode !== undefined && PERMANENT_SUBCODES.has(subcode)) return { is: 'refused', detail }
  const isReport = REPORT_FAILED.has(code)
  const isFailure = response.status >= 500
  const saysTransient = at(error, 'is_transient')
  if (!isReport && !TRANSIENT.has(code) && saysTransient !== true && !isFailure)
    return { is: 'refused', detail }
  // Only an error that does not concern this one request counts against the platform.
  const isOfThePlatform =
    isFailure && !isReport && saysTransient !== false && !(code === 1 && subcode === UNKNOWN_SUBCODE)
  return { is: isOfThePlatform ? 'transient' : 'failed', detail }
}

/** Classes an answer without an error of Meta's: from a proxy on the way. */
function bare(response: HttpResponse, nowMs: number): Answer {
  const { status } = response
  const detail = `HTTP ${status}`
  // The request did not reach Meta, so this says nothing about the grant.
  if (status === 403 || (status === 401 && isWebPage(response))) return { is: 'not_applied', detail }
  if (status === 401) return { is: 'auth_expired', detail }
  if (status === 429) return { is: 'throttled', detail, retryAfterMs: waitMs(response, nowMs) }
  return { is: status >= 500 ? 'transient' : 'refused', detail }
}

/** Longest wait in the headers, in milliseconds. */
const waitMs = (response: HttpResponse, nowMs: number): number =>
  longestWaitMs([USUAL_WAIT_MS, graphWaitMs(response, nowMs)]) ?? USUAL_WAIT_MS

const PERCENTS = ['call_count', 'total_time', 'total_cputime', 'acc_id_util_pct', 'app_id_util_pct']

/** Currencies that Meta counts in whole units, by its own table, which differs from ISO 4217. */
const WHOLE = new Set(['CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND'])
const offsetOf = (currency: string): number => (WHOLE.has(currency) ? 1 : 100)

declare const unit: unique symbol
/** Minor units as Meta uses them for budgets and bids. Its insights use units of the currency; never mix them. */
export type MetaUnits = number & { readonly [unit]: 'meta_units' }

/** Converts an amount to Meta's minor units, rounded down. */
export const toMetaUnits = (amount: Micros, currency: string): MetaUnits =>
  toMinorUnits(amount, offsetOf(currency)) as MetaUnits
export const fromMetaUnits = (minor: number, currency: string): Micros =>
  fromMinorUnits(minor, offsetOf(currency))
