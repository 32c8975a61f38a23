import type { HttpResponse } from '../http.ts'
import { fromMinorUnits, type Micros, toMinorUnits } from '../money.ts'
import { at, clipped, listAt, numberAt, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'

const MINUTE_MS = 60_000
/** Meta's shortest blocks last a minute; without a header that says more, that is how long we stay away. */
const USUAL_WAIT_MS = MINUTE_MS

const THROTTLES = new Set([
  4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014,
])
/** Session gone, token dead, permission or role lost. */
const AUTH_LOST = new Set([102, 190, 492])
const EXPIRED_SUBCODE = 463
/** Unknown, service, connection reset, batch time-out: whether anything was done nobody says. */
const TRANSIENT = new Set([1, 2, 104, 960])
/** Permanent although code 2 is normally passing: bad breakdowns and bad custom metrics. */
const PERMANENT_SUBCODES = new Set([1504041, 1504042])

/** The Meta Marketing API. What an error means is said by its code, not by the HTTP status, which is often 400. */
export const meta: Platform = {
  name: 'meta',

  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
  }),

  read(response) {
    const answer = parsed(response)
    const error = answer.is === 'json' ? at(answer.body, 'error') : undefined
    if (error !== undefined) return classed(error, response)
    if (response.status < 300) {
      return answer.is === 'json'
        ? { is: 'ok', body: answer.body }
        : { is: 'transient', detail: 'a success without a readable body' }
    }
    const detail = `HTTP ${response.status}`
    if (response.status === 429) return { is: 'throttled', detail, retryAfterMs: waitMs(response) }
    if (response.status === 401 || response.status === 403) return { is: 'auth_lost', detail }
    return { is: response.status >= 500 ? 'transient' : 'refused', detail }
  },

  usedShare({ ...headers }) {
    const percents = usages(headers).flatMap(percentsOf)
    return percents.length > 0 ? Math.max(...percents) / 100 : undefined
  },
}

function classed(error: unknown, response: HttpResponse): Answer {
  const code = numberAt(error, 'code') ?? 0
  const subcode = numberAt(error, 'error_subcode')
  const detail = clipped(
    `code ${subcode === undefined ? code : `${code}/${subcode}`}: ${textAt(error, 'message') ?? ''}`,
  )
  if (THROTTLES.has(code)) return { is: 'throttled', detail, retryAfterMs: waitMs(response) }
  if (AUTH_LOST.has(code)) return { is: subcode === EXPIRED_SUBCODE ? 'auth_expired' : 'auth_lost', detail }
  if (code === 10 || (code >= 200 && code <= 299)) return { is: 'auth_lost', detail }
  if (subcode !== undefined && PERMANENT_SUBCODES.has(subcode)) return { is: 'refused', detail }
  const passing = TRANSIENT.has(code) || at(error, 'is_transient') === true || response.status >= 500
  return { is: passing ? 'transient' : 'refused', detail }
}

/** Longest of what the headers say about regaining access. */
function waitMs({ headers }: HttpResponse): number {
  const regain = usages(headers).flatMap((usage) => [
    (numberAt(usage, 'estimated_time_to_regain_access') ?? 0) * MINUTE_MS,
    (numberAt(usage, 'reset_time_duration') ?? 0) * 1000,
  ])
  return Math.max(USUAL_WAIT_MS, ...regain)
}

const USAGE_HEADERS = ['x-app-usage', 'x-ad-account-usage', 'x-fb-ads-insights-throttle']

/** The usage objects of all headers. The business header is a map of lists, one entry per product. */
function usages(headers: HttpResponse['headers']): unknown[] {
  const business = Object.values(json(headers['x-business-use-case-usage']) ?? {}).flatMap((list) => [
    ...listAt(list),
  ])
  return [...USAGE_HEADERS.map((name) => json(headers[name])), ...business].filter(
    (usage) => usage !== undefined,
  )
}

const PERCENTS = ['call_count', 'total_time', 'total_cputime', 'acc_id_util_pct', 'app_id_util_pct']

const percentsOf = (usage: unknown): number[] =>
  PERCENTS.map((name) => numberAt(usage, name)).filter((percent) => percent !== undefined)

function json(text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  const answer = parsed({ status: 200, headers: {}, body: text })
  return answer.is === 'json' && answer.body !== null && typeof answer.body === 'object'
    ? answer.body
    : undefined
}

/** Currencies that Meta counts in whole units: its own table, not ISO 4217. */
const WHOLE = new Set(['CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND'])
const offsetOf = (currency: string): number => (WHOLE.has(currency) ? 1 : 100)

/** An amount in Meta's minor units, rounded down. */
export const toMetaUnits = (amount: Micros, currency: string): number =>
  toMinorUnits(amount, offsetOf(currency))
export const fromMetaUnits = (minor: number, currency: string): Micros =>
  fromMinorUnits(minor, offsetOf(currency))
