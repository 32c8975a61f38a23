import { type HttpResponse, retryAfterMs } from '../http.ts'
import { type Micros, minorDigits } from '../money.ts'
import { at, clipped, listAt, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'

/** Google says `retryDelay` where it can; this is for answers without one. */
const USUAL_WAIT_MS = 30_000
/** A daily quota comes back with the day; asking once an hour costs nothing. */
const DAILY_WAIT_MS = 3_600_000

type Class = Exclude<Answer['is'], 'ok'> | 'throttled_for_the_day'

/**
 * `errorCode` values of GoogleAdsFailure that are not plain refusals. Everything else (bids too big or small, budgets
 * below the minimum, unknown fields, missing entities …) is a refusal that repeating will not change.
 */
const CLASS_OF: Readonly<Record<string, Class>> = {
  RESOURCE_TEMPORARILY_EXHAUSTED: 'throttled',
  EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: 'throttled',
  RESOURCE_EXHAUSTED: 'throttled_for_the_day',
  EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: 'throttled_for_the_day',
  INTERNAL_ERROR: 'transient',
  TRANSIENT_ERROR: 'transient',
  DEADLINE_EXCEEDED: 'transient',
  // Two writers met and this one lost: nothing of it was applied.
  CONCURRENT_MODIFICATION: 'not_applied',
  OAUTH_TOKEN_EXPIRED: 'auth_expired',
  OAUTH_TOKEN_INVALID: 'auth_expired',
  OAUTH_TOKEN_REVOKED: 'auth_lost',
  OAUTH_TOKEN_DISABLED: 'auth_lost',
  GOOGLE_ACCOUNT_DELETED: 'auth_lost',
  TWO_STEP_VERIFICATION_NOT_ENROLLED: 'auth_lost',
  CUSTOMER_NOT_ENABLED: 'auth_lost',
  USER_PERMISSION_DENIED: 'auth_lost',
  CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: 'auth_lost',
  INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION: 'auth_lost',
  ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT: 'auth_lost',
}

/** Gravest first: an answer with several errors is classed by the one that says least about what was done. */
const GRAVITY: readonly Class[] = [
  'transient',
  'auth_lost',
  'auth_expired',
  'throttled_for_the_day',
  'throttled',
  'not_applied',
  'refused',
]

/** The Google Ads API over REST. */
export const googleAds: Platform = {
  name: 'google_ads',

  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
  }),

  read(response, nowMs) {
    const answer = parsed(response)
    if (response.status < 300) return readSuccess(answer)
    // searchStream wraps its errors in an array.
    const error = answer.is === 'json' ? (at(answer.body, 'error') ?? at(answer.body, 0, 'error')) : undefined
    return error === undefined ? readBare(response, nowMs) : classed(error, response, nowMs)
  },

  // Google Ads sends no usage headers.
  usedShare: () => undefined,
}

function readSuccess(answer: ReturnType<typeof parsed>): Answer {
  // A 2xx that cannot be read says that something was done, not what.
  if (answer.is !== 'json') return { is: 'transient', detail: 'a success without a readable body' }
  const partial = at(answer.body, 'partialFailureError')
  if (partial !== undefined)
    return { is: 'refused', detail: clipped(namesOf(errorsOf(partial)).join(', ') || 'partial failure') }
  const streamed = at(answer.body, 0, 'error')
  return streamed === undefined
    ? { is: 'ok', body: answer.body }
    : { is: 'refused', detail: 'an error inside a stream' }
}

/** An answer not made by the API itself: a proxy, a load balancer. */
function readBare(response: HttpResponse, nowMs: number): Answer {
  const detail = `HTTP ${response.status}`
  if (response.status === 401) return { is: 'auth_expired', detail }
  if (response.status === 403) return { is: 'auth_lost', detail }
  if (response.status === 429) {
    return { is: 'throttled', detail, retryAfterMs: retryAfterMs(response.headers, nowMs) ?? USUAL_WAIT_MS }
  }
  return { is: response.status >= 500 ? 'transient' : 'refused', detail }
}

function classed(error: unknown, response: HttpResponse, nowMs: number): Answer {
  const errors = errorsOf(error)
  if (errors.length === 0) return readBare(response, nowMs)
  const names = namesOf(errors)
  const classes = names.map(
    (name): Class => CLASS_OF[name] ?? (response.status >= 500 ? 'transient' : 'refused'),
  )
  const is = GRAVITY.find((grave) => classes.includes(grave)) ?? 'refused'
  const detail = clipped(`${names.join(', ')}: ${textAt(errors[0], 'message') ?? ''}`)
  switch (is) {
    case 'throttled':
      return {
        is,
        detail,
        retryAfterMs: retryDelayMs(errors) ?? retryAfterMs(response.headers, nowMs) ?? USUAL_WAIT_MS,
      }
    case 'throttled_for_the_day':
      return { is: 'throttled', detail, retryAfterMs: retryDelayMs(errors) ?? DAILY_WAIT_MS }
    default:
      return { is, detail }
  }
}

const errorsOf = (error: unknown): unknown[] =>
  listAt(error, 'details').flatMap((detail) => [...listAt(detail, 'errors')])

/** The value inside `errorCode`, whose key names the kind: `{"quotaError": "RESOURCE_EXHAUSTED"}`. */
const namesOf = (errors: readonly unknown[]): string[] =>
  errors.map((error) => String(Object.values(at(error, 'errorCode') ?? {})[0] ?? 'UNKNOWN'))

/** The longest `retryDelay` (a protobuf duration such as "1.5s") among the errors. */
function retryDelayMs(errors: readonly unknown[]): number | undefined {
  const delays = errors
    .map(
      (error) =>
        /^(\d+(?:\.\d+)?)s$/.exec(textAt(error, 'details', 'quotaErrorDetails', 'retryDelay') ?? '')?.[1],
    )
    .filter((seconds) => seconds !== undefined)
    .map((seconds) => Math.ceil(Number(seconds) * 1000))
  return delays.length > 0 ? Math.max(...delays) : undefined
}

declare const unit: unique symbol
/** Micros as Google writes them: an int64 in a string, a multiple of the currency's billable unit. */
export type GoogleMicros = string & { readonly [unit]: 'google_micros' }

/** Rounds down to the currency's smallest billable unit, which Google demands of every bid and budget. */
export function toGoogleMicros(amount: Micros, currency: string): GoogleMicros {
  const billable = 10 ** (6 - Math.min(6, minorDigits(currency)))
  return String(Math.floor(amount / billable) * billable) as GoogleMicros
}
