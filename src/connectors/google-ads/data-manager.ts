import { DateTime } from 'luxon'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'
import { isoTime } from '../../time/clock.ts'
import {
  type AcceptedCallStatus,
  type BatchAnswer,
  type Consent,
  type Conversion,
  type ConversionTarget,
  type Identifiers,
  identifiersOf,
  present,
  refusedBatch,
  unreadable,
} from '../conversions/index.ts'
import { readGoogleRpc } from '../google/rpc.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, listAt, numberAt, textAt } from '../platform/json.ts'
import { answerAboutTheCall } from './call-answers.ts'
import {
  actionOf,
  adjustmentOf,
  type GoogleConversionCredentials,
  hasOwnAction,
  transactionIdOf,
  variablesOf,
} from './conversion-credentials.ts'
import { clickOf, hasAddress } from './conversion-identifiers.ts'

const SOURCES: Readonly<Record<string, string>> = {
  website: 'WEB',
  app: 'APP',
  physical_store: 'IN_STORE',
  phone_call: 'PHONE',
  chat: 'MESSAGE',
  business_messaging: 'MESSAGE',
}

/** `DataManager.events:ingest`. All events of a call have the same conversion action. */
export function ingest(
  { baseUrl, version }: ConversionTarget,
  credentials: GoogleConversionCredentials,
  batch: readonly Conversion[],
  headers: HttpRequest['headers'],
  isTrial = false,
): HttpRequest {
  const { customer_id, login_customer_id, conversion_action_id } = credentials
  const accountOf = (accountId: string) => ({ accountType: 'GOOGLE_ADS', accountId })
  const [first] = batch
  const destination = present({
    operatingAccount: accountOf(customer_id),
    loginAccount: login_customer_id === undefined ? undefined : accountOf(login_customer_id),
    productDestinationId: first ? actionOf(first, credentials) : conversion_action_id,
  })
  const events = batch.map((conversion) => eventOf(conversion, credentials))
  const body = {
    destinations: [destination],
    events,
    encoding: 'HEX',
    ...(isTrial && { validateOnly: true }),
  }
  return {
    method: 'POST',
    url: `${baseUrl}/${version}/events:ingest`,
    headers,
    body: JSON.stringify(body),
  }
}

function eventOf(conversion: Conversion, credentials: GoogleConversionCredentials): Record<string, unknown> {
  const { actionSource, customData, eventTimeMs } = conversion
  const known = identifiersOf(conversion)
  const people = peopleOf(known)
  const click = clickOf(conversion)
  const device = present({ userAgent: known['userAgent'], ipAddress: known['ipAddress'] })
  const variables = variablesOf(conversion).map(([variable, value]) => ({ variable, value }))
  const isRetraction = adjustmentOf(conversion) === 'RETRACTION'
  return present({
    transactionId: transactionIdOf(conversion),
    eventTimestamp: isoTime(eventTimeMs),
    eventSource: SOURCES[actionSource] ?? 'OTHER',
    currency: customData.currency?.toUpperCase(),
    // This API cannot retract a conversion, but it can set its value to 0.
    conversionValue: isRetraction ? 0 : customData.value,
    userData: people.length > 0 ? { userIdentifiers: people } : undefined,
    adIdentifiers: filled(click),
    eventDeviceInfo: filled(device),
    consent: consentOf(conversion.consent),
    cartData: isRetraction ? undefined : cartOf(conversion, credentials),
    customVariables: variables.length > 0 ? variables : undefined,
  })
}

const filled = (object: Identifiers): Identifiers | undefined =>
  Object.keys(object).length > 0 ? object : undefined

function peopleOf(known: Identifiers): Record<string, unknown>[] {
  const { email, phone, givenName, familyName, regionCode, postalCode } = known
  return [
    ...(email === undefined ? [] : [{ emailAddress: email }]),
    ...(phone === undefined ? [] : [{ phoneNumber: phone }]),
    ...(hasAddress(known) ? [{ address: { givenName, familyName, regionCode, postalCode } }] : []),
  ]
}

function consentOf(consent: Consent | undefined) {
  if (consent === undefined) return undefined
  const wordOf = (choice: string | undefined) =>
    choice === undefined ? undefined : `CONSENT_${choice.toUpperCase()}`
  return filled(
    present({
      adUserData: wordOf(consent.ad_user_data),
      adPersonalization: wordOf(consent.ad_personalization),
    }),
  )
}

function cartOf({ customData }: Conversion, credentials: GoogleConversionCredentials) {
  const { merchant_id, merchant_feed_label, merchant_feed_language_code } = credentials
  if (merchant_id === undefined || customData.contents === undefined) return undefined
  return present({
    merchantId: merchant_id,
    merchantFeedLabel: merchant_feed_label,
    merchantFeedLanguageCode: merchant_feed_language_code,
    items: customData.contents.map(({ id, quantity = 1, item_price }) =>
      present({ merchantProductId: id, quantity, unitPrice: item_price }),
    ),
  })
}

/** Errors of the account or the conversion action, which concern every event of the call. */
const OF_THE_ACTION = new Set([
  'INVALID_CONVERSION_ACTION_ID',
  'INVALID_CONVERSION_ACTION_TYPE',
  'INVALID_DESTINATION',
])
const OF_THE_ACCOUNT = new Set([
  'TERMS_AND_CONDITIONS_NOT_SIGNED',
  'DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
  'DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS',
  'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
  'OPERATING_ACCOUNT_MISMATCH',
])

export function readIngest(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const body = jsonBody(response)
  const error = at(body, 'error')
  if (typeof error === 'object' && error !== null) return refusalOf(error, response, batch, nowMs)
  const requestId = textAt(body, 'requestId')
  if (response.status >= 300 || requestId === undefined) return unreadable(response, batch, nowMs)
  const warnings = new Map(
    listAt(body, 'fieldWarnings').map((each) => [indexIn(textAt(each, 'field')), wordsOf(each)]),
  )
  const verdicts = batch.map((_, index) => {
    const note = warnings.get(index)
    return { is: 'acknowledged', ...(note !== undefined && { note }) } as const
  })
  return { is: 'taken', verdicts, requestId }
}

const wordsOf = (violation: unknown): string =>
  detailOf([textAt(violation, 'reason'), textAt(violation, 'description')].filter(Boolean).join(': '))

/** The index in a field path; Google writes `events[0].x` or `events.events[0].x`. */
function indexIn(field: string | undefined): number | undefined {
  const found = /\bevents\[(\d{1,4})\]/.exec(field ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

function refusalOf(
  error: object,
  response: HttpResponse,
  batch: readonly Conversion[],
  nowMs: number,
): BatchAnswer {
  const classed = readGoogleRpc(response, nowMs)
  const details = listAt(error, 'details')
  const violations = details.flatMap((each) => listAt(each, 'fieldViolations'))
  const reasons = [...details, ...violations].flatMap((each) => textAt(each, 'reason') ?? [])
  const code = reasons[0] ?? textAt(error, 'status') ?? `HTTP ${response.status}`
  const [first] = violations
  const said = textAt(error, 'message') ?? ''
  const detail = detailOf(`${code}: ${first === undefined ? said : wordsOf(first)}`)
  if (classed.is === 'throttled' && isOfTheDay(details))
    return { is: 'throttled', detail, retryAfterMs: untilMidnightMs(nowMs), untilReset: true }
  const ofTheCall = answerAboutTheCall(classed, code, detail)
  if (ofTheCall) return ofTheCall
  if (response.status === 404 || reasons.some((reason) => OF_THE_ACCOUNT.has(reason)))
    return { is: 'account_refused', code, detail }
  const isOfTheAction = reasons.some((reason) => OF_THE_ACTION.has(reason))
  if (isOfTheAction && !hasOwnAction(batch[0]?.platformEvent)) return { is: 'account_refused', code, detail }
  return refusedBatch(batch, {
    code,
    detail,
    requestId: textAt(error, 'requestId'),
    // A wrong id in a mapping is a fault of the mapping and must not stop the connection.
    indexes: isOfTheAction
      ? batch.keys()
      : violations.flatMap((each) => indexIn(textAt(each, 'field')) ?? []),
    verdict: { is: 'rejected', code, detail },
    // One invalid field makes the whole call fail before any event is processed.
    processedNothing: true,
  })
}

const isOfTheDay = (details: readonly unknown[]): boolean =>
  details.some((each) => /PerDay/i.test(textAt(each, 'metadata', 'quota_limit') ?? ''))

/** Google's daily quotas begin again at midnight in California. */
function untilMidnightMs(nowMs: number): number {
  const now = DateTime.fromMillis(nowMs, { zone: 'America/Los_Angeles' })
  return now.plus({ days: 1 }).startOf('day').toMillis() - nowMs
}

export const statusRequest = (
  { baseUrl, version }: ConversionTarget,
  requestId: string,
  headers: HttpRequest['headers'],
): HttpRequest => ({
  method: 'GET',
  url: `${baseUrl}/${version}/requestStatus:retrieve?requestId=${encodeURIComponent(requestId)}`,
  headers,
})

/** Reasons of a refusal that mean success: Google had the event already. */
const ALREADY_THERE = new Set(['DUPLICATE_TRANSACTION_ID', 'DUPLICATE_GCLID'])
/** Google's reference says `FAILED`, its guide `FAILURE`. */
const DONE = new Set(['SUCCESS', 'PARTIAL_SUCCESS', 'FAILED', 'FAILURE'])
const UNDER_WAY = new Set(['PROCESSING', 'REQUEST_STATUS_UNKNOWN'])

export function readStatus(response: HttpResponse): AcceptedCallStatus {
  const body = jsonBody(response)
  const [destination] = listAt(body, 'requestStatusPerDestination')
  const status = textAt(destination, 'requestStatus') ?? ''
  if (response.status >= 300 || (!DONE.has(status) && !UNDER_WAY.has(status))) {
    const words = textAt(body, 'error', 'message') ?? 'an answer without a status'
    return { is: 'unavailable', detail: detailOf(`HTTP ${response.status}: ${words}`) }
  }
  if (UNDER_WAY.has(status)) return { is: 'processing' }
  const records = numberAt(destination, 'eventsIngestionStatus', 'recordCount')
  const counted = listAt(destination, 'errorInfo', 'errorCounts').map((each) => ({
    reason: textAt(each, 'reason') ?? 'UNKNOWN',
    count: numberAt(each, 'recordCount') ?? 0,
  }))
  // If Google reports a failure and gives no counts, no event may count as delivered.
  if (records === undefined || (status !== 'SUCCESS' && counted.length === 0))
    return { is: 'unavailable', detail: `${status} without counts` }
  const failed = counted.filter(({ reason }) => !ALREADY_THERE.has(reason))
  const lost = failed.reduce((sum, { count }) => sum + count, 0)
  return { is: 'done', taken: Math.max(0, records - lost), failed }
}
