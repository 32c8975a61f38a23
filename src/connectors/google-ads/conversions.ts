import type { HttpResponse } from '../../http/http.ts'
import {
  type Conversion,
  type ConversionConnector,
  type ConversionFault,
  currencyFault,
  DAY_MS,
  identifiersOf,
  isPersonalDataDenied,
  qualityOf,
} from '../conversions/index.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, listAt, textAt } from '../platform/json.ts'
import { adjustmentOf, GoogleConversionCredentials, hasOwnAction } from './conversion-credentials.ts'
import {
  GOOGLE_WEIGHTS,
  googleIdentifiers,
  googleLeftOut,
  hasAddress,
  hasClickOrContact,
} from './conversion-identifiers.ts'
import { ingest, readIngest, readStatus, statusRequest } from './data-manager.ts'
import { readUpload } from './upload-answers.ts'
import { upload } from './uploads.ts'

/**
 * Names of these events in Google's other products. They are not sent: Google Ads counts by conversion action, which is
 * the connection's own unless a mapping names another by its id.
 */
const EVENTS = {
  purchase: 'purchase',
  add_to_cart: 'add_to_cart',
  lead: 'generate_lead',
  page_view: 'page_view',
  view_content: 'view_item',
  view_list: 'view_item_list',
  sign_up: 'sign_up',
  search: 'search',
  begin_checkout: 'begin_checkout',
  add_payment_info: 'add_payment_info',
  add_to_wishlist: 'add_to_wishlist',
  login: 'login',
  share: 'share',
} as const

function headersOf(
  { developer_token, login_customer_id, api }: GoogleConversionCredentials,
  accessToken: string | undefined,
): Record<string, string> {
  const isAds = api === 'google_ads'
  return {
    authorization: `Bearer ${accessToken ?? ''}`,
    'content-type': 'application/json',
    ...(isAds && developer_token !== undefined && { 'developer-token': developer_token }),
    ...(isAds && login_customer_id !== undefined && { 'login-customer-id': login_customer_id }),
  }
}

const NAMES = new Set<string>(Object.values(EVENTS))

function faultOf(
  conversion: Conversion,
  credentials: GoogleConversionCredentials | undefined,
): ConversionFault | undefined {
  const { platformEvent, parameters, customData, consent } = conversion
  const { value, order_id } = customData
  if (platformEvent === undefined || !(hasOwnAction(platformEvent) || NAMES.has(platformEvent))) {
    const reason = 'a mapping must name the conversion action of Google Ads that counts it, by its id'
    return { field: 'event_name', reason }
  }
  const adjustment = adjustmentOf(conversion)
  if (parameters['adjustment_type'] !== undefined && adjustment === undefined)
    return { field: 'event_name', reason: 'its mapping has an unknown adjustment_type' }
  if (adjustment !== undefined && order_id === undefined)
    return { field: 'custom_data.order_id', reason: 'Google needs it to change an earlier conversion' }
  const withoutCurrency = currencyFault('Google', customData, undefined)
  if (withoutCurrency) return withoutCurrency
  if (adjustment === 'RESTATEMENT' && value === undefined)
    return { field: 'custom_data.value', reason: 'Google needs the new value' }
  if (adjustment === 'RESTATEMENT' || adjustment === 'RETRACTION') return undefined
  if (isPersonalDataDenied(consent))
    return { field: 'consent.ad_user_data', reason: 'Google takes no conversion without a click or a person' }
  return personFaultOf(conversion, adjustment === undefined && credentials?.api === 'google_ads')
}

/** @param isClick whether it is sent to the Google Ads API as a click, without an address */
function personFaultOf(conversion: Conversion, isClick: boolean): ConversionFault | undefined {
  if (hasClickOrContact(conversion) || (!isClick && hasAddress(identifiersOf(conversion)))) return undefined
  const reason = isClick
    ? 'Google Ads needs a click id, an e-mail address or a phone number'
    : 'Google needs a click id, an e-mail address, a phone number, or names with postal code and country'
  return { field: 'user_data', reason }
}

/** The event for testing a connection; Google only validates it. */
const TRIAL: Conversion = {
  eventId: 'connection-test',
  eventName: 'purchase',
  platformEvent: undefined,
  isNameShared: false,
  parameters: {},
  eventTimeMs: Date.UTC(2026, 0, 1),
  actionSource: 'website',
  eventSourceUrl: undefined,
  customData: {},
  consent: undefined,
  identifiers: { gclid: 'connection-test' },
  appData: undefined,
}

/**
 * Whether the answer comes from the Google Ads API. The two APIs have different formats; what both have in common means
 * the same.
 */
function isOfGoogleAds(response: HttpResponse): boolean {
  const body = jsonBody(response)
  const failures = listAt(body, 'error', 'details').flatMap((detail) => listAt(detail, 'errors'))
  return failures.length > 0 || at(body, 'results') !== undefined || at(body, 'partialFailureError') != null
}

export const googleConversions: ConversionConnector<GoogleConversionCredentials> = {
  platform: 'google',
  credentials: GoogleConversionCredentials,
  apis: {
    data_manager: { baseUrl: 'https://datamanager.googleapis.com', version: 'v1' },
    google_ads: { baseUrl: 'https://googleads.googleapis.com', version: 'v26' },
  },
  apiOf: ({ api }) => api,
  // The Data Manager is a separate API with its own quota.
  accountOfBids: ({ api, customer_id }) =>
    api === 'google_ads' ? { platform: 'google_ads', accountId: customer_id } : undefined,
  refresh: ({ client_id, client_secret, refresh_token }) => ({
    clientId: client_id,
    clientSecret: client_secret,
    refreshToken: refresh_token,
  }),
  limits: {
    maxEventsPerCall: 2000,
    startEventsPerCall: 2000,
    eventsPerMinute: 2000,
    // Google publishes no limit; 2,000 events are about half of this.
    maxBodyBytes: 4 * 1024 * 1024,
    // Google publishes no limit; other senders use this one for Meta.
    maxFutureMs: 60_000,
    // Google never forgets a transaction id.
    deduplicationMs: Number.POSITIVE_INFINITY,
  },
  events: EVENTS,
  currencies: undefined,
  // Google publishes no limit; no conversion is counted longer than this after its click.
  maxAgeMs: () => 90 * DAY_MS,
  identifiers: googleIdentifiers,
  leftOut: googleLeftOut,
  faultOf,
  groupOf(conversion) {
    const { platformEvent } = conversion
    const kind = adjustmentOf(conversion) === undefined ? 'conversions' : 'adjustments'
    return `${kind}:${hasOwnAction(platformEvent) ? platformEvent : 'own'}`
  },
  nameFaultOf: (name) =>
    hasOwnAction(name) || NAMES.has(name) ? undefined : 'must be the id of a conversion action of Google Ads',
  matchQuality: (conversion) => qualityOf(identifiersOf(conversion), GOOGLE_WEIGHTS),

  send(target, credentials, batch, accessToken) {
    const call = credentials.api === 'google_ads' ? upload : ingest
    return call(target, credentials, batch, headersOf(credentials, accessToken))
  },
  read: (response, batch, nowMs) =>
    isOfGoogleAds(response) ? readUpload(response, batch, nowMs) : readIngest(response, batch, nowMs),

  test(target, credentials, accessToken) {
    const headers = headersOf(credentials, accessToken)
    if (credentials.api === 'data_manager') return ingest(target, credentials, [TRIAL], headers, true)
    const { customer_id, conversion_action_id } = credentials
    const query = `SELECT conversion_action.id FROM conversion_action WHERE conversion_action.id = ${conversion_action_id}`
    return {
      method: 'POST',
      url: `${target.baseUrl}/${target.version}/customers/${customer_id}/googleAds:search`,
      headers,
      body: JSON.stringify({ query }),
    }
  },
  readTest(response) {
    const body = jsonBody(response)
    const hasFound = textAt(body, 'requestId') !== undefined || listAt(body, 'results').length > 0
    if (response.status < 300 && hasFound)
      return { is: 'works', detail: 'Google knows the conversion action' }
    const words =
      textAt(body, 'error', 'message') ?? (response.status < 300 ? 'there is no such conversion action' : '')
    return { is: 'fails', detail: detailOf(`HTTP ${response.status} ${words}`) }
  },
  later: {
    status: (target, requestId, accessToken) =>
      statusRequest(target, requestId, { authorization: `Bearer ${accessToken ?? ''}` }),
    readStatus,
  },
}
