import { randomUUID } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import { DAY_MS } from '../days.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { Call, JsonObject, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson, Refusal } from '../protocol.ts'
import { isAmount, isCurrency, isHashed, isText, objectIn } from './checks.ts'
import { type EventTaker, newTaker } from './taker.ts'
import { createTally } from './tally.ts'

export interface GoogleConversionAccount {
  readonly customerId: string
  /** Ids of its conversion actions. */
  readonly actions: readonly string[]
}

interface Violation {
  readonly field: string
  readonly reason: string
}

/** Errors of an exhausted quota, and the limit that each names. */
const QUOTAS: Readonly<Record<string, string>> = {
  quota_minute: 'IngestionRequestsPerMinutePerProject',
  quota_day: 'IngestionRequestsPerDayPerProject',
}
/** Errors without a reason of this API's own, by HTTP status. */
const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}
/** Reasons of an INVALID_ARGUMENT. */
const REASONS = new Set([
  'INVALID_SHA256_FORMAT',
  'INVALID_HEX_ENCODING',
  'REQUIRED_FIELD_MISSING',
  'INVALID_CURRENCY_CODE',
  'INVALID_CONVERSION_ACTION_ID',
  'INVALID_CONVERSION_ACTION_TYPE',
  'NO_IDENTIFIERS_PROVIDED',
  'TOO_MANY_EVENTS',
  'EVENT_TIME_INVALID',
  'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
  'OPERATING_ACCOUNT_MISMATCH',
])
export const isDataManagerErrorName = (name: string): boolean =>
  Object.hasOwn(QUOTAS, name) || Object.hasOwn(STATUSES, name) || REASONS.has(name)

const info = (reason: string, metadata?: JsonObject) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'datamanager.googleapis.com',
  ...(metadata && { metadata }),
})

function rpcError(
  http: number,
  status: string,
  message: string,
  details: readonly unknown[] = [],
): SandboxReply {
  return { status: http, body: { error: { code: http, message, status, details } } }
}

function errorOf(name: string): SandboxReply {
  const quota = QUOTAS[name]
  if (quota !== undefined)
    return rpcError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [
      info('RATE_LIMIT_EXCEEDED', { quota_limit: quota }),
    ])
  const http = STATUSES[name]
  if (http !== undefined) return rpcError(http, name, name.toLowerCase().replaceAll('_', ' '))
  return rpcError(400, 'INVALID_ARGUMENT', 'There was a problem with the request.', [info(name)])
}

function refuse(reason: string): never {
  throw new Refusal(errorOf(reason))
}

const SOURCES = new Set(['WEB', 'APP', 'IN_STORE', 'PHONE', 'MESSAGE', 'OTHER'])
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
/** The most events of one call. */
const MAX_EVENTS = 2_000
const CALLS_PER_MINUTE = 300
/** The most calls whose status is remembered. */
const MAX_REQUESTS = 10_000
/** Conversions are counted up to this age, in milliseconds. */
const MAX_AGE_MS = 90 * DAY_MS

interface Accepted {
  readonly doneMs: number
  readonly records: number
  readonly errors: readonly { readonly reason: string; readonly recordCount: string }[]
}

/**
 * Google's Data Manager API. One bad field fails the whole call. A good call is processed later, and its status says
 * only how many events failed for which reason.
 * @param processMs how long processing takes, in milliseconds
 */
export function createDataManager(
  clock: Clock,
  oauth: GoogleOauth,
  { customerId, actions }: GoogleConversionAccount,
  processMs: number,
): EventTaker {
  const tally = createTally(Number.POSITIVE_INFINITY)
  const accepted = new Map<string, Accepted>()
  let calls: number[] = []
  const taker: EventTaker = { ...newTaker(), tally, handle, errorNamed: errorOf }

  function handle({ method, path, query, headers, body }: Call): SandboxReply {
    const problem = oauth.problemOf(bearerToken(headers) ?? '')
    if (problem !== undefined || taker.isRevoked) return errorOf('UNAUTHENTICATED')
    if (method === 'GET' && path === '/v1/requestStatus:retrieve')
      return statusOf(query.get('requestId') ?? '')
    if (method !== 'POST' || path !== '/v1/events:ingest') return errorOf('NOT_FOUND')
    const nowMs = clock.elapsedMs()
    calls = calls.filter((atMs) => nowMs - atMs < 60_000)
    if (calls.length >= CALLS_PER_MINUTE) return errorOf('quota_minute')
    calls.push(nowMs)
    return ingested(objectIn(parseJson(body)))
  }

  function ingested({ destinations, events, encoding, validateOnly }: JsonObject): SandboxReply {
    if (!Array.isArray(destinations) || destinations.length === 0 || destinations.length > 10)
      return errorOf('REQUIRED_FIELD_MISSING')
    const action = actionOf({ customerId, actions }, destinations[0])
    if (!Array.isArray(events) || events.length === 0) return errorOf('REQUIRED_FIELD_MISSING')
    if (events.length > MAX_EVENTS) return errorOf('TOO_MANY_EVENTS')
    const violations = events.flatMap((event, index) => violationsOf(event, index, encoding))
    const wanted = events.map((event) => taker.refusals.of(objectIn(event)['transactionId']))
    const isRefused = violations.length > 0 || wanted.some((each) => each !== undefined)
    if (isRefused) {
      tally.refused()
      const named = wanted.flatMap((each, index) =>
        each?.isNamed ? [{ field: `events.events[${index}].transaction_id`, reason: 'INVALID_EVENT' }] : [],
      )
      return violated([...violations, ...named])
    }
    const requestId = randomUUID()
    if (validateOnly === true) return { status: 200, body: { requestId } }
    accepted.set(requestId, processed(events, action))
    const [oldest] = accepted.size > MAX_REQUESTS ? accepted.keys() : []
    if (oldest !== undefined) accepted.delete(oldest)
    return { status: 200, body: { requestId } }
  }

  /** Counts the events now, since nobody is told the result before `processMs` are over. */
  function processed(events: readonly JsonObject[], action: string): Accepted {
    const nowMs = clock.nowMs()
    const errors = new Map<string, number>()
    for (const event of events) {
      const isOld = nowMs - Date.parse(String(event['eventTimestamp'])) > MAX_AGE_MS
      const isDenied = objectIn(event['consent'])['adUserData'] === 'CONSENT_DENIED'
      const reason = isOld ? 'EVENT_TOO_OLD' : isDenied ? 'DENIED_CONSENT' : undefined
      if (reason === undefined) tally.take(`${action} ${event['transactionId']}`, event, nowMs)
      else errors.set(reason, (errors.get(reason) ?? 0) + 1)
    }
    tally.called(events.length)
    return {
      doneMs: nowMs + processMs,
      records: events.length,
      errors: [...errors].map(([reason, count]) => ({ reason, recordCount: String(count) })),
    }
  }

  function statusOf(requestId: string): SandboxReply {
    const found = accepted.get(requestId)
    if (!found) return errorOf('NOT_FOUND')
    if (clock.nowMs() < found.doneMs)
      return { status: 200, body: { requestStatusPerDestination: [{ requestStatus: 'PROCESSING' }] } }
    const lost = found.errors.reduce((sum, { recordCount }) => sum + Number(recordCount), 0)
    const requestStatus = lost === 0 ? 'SUCCESS' : lost === found.records ? 'FAILED' : 'PARTIAL_SUCCESS'
    const one = {
      requestStatus,
      ...(lost > 0 && { errorInfo: { errorCounts: found.errors } }),
      eventsIngestionStatus: { recordCount: String(found.records) },
    }
    return { status: 200, body: { requestStatusPerDestination: [one] } }
  }

  return taker
}

function violated(violations: readonly Violation[]): SandboxReply {
  const [first] = violations
  const details = [
    info(first?.reason ?? 'INVALID_EVENT'),
    ...(first
      ? [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: violations.slice(0, 100).map((each) => ({ ...each, description: 'Not valid' })),
          },
        ]
      : []),
  ]
  return rpcError(400, 'INVALID_ARGUMENT', 'There was a problem with the request.', details)
}

function violationsOf(event: unknown, index: number, encoding: unknown): Violation[] {
  const at = (field: string, reason: string) => ({ field: `events.events[${index}].${field}`, reason })
  if (!isObject(event)) return [at('event', 'REQUIRED_FIELD_MISSING')]
  const { transactionId, eventTimestamp, eventSource, currency, conversionValue, userData, adIdentifiers } =
    event
  const people: unknown = objectIn(userData)['userIdentifiers'] ?? []
  const list = Array.isArray(people) ? people.map(objectIn) : []
  const hasClick = ['gclid', 'gbraid', 'wbraid'].some((name) => isText(objectIn(adIdentifiers)[name]))
  const isRestated = conversionValue === 0 && list.length === 0
  return [
    ...(isText(transactionId) ? [] : [at('transaction_id', 'REQUIRED_FIELD_MISSING')]),
    ...(TIME.test(String(eventTimestamp)) ? [] : [at('event_timestamp', 'EVENT_TIME_INVALID')]),
    ...(SOURCES.has(String(eventSource)) ? [] : [at('event_source', 'REQUIRED_FIELD_MISSING')]),
    ...(currency === undefined || isCurrency(currency) ? [] : [at('currency', 'INVALID_CURRENCY_CODE')]),
    ...(conversionValue === undefined || isAmount(conversionValue)
      ? []
      : [at('conversion_value', 'REQUIRED_FIELD_MISSING')]),
    ...(list.length <= 10
      ? list.flatMap((each) => personViolations(each, at))
      : [at('user_data', 'TOO_MANY_EVENTS')]),
    ...(list.length > 0 && encoding !== 'HEX' ? [at('encoding', 'INVALID_HEX_ENCODING')] : []),
    ...(list.length > 0 || hasClick || isRestated ? [] : [at('user_data', 'NO_IDENTIFIERS_PROVIDED')]),
  ]
}

function personViolations(
  { emailAddress, phoneNumber, address }: JsonObject,
  at: (field: string, reason: string) => Violation,
): Violation[] {
  const place = 'user_data.user_identifiers'
  const plain = emailAddress ?? phoneNumber
  if (address === undefined) return isHashed(plain) ? [] : [at(place, 'INVALID_SHA256_FORMAT')]
  const { givenName, familyName, regionCode, postalCode } = objectIn(address)
  if (!isHashed(givenName) || !isHashed(familyName)) return [at(`${place}.address`, 'INVALID_SHA256_FORMAT')]
  const isWhole = /^[A-Z]{2}$/.test(String(regionCode)) && isText(postalCode)
  return isWhole ? [] : [at(`${place}.address`, 'REQUIRED_FIELD_MISSING')]
}

/** The conversion action of a destination; refuses one of another account. */
function actionOf({ customerId, actions }: GoogleConversionAccount, destination: unknown): string {
  const { operatingAccount, productDestinationId } = objectIn(destination)
  const { accountType, accountId } = objectIn(operatingAccount)
  if (accountType !== 'GOOGLE_ADS' || accountId !== customerId) refuse('OPERATING_ACCOUNT_MISMATCH')
  if (!isText(productDestinationId) || !actions.includes(productDestinationId))
    return refuse('INVALID_CONVERSION_ACTION_ID')
  return productDestinationId
}
