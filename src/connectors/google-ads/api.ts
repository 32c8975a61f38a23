import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import { durationMs } from '../google/rpc.ts'
import type { Answer, Protocol } from '../platform/answer.ts'
import type { ApiFacts } from '../platform/api-facts.ts'
import { detailOf } from '../platform/detail.ts'
import { at, isWebPage, listAt, numberAt, type Parsed, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

/** A version lives about a year; their ends are in Google's `docs/sunset-dates`. */
export const GOOGLE_ADS_API = {
  url: 'https://googleads.googleapis.com',
  version: 'v26',
  versions: [
    { version: 'v15', endsOn: '2024-09-25' },
    { version: 'v20', endsOn: '2026-06-10' },
    { version: 'v22', endsOn: '2026-10-07' },
    { version: 'v23', endsOn: undefined },
    { version: 'v24', endsOn: undefined },
    { version: 'v25', endsOn: undefined },
    { version: 'v26', endsOn: undefined },
  ],
  rateLimit: { calls: 100, windowMs: 60_000 },
} as const satisfies ApiFacts

/** Wait after a refusal without `retryDelay`, in milliseconds. */
const USUAL_WAIT_MS = 30_000
/** Wait after a daily quota is used up, in milliseconds. The quota is free again with the next day; one call an hour does no harm. */
const DAILY_WAIT_MS = 3_600_000

type Class = Exclude<Answer['is'], 'ok'> | 'throttled_for_the_day'

/** Class by kind and value of `errorCode`, for values that differ from their kind. */
const CLASS_OF: Readonly<Record<string, Class>> = {
  'quotaError.RESOURCE_TEMPORARILY_EXHAUSTED': 'throttled',
  'quotaError.EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION': 'throttled',
  'quotaError.RESOURCE_EXHAUSTED': 'throttled_for_the_day',
  'quotaError.EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION': 'throttled_for_the_day',
  // Two writers met and this one lost; nothing was applied.
  'databaseError.CONCURRENT_MODIFICATION': 'not_applied',
  'authenticationError.OAUTH_TOKEN_EXPIRED': 'auth_expired',
  'authenticationError.OAUTH_TOKEN_INVALID': 'auth_expired',
}

/**
 * Class by kind, for all other values. Kinds that are not here (bids too big or small, budgets below the minimum,
 * unknown fields, missing entities …) are refusals that repeating will not change.
 */
const CLASS_OF_KIND: Readonly<Record<string, Class>> = {
  // INTERNAL_ERROR, TRANSIENT_ERROR, DEADLINE_EXCEEDED, and codes that this version does not publish.
  internalError: 'transient',
  // OAUTH_TOKEN_REVOKED, OAUTH_TOKEN_DISABLED, GOOGLE_ACCOUNT_DELETED, TWO_STEP_VERIFICATION_NOT_ENROLLED …
  authenticationError: 'auth_lost',
  // CUSTOMER_NOT_ENABLED, USER_PERMISSION_DENIED, suspended accounts: usually about one customer.
  authorizationError: 'forbidden',
}

/** Gravest first: an answer with several errors gets the class that says least about what was done. */
const GRAVITY: readonly Class[] = [
  'transient',
  'auth_lost',
  'forbidden',
  'auth_expired',
  'throttled_for_the_day',
  'throttled',
  'not_applied',
  'refused',
]

/** The Google Ads API over REST. */
export const googleAds: Protocol = {
  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
  }),

  read(response, nowMs) {
    const answer = parsed(response)
    const error = errorIn(answer)
    if (error !== undefined) return classed(error, statusOf(error, response), response, nowMs)
    if (response.status >= 300) return bare(response.status, undefined, response, nowMs)
    // A 2xx that cannot be read says that something was done, but not what.
    if (answer.is !== 'json') return { is: 'transient', detail: 'a success without a readable body' }
    const partial = at(answer.body, 'partialFailureError')
    return partial == null
      ? { is: 'ok', body: answer.body }
      : partlyFailed(partial, answer.body, response, nowMs)
  },

  // Google Ads sends no usage headers.
  usedShare: () => undefined,
}

/** searchStream answers a list of chunks, and its errors come in such a list too, even after good chunks. */
function errorIn(answer: Parsed): unknown {
  if (answer.is !== 'json') return undefined
  const chunks = Array.isArray(answer.body) ? answer.body : [answer.body]
  return chunks.map((chunk) => at(chunk, 'error')).find((error) => error !== undefined)
}

/** The HTTP status, or the one that an error inside a 200 names; 500 where it names none, since it may be anything. */
const statusOf = (error: unknown, { status }: HttpResponse): number =>
  status >= 300 ? status : (numberAt(error, 'code') ?? 500)

/**
 * Slots of failed operations are empty objects; every other slot was applied. So the whole is neither done nor undone.
 */
function partlyFailed(error: unknown, body: unknown, response: HttpResponse, nowMs: number): Answer {
  const slots = [...listAt(body, 'results'), ...listAt(body, 'mutateOperationResponses')]
  const isApplied = slots.some((slot) => Object.keys(Object(slot)).length > 0)
  const answer = classed(error, 400, response, nowMs)
  if (!isApplied || answer.is === 'ok') return answer
  return { is: 'failed', detail: detailOf(`applied in part, then ${answer.detail}`) }
}

/** Classes an answer without Google's error details: from the front end, or a proxy on the way. */
function bare(status: number, words: string | undefined, response: HttpResponse, nowMs: number): Answer {
  const detail = detailOf(`HTTP ${status} ${words ?? ''}`)
  // Without a message from Google the request did not reach it, so this says nothing about the grant.
  if (status === 401) return { is: isWebPage(response) ? 'not_applied' : 'auth_expired', detail }
  if (status === 403) return { is: words === undefined ? 'not_applied' : 'forbidden', detail }
  if (status === 429) {
    const waitMs = longestWaitMs([retryAfterMs(response.headers, nowMs)]) ?? USUAL_WAIT_MS
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
  const gravest = GRAVITY.find((grave) => classes.includes(grave)) ?? 'refused'
  const is = gravest === 'transient' && status < 500 ? 'failed' : gravest
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

/** Kind and value of an error. `errorCode` has one key, the kind: `{"quotaError": "RESOURCE_EXHAUSTED"}`. */
function codeOf(error: unknown): { readonly kind: string; readonly value: string } {
  const [kind = 'unknownError', value = 'UNKNOWN'] = Object.entries(Object(at(error, 'errorCode')))[0] ?? []
  return { kind, value: String(value) }
}

function classOf(error: unknown, status: number): Class {
  const { kind, value } = codeOf(error)
  const known = CLASS_OF[`${kind}.${value}`] ?? CLASS_OF_KIND[kind]
  return known ?? (status >= 500 ? 'transient' : 'refused')
}

/** Name of an error, with the owner of a quota: `ACCOUNT` is this customer's, `DEVELOPER` the whole Cloud project's. */
function nameOf(error: unknown): string {
  const scope = textAt(error, 'details', 'quotaErrorDetails', 'rateScope')
  return scope === undefined ? codeOf(error).value : `${codeOf(error).value} (${scope})`
}

/** The wait that a quota error asks for, in milliseconds. */
export const retryDelayMs = (error: unknown): number | undefined =>
  durationMs(textAt(error, 'details', 'quotaErrorDetails', 'retryDelay'))
