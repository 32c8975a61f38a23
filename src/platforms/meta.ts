import { type HttpResponse, retryAfterMs } from '../http.ts'
import { fromMinorUnits, type Micros, toMinorUnits } from '../money.ts'
import { detailOf } from './detail.ts'
import { at, listAt, numberAt, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'
import { longestWaitMs } from './wait.ts'

const MINUTE_MS = 60_000
/** Meta's shortest blocks last a minute; without a header that says more, that is how long we stay away. */
const USUAL_WAIT_MS = MINUTE_MS

/** App, user, page, application limit, custom, and the business use cases. */
const THROTTLES = new Set([
  4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014,
])
/** Session gone and token dead; the subcode says why. */
const TOKEN_DEAD = new Set([102, 190])
const EXPIRED_SUBCODE = 463
/** 10 and the 200s are permissions; 368 blocks the account for breaking a policy until a person has seen to it. */
const isForbidden = (code: number): boolean => code === 10 || code === 368 || (code >= 200 && code <= 299)
/** Report failed, unknown, service, connection reset, batch time-out: whether anything was done nobody says. */
const TRANSIENT = new Set([-2, 1, 2, 104, 960])
/** Permanent although code 2 is normally passing: too slow as asked, bad breakdowns, bad custom metrics. */
const PERMANENT_SUBCODES = new Set([1504018, 1504038, 1504041, 1504042])

/** The Meta Marketing API. What an error means is said by its code, not by the HTTP status, which is often 400. */
export const meta: Platform = {
  name: 'meta',

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
    // A 2xx that cannot be read says that something was done, not what.
    return answer.is === 'json' && error === undefined
      ? { is: 'ok', body: answer.body }
      : { is: 'transient', detail: 'a success without a readable body' }
  },

  usedShare(headers) {
    const percents = usages(headers).flatMap((usage) => PERCENTS.map((name) => numberAt(usage, name)))
    const known = percents.filter((percent) => percent !== undefined)
    return known.length > 0 ? Math.max(...known) / 100 : undefined
  },
}

function classed(code: number, error: unknown, response: HttpResponse, nowMs: number): Answer {
  const subcode = numberAt(error, 'error_subcode')
  const name = subcode === undefined ? `code ${code}` : `code ${code}/${subcode}`
  const words = [textAt(error, 'message'), textAt(error, 'error_user_msg')].filter(Boolean)
  const detail = detailOf(`${name}: ${words.join(' ')}`)
  if (THROTTLES.has(code)) return { is: 'throttled', detail, retryAfterMs: waitMs(response, nowMs) }
  if (TOKEN_DEAD.has(code)) return { is: subcode === EXPIRED_SUBCODE ? 'auth_expired' : 'auth_lost', detail }
  if (isForbidden(code)) return { is: 'auth_lost', detail }
  if (subcode !== undefined && PERMANENT_SUBCODES.has(subcode)) return { is: 'refused', detail }
  const isPassing = TRANSIENT.has(code) || at(error, 'is_transient') === true || response.status >= 500
  return { is: isPassing ? 'transient' : 'refused', detail }
}

/** An answer without an error of Meta's: from a proxy on the way. */
function bare(response: HttpResponse, nowMs: number): Answer {
  const { status } = response
  const detail = `HTTP ${status}`
  if (status === 401) return { is: 'auth_expired', detail }
  if (status === 403) return { is: 'auth_lost', detail }
  if (status === 429) return { is: 'throttled', detail, retryAfterMs: waitMs(response, nowMs) }
  return { is: status >= 500 ? 'transient' : 'refused', detail }
}

/** Longest of what the headers say about regaining access. */
function waitMs({ headers }: HttpResponse, nowMs: number): number {
  const regain = usages(headers).flatMap((usage) => [
    (numberAt(usage, 'estimated_time_to_regain_access') ?? 0) * MINUTE_MS,
    (numberAt(usage, 'reset_time_duration') ?? 0) * 1000,
  ])
  return longestWaitMs([USUAL_WAIT_MS, retryAfterMs(headers, nowMs), ...regain]) ?? USUAL_WAIT_MS
}

const PERCENTS = ['call_count', 'total_time', 'total_cputime', 'acc_id_util_pct', 'app_id_util_pct']
const USAGE_HEADERS = ['x-app-usage', 'x-ad-account-usage', 'x-fb-ads-insights-throttle']

/** The usage objects of all headers. The business header is a map from ids to lists with one entry per product. */
function usages(headers: HttpResponse['headers']): unknown[] {
  const business = Object.values(Object(json(headers['x-business-use-case-usage'])))
  return [...USAGE_HEADERS.map((name) => json(headers[name])), ...business.flatMap((list) => listAt(list))]
}

function json(text: string | undefined): unknown {
  const answer = parsed({ status: 200, headers: {}, body: text ?? '' })
  return answer.is === 'json' ? answer.body : undefined
}

/** Currencies that Meta counts in whole units: its own table, not ISO 4217. */
const WHOLE = new Set(['CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND'])
const offsetOf = (currency: string): number => (WHOLE.has(currency) ? 1 : 100)

declare const unit: unique symbol
/** Whole minor units as Meta counts them for budgets and bids. Its insights are in major units: never mix. */
export type MetaUnits = number & { readonly [unit]: 'meta_units' }

/** An amount in Meta's minor units, rounded down. */
export const toMetaUnits = (amount: Micros, currency: string): MetaUnits =>
  toMinorUnits(amount, offsetOf(currency)) as MetaUnits
export const fromMetaUnits = (minor: number, currency: string): Micros =>
  fromMinorUnits(minor, offsetOf(currency))
