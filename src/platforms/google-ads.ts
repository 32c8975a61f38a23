import { type HttpResponse, retryAfterMs } from '../http.ts'
import { type Micros, minorDigits } from '../money.ts'
import { detailOf } from './detail.ts'
import { at, listAt, numberAt, type Parsed, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'
import { longestWaitMs } from './wait.ts'

/** Google says `retryDelay` where it can; this is for answers without one. */
const USUAL_WAIT_MS = 30_000
/** A daily quota comes back with the day; asking once an hour costs nothing. */
const DAILY_WAIT_MS = 3_600_000

type Class = Exclude<Answer['is'], 'ok'> | 'throttled_for_the_day'

/** `errorCode` kinds and values that have a class of their own. */
const CLASS_OF: Readonly<Record<string, Class>> = {
  'quotaError.RESOURCE_TEMPORARILY_EXHAUSTED': 'throttled',
  'quotaError.EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION': 'throttled',
  'quotaError.RESOURCE_EXHAUSTED': 'throttled_for_the_day',
  'quotaError.EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION': 'throttled_for_the_day',
  // Two writers met and this one lost: nothing of it was applied.
  'databaseError.CONCURRENT_MODIFICATION': 'not_applied',
  'authenticationError.OAUTH_TOKEN_EXPIRED': 'auth_expired',
  'authenticationError.OAUTH_TOKEN_INVALID': 'auth_expired',
}

/**
 * The class of every other value of a kind. Kinds that are not here (bids too big or small, budgets below the minimum,
 * unknown fields, missing entities …) are refusals that repeating will not change.
 */
const CLASS_OF_KIND: Readonly<Record<string, Class>> = {
  // INTERNAL_ERROR, TRANSIENT_ERROR, DEADLINE_EXCEEDED, and codes this version does not publish.
  internalError: 'transient',
  // OAUTH_TOKEN_REVOKED, OAUTH_TOKEN_DISABLED, GOOGLE_ACCOUNT_DELETED, TWO_STEP_VERIFICATION_NOT_ENROLLED …
  authenticationError: 'auth_lost',
  // CUSTOMER_NOT_ENABLED, USER_PERMISSION_DENIED, CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION, suspended accounts …
  authorizationError: 'auth_lost',
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
    const error = errorIn(answer)
    if (error !== undefined) return classed(error, statusOf(error, response), response, nowMs)
    if (response.status >= 300) return bare(response.status, '', response, nowMs)
    // A 2xx that cannot be read says that something was done, not what.
    if (answer.is !== 'json') return { is: 'transient', detail: 'a success without a readable body' }
    const partial = at(answer.body, 'partialFailureError')
    return partial === undefined
      ? { is: 'ok', body: answer.body }
      : partlyFailed(partial, answer.body, response, nowMs)
  },

  // Google Ads sends no usage headers.
  usedShare: () => undefined,
}

/** searchStream answers with a list of chunks, and its errors come in such a list too, even after good chunks. */
function errorIn(answer: Parsed): unknown {
  if (answer.is !== 'json') return undefined
  const chunks = Array.isArray(answer.body) ? answer.body : [answer.body]
  return chunks.map((chunk) => at(chunk, 'error')).find((error) => error !== undefined)
}

/**
 * The names of the errors in an answer, `kind.VALUE`, for whoever has to tell apart what {@link googleAds} classes alike.
 */
export function googleAdsErrors(response: HttpResponse): readonly string[] {
  const details = listAt(errorIn(parsed(response)), 'details')
  return details
    .flatMap((detail) => listAt(detail, 'errors'))
    .map((each) => `${codeOf(each).kind}.${codeOf(each).value}`)
}

/** The HTTP status, or the one an error inside a 200 names; one that names none may be anything. */
const statusOf = (error: unknown, { status }: HttpResponse): number =>
  status >= 300 ? status : (numberAt(error, 'code') ?? 500)

/** Slots of failed operations are empty objects; any other slot was applied, so the whole is neither done nor undone. */
function partlyFailed(error: unknown, body: unknown, response: HttpResponse, nowMs: number): Answer {
  const slots = [...listAt(body, 'results'), ...listAt(body, 'mutateOperationResponses')]
  const isApplied = slots.some((slot) => Object.keys(Object(slot)).length > 0)
  const answer = classed(error, 400, response, nowMs)
  if (!isApplied || answer.is === 'ok') return answer
  return { is: 'transient', detail: detailOf(`applied in part, then ${answer.detail}`) }
}

/** An answer without Google's error details: from the front end, or a proxy on the way. */
function bare(status: number, words: string, { headers }: HttpResponse, nowMs: number): Answer {
  const detail = detailOf(`HTTP ${status} ${words}`)
  if (status === 401) return { is: 'auth_expired', detail }
  if (status === 403) return { is: 'auth_lost', detail }
  if (status === 429) {
    const waitMs = longestWaitMs([retryAfterMs(headers, nowMs)]) ?? USUAL_WAIT_MS
    return { is: 'throttled', detail, retryAfterMs: waitMs }
  }
  return { is: status >= 500 ? 'transient' : 'refused', detail }
}

function classed(error: unknown, status: number, response: HttpResponse, nowMs: number): Answer {
  const errors = listAt(error, 'details').flatMap((detail) => listAt(detail, 'errors'))
  const message = textAt(error, 'message') ?? ''
  if (errors.length === 0) {
    return bare(status, [textAt(error, 'status') ?? '', message].join(' '), response, nowMs)
  }
  const classes = errors.map((each) => classOf(each, status))
  const is = GRAVITY.find((grave) => classes.includes(grave)) ?? 'refused'
  const names = [...new Set(errors.map(nameOf))]
  const detail = detailOf(`${names.join(', ')}: ${textAt(errors[0], 'message') ?? message}`)
  const waitMs = longestWaitMs([...errors.map(retryDelayMs), retryAfterMs(response.headers, nowMs)])
  switch (is) {
    case 'throttled':
      return { is, detail, retryAfterMs: waitMs ?? USUAL_WAIT_MS }
    case 'throttled_for_the_day':
      return { is: 'throttled', detail, retryAfterMs: waitMs ?? DAILY_WAIT_MS }
    default:
      return { is, detail }
  }
}

/** `errorCode` has one key, which names the kind: `{"quotaError": "RESOURCE_EXHAUSTED"}`. */
function codeOf(error: unknown): { readonly kind: string; readonly value: string } {
  const [kind = 'unknownError', value = 'UNKNOWN'] = Object.entries(Object(at(error, 'errorCode')))[0] ?? []
  return { kind, value: String(value) }
}

function classOf(error: unknown, status: number): Class {
  const { kind, value } = codeOf(error)
  const known = CLASS_OF[`${kind}.${value}`] ?? CLASS_OF_KIND[kind]
  return known ?? (status >= 500 ? 'transient' : 'refused')
}

/** With whom a quota belongs to: `ACCOUNT` is this customer's, `DEVELOPER` the whole Cloud project's. */
function nameOf(error: unknown): string {
  const scope = textAt(error, 'details', 'quotaErrorDetails', 'rateScope')
  return scope === undefined ? codeOf(error).value : `${codeOf(error).value} (${scope})`
}

/** `retryDelay` is a protobuf duration such as "30s" or "1.5s". */
function retryDelayMs(error: unknown): number | undefined {
  const text = textAt(error, 'details', 'quotaErrorDetails', 'retryDelay') ?? ''
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text)?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

declare const unit: unique symbol
/** Micros as Google writes them: an int64 in a string, a multiple of the currency's billable unit. */
export type GoogleMicros = string & { readonly [unit]: 'google_micros' }

/**
 * Rounds down to the currency's smallest billable unit, which Google demands of every bid and budget. Taken as the
 * minor unit of ISO 4217 and never finer than a hundredth.
 */
export function toGoogleMicros(amount: Micros, currency: string): GoogleMicros {
  const billable = 10 ** (6 - Math.min(2, minorDigits(currency)))
  return String(Math.floor(amount / billable) * billable) as GoogleMicros
}
