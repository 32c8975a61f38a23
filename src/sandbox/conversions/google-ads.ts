import type { Clock } from '../../time/clock.ts'
import { DAY_MS } from '../days.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { Call, JsonObject, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson } from '../protocol.ts'
import { isAmount, isCurrency, isHashed, isText, objectIn } from './checks.ts'
import type { GoogleConversionAccount } from './data-manager.ts'
import { type EventTaker, newTaker } from './taker.ts'
import { createTally } from './tally.ts'

/** Errors of a whole call: the kind of each and its HTTP status. */
const CALL_ERRORS: Readonly<Record<string, readonly [kind: string, http: number]>> = {
  OAUTH_TOKEN_EXPIRED: ['authenticationError', 401],
  OAUTH_TOKEN_INVALID: ['authenticationError', 401],
  OAUTH_TOKEN_REVOKED: ['authenticationError', 401],
  USER_PERMISSION_DENIED: ['authorizationError', 403],
  CUSTOMER_NOT_ENABLED: ['authorizationError', 403],
  CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: ['authorizationError', 403],
  RESOURCE_EXHAUSTED: ['quotaError', 429],
  RESOURCE_TEMPORARILY_EXHAUSTED: ['quotaError', 429],
  INTERNAL_ERROR: ['internalError', 500],
  TRANSIENT_ERROR: ['internalError', 500],
  REQUIRED_FIELD_MISSING: ['requestError', 400],
}
/** Errors of single rows. As a fault, every row of the call has it. */
const ROW_ERRORS = new Set([
  'TOO_RECENT_EVENT',
  'TOO_RECENT_CONVERSION_ACTION',
  'EXPIRED_EVENT',
  'CLICK_NOT_FOUND',
  'CONVERSION_NOT_FOUND',
  'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE',
  'CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS',
])
export const isUploadErrorName = (name: string): boolean =>
  Object.hasOwn(CALL_ERRORS, name) || ROW_ERRORS.has(name)

const FAILURE = 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure'
const failure = (errors: readonly unknown[]) => [{ '@type': FAILURE, errors, requestId: 'sandboxAds' }]

function callError(name: string): SandboxReply {
  const [kind, code] = CALL_ERRORS[name] ?? (['internalError', 500] as const)
  const details = failure([{ errorCode: { [kind]: name }, message: name.toLowerCase().replaceAll('_', ' ') }])
  return { status: code, body: { error: { code, message: 'Request failed.', status: name, details } } }
}

interface RowError {
  readonly kind: string
  readonly name: string
  /** Place of the row; undefined for an error of the whole call. */
  readonly index: number | undefined
}

function partly(list: string, rows: readonly unknown[], errors: readonly RowError[]): SandboxReply {
  const details = failure(
    errors.map(({ kind, name, index }) => ({
      errorCode: { [kind]: name },
      message: `${name.toLowerCase().replaceAll('_', ' ')}`,
      ...(index !== undefined && {
        location: { fieldPathElements: [{ fieldName: list, index }, { fieldName: 'row' }] },
      }),
    })),
  )
  const failed = new Set(errors.map(({ index }) => index))
  // As at Google, the results of some failed rows are not empty.
  const results = rows.map((row, index) =>
    failed.has(index) && index % 2 === 0 ? {} : { gclid: objectIn(row)['gclid'] },
  )
  const partialFailureError = { code: 3, message: `Multiple errors, at ${list}`, details }
  return { status: 200, body: { ...(errors.length > 0 && { partialFailureError }), results } }
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$/
const timeOf = (value: unknown): number =>
  TIME.test(String(value)) ? Date.parse(String(value).replace(' ', 'T')) : Number.NaN
/** The most rows of one call. */
const MAX_ROWS = 2_000
/** The most adjustments that are remembered. */
const MAX_CHANGES = 100_000

interface Taking {
  readonly clock: Clock
  readonly taker: EventTaker
  readonly account: Pick<GoogleConversionAccount, 'customerId' | 'actions'>
  /** Adjustments that were taken; each is taken once. */
  readonly changes: Set<string>
}

/** The answer for an error that a fault names: of the whole call, or of all its rows. */
function errorNamed(name: string, { body }: Call): SandboxReply {
  if (!ROW_ERRORS.has(name)) return callError(name)
  const { conversions, conversionAdjustments } = objectIn(parseJson(body))
  const [list, rows] = conversions
    ? ['conversions', conversions]
    : ['conversionAdjustments', conversionAdjustments]
  const all = Array.isArray(rows) ? rows : []
  const kind = kindOf(list)
  return partly(
    list,
    all,
    all.map((_, index) => ({ kind, name, index })),
  )
}

/** Uploads of the Google Ads API: each row is taken or fails by itself. */
export function createGoogleAdsConversions(
  clock: Clock,
  oauth: GoogleOauth,
  { customerId, actions }: GoogleConversionAccount,
): EventTaker {
  const tally = createTally(Number.POSITIVE_INFINITY)
  const taker: EventTaker = { ...newTaker(), tally, handle, errorNamed }
  const taking: Taking = { clock, taker, account: { customerId, actions }, changes: new Set() }

  function handle({ method, path, headers, body }: Call): SandboxReply {
    const problem = taker.isRevoked ? 'OAUTH_TOKEN_REVOKED' : oauth.problemOf(bearerToken(headers) ?? '')
    if (problem !== undefined) return callError(problem)
    const asked =
      /^\/v\d+\/customers\/(\d+)(:uploadClickConversions|:uploadConversionAdjustments|\/googleAds:search)$/.exec(
        path,
      )
    if (method !== 'POST' || !asked)
      return { status: 404, body: { error: { code: 404, message: 'Not found', status: 'NOT_FOUND' } } }
    if (asked[1] !== customerId) return callError('USER_PERMISSION_DENIED')
    const sent = objectIn(parseJson(body))
    if (asked[2] === '/googleAds:search') return searched(actions, sent['query'])
    if (sent['partialFailure'] !== true) return callError('REQUIRED_FIELD_MISSING')
    const isAdjustments = asked[2] === ':uploadConversionAdjustments'
    const list = isAdjustments ? 'conversionAdjustments' : 'conversions'
    const rows = sent[list]
    if (!Array.isArray(rows) || rows.length === 0) return callError('REQUIRED_FIELD_MISSING')
    if (rows.length > MAX_ROWS) {
      tally.refused()
      const name = isAdjustments ? 'TOO_MANY_ADJUSTMENTS_IN_REQUEST' : 'TOO_MANY_CONVERSIONS_IN_REQUEST'
      return partly(list, [], [{ kind: kindOf(list), name, index: undefined }])
    }
    return uploaded(list, rows, isAdjustments ? adjusted : clicked)
  }

  function uploaded(
    list: string,
    rows: readonly unknown[],
    take: (taking: Taking, row: JsonObject, twice: ReadonlySet<unknown>) => string | undefined,
  ): SandboxReply {
    const byId = Map.groupBy(rows, (row) => objectIn(row)['orderId'])
    const twice = new Set(
      [...byId].flatMap(([id, { length }]) => (id !== undefined && length > 1 ? [id] : [])),
    )
    const errors = rows.flatMap((row, index): RowError[] => {
      const name = isObject(row) ? take(taking, row, twice) : 'REQUIRED_FIELD_MISSING'
      return name === undefined ? [] : [{ kind: kindOf(list), name, index }]
    })
    tally.called(rows.length - errors.length)
    return partly(list, rows, errors)
  }

  return taker
}

const kindOf = (list: string): string =>
  list === 'conversions' ? 'conversionUploadError' : 'conversionAdjustmentUploadError'

function searched(actions: readonly string[], query: unknown): SandboxReply {
  const id = /conversion_action\.id = (\d+)/.exec(String(query))?.[1]
  const results = id !== undefined && actions.includes(id) ? [{ conversionAction: { id } }] : []
  return { status: 200, body: { ...(results.length > 0 && { results }), fieldMask: 'conversionAction.id' } }
}

/** Takes a conversion. Returns the name of its error if it cannot. */
function clicked(
  { clock, taker, account }: Taking,
  row: JsonObject,
  twice: ReadonlySet<unknown>,
): string | undefined {
  const {
    conversionAction,
    conversionDateTime,
    gclid,
    gbraid,
    wbraid,
    orderId,
    conversionValue,
    currencyCode,
  } = row
  const people: unknown = row['userIdentifiers'] ?? []
  const list = Array.isArray(people) ? people.map(objectIn) : []
  const nowMs = clock.nowMs()
  if (taker.refusals.of(orderId)) return 'ORDER_ID_CONTAINS_PII'
  if (!isAction(account, conversionAction)) return 'NO_CONVERSION_ACTION_FOUND'
  const timeMs = timeOf(conversionDateTime)
  if (Number.isNaN(timeMs)) return 'CONVERSION_PRECEDES_EVENT'
  if (nowMs - timeMs > 90 * DAY_MS) return 'EXPIRED_EVENT'
  if (gbraid !== undefined && wbraid !== undefined) return 'GBRAID_WBRAID_BOTH_SET'
  if (gclid !== undefined && !/^[\w-]+$/.test(String(gclid))) return 'UNPARSEABLE_GCLID'
  if (list.some((each) => each['addressInfo'] !== undefined)) return 'UNSUPPORTED_USER_IDENTIFIER'
  if (list.some((each) => !isHashed(each['hashedEmail'] ?? each['hashedPhoneNumber'])))
    return 'INVALID_USER_IDENTIFIER'
  if (list.length === 0 && (gclid ?? gbraid ?? wbraid) === undefined) return 'CLICK_NOT_FOUND'
  if (conversionValue !== undefined && !(isAmount(conversionValue) && isCurrency(currencyCode)))
    return 'INVALID_CURRENCY_CODE'
  if (isText(orderId) && twice.has(orderId)) return 'DUPLICATE_ORDER_ID'
  const key = isText(orderId)
    ? `${conversionAction} ${orderId}`
    : `${conversionAction} ${gclid ?? gbraid ?? wbraid} ${conversionDateTime}`
  if (taker.tally.take(key, row, nowMs)) return undefined
  return isText(orderId) ? 'ORDER_ID_ALREADY_IN_USE' : 'CLICK_CONVERSION_ALREADY_EXISTS'
}

/** Takes an adjustment of an earlier conversion. Returns the name of its error if it cannot. */
function adjusted(
  { clock, taker, account, changes }: Taking,
  row: JsonObject,
  twice: ReadonlySet<unknown>,
): string | undefined {
  const { adjustmentType, conversionAction, orderId, adjustmentDateTime, restatementValue } = row
  if (!isAction(account, conversionAction)) return 'NO_CONVERSION_ACTION_FOUND'
  if (!isText(orderId)) return 'MISSING_ORDER_ID_FOR_ENHANCEMENT'
  if (twice.has(orderId)) return 'DUPLICATE_ORDER_ID'
  if (taker.refusals.of(orderId)) return 'INVALID_USER_IDENTIFIER'
  if (Number.isNaN(timeOf(adjustmentDateTime))) return 'CONVERSION_PRECEDES_EVENT'
  if (adjustmentType === 'RETRACTION' && restatementValue !== undefined) return 'RESTATEMENT_VALUE_FORBIDDEN'
  if (!taker.tally.knows(`${conversionAction} ${orderId}`, clock.nowMs())) return 'CONVERSION_NOT_FOUND'
  const change = `${adjustmentType} ${conversionAction} ${orderId}`
  if (adjustmentType === 'RESTATEMENT') return undefined
  if (changes.has(change))
    return adjustmentType === 'RETRACTION' ? 'CONVERSION_ALREADY_RETRACTED' : 'CONVERSION_ALREADY_ENHANCED'
  if (changes.size < MAX_CHANGES) changes.add(change)
  return undefined
}

function isAction({ customerId, actions }: Taking['account'], value: unknown): boolean {
  const found = /^customers\/(\d+)\/conversionActions\/(\d+)$/.exec(String(value))
  return found?.[1] === customerId && actions.includes(found[2] ?? '')
}
