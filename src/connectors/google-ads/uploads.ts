import type { HttpRequest } from '../../http/http.ts'
import { isoTime } from '../../time/clock.ts'
import {
  type Consent,
  type Conversion,
  type ConversionTarget,
  type Identifiers,
  identifiersOf,
  present,
} from '../conversions/index.ts'
import {
  type Adjustment,
  actionOf,
  adjustmentOf,
  type GoogleConversionCredentials,
  transactionIdOf,
  variablesOf,
} from './conversion-credentials.ts'
import { clickOf, hasAddress } from './conversion-identifiers.ts'

const ENVIRONMENTS: Readonly<Record<string, string>> = { website: 'WEB', app: 'APP' }

/**
 * `uploadClickConversions`, or `uploadConversionAdjustments` for events that change earlier ones. All events of a call
 * are of one kind.
 */
export function upload(
  { baseUrl, version }: ConversionTarget,
  credentials: GoogleConversionCredentials,
  batch: readonly Conversion[],
  headers: HttpRequest['headers'],
): HttpRequest {
  const customer = `customers/${credentials.customer_id}`
  const [first] = batch
  const isAdjustment = first !== undefined && adjustmentOf(first) !== undefined
  const body = isAdjustment
    ? {
        conversionAdjustments: batch.map((each) => adjusted(each, credentials, customer)),
        partialFailure: true,
      }
    : { conversions: batch.map((each) => clicked(each, credentials, customer)), partialFailure: true }
  return {
    method: 'POST',
    url: `${baseUrl}/${version}/${customer}:${isAdjustment ? 'uploadConversionAdjustments' : 'uploadClickConversions'}`,
    headers,
    body: JSON.stringify(body),
  }
}

/** A time in the form of Google Ads, with a UTC offset. */
const timeOf = (timeMs: number): string => `${isoTime(timeMs).slice(0, 19).replace('T', ' ')}+00:00`

function clicked(
  conversion: Conversion,
  credentials: GoogleConversionCredentials,
  customer: string,
): Record<string, unknown> {
  const { customData, eventTimeMs, actionSource, consent } = conversion
  const known = identifiersOf(conversion)
  const people = peopleOf(known)
  const variables = variablesOf(conversion).map(([id, value]) => ({
    conversionCustomVariable: `${customer}/conversionCustomVariables/${id}`,
    value,
  }))
  return present({
    conversionAction: `${customer}/conversionActions/${actionOf(conversion, credentials)}`,
    conversionDateTime: timeOf(eventTimeMs),
    ...clickOf(conversion),
    orderId: transactionIdOf(conversion),
    conversionValue: customData.value,
    currencyCode: customData.currency?.toUpperCase(),
    conversionEnvironment: ENVIRONMENTS[actionSource],
    userIpAddress: known['ipAddress'],
    userIdentifiers: people.length > 0 ? people : undefined,
    cartData: cartOf(conversion, credentials),
    customVariables: variables.length > 0 ? variables : undefined,
    consent: consentOf(consent),
  })
}

function adjusted(
  conversion: Conversion,
  credentials: GoogleConversionCredentials,
  customer: string,
): Record<string, unknown> {
  const { customData, eventTimeMs } = conversion
  const adjustmentType: Adjustment = adjustmentOf(conversion) ?? 'ENHANCEMENT'
  const known = identifiersOf(conversion)
  const people = [...peopleOf(known), ...addressOf(known)]
  const { value, currency } = customData
  return present({
    adjustmentType,
    conversionAction: `${customer}/conversionActions/${actionOf(conversion, credentials)}`,
    orderId: transactionIdOf(conversion),
    adjustmentDateTime: timeOf(eventTimeMs),
    ...(adjustmentType === 'ENHANCEMENT' && {
      userAgent: known['userAgent'],
      userIdentifiers: people.length > 0 ? people : undefined,
    }),
    // Google refuses a retraction with a value.
    restatementValue:
      adjustmentType === 'RETRACTION' || value === undefined
        ? undefined
        : present({ adjustedValue: value, currencyCode: currency?.toUpperCase() }),
  })
}

const FIRST_PARTY = { userIdentifierSource: 'FIRST_PARTY' }

/**
 * Only these two may accompany a click: Google does not match addresses there, and refuses the click with any other
 * identifier.
 */
function peopleOf({ email, phone }: Identifiers): Record<string, unknown>[] {
  return [
    ...(email === undefined ? [] : [{ ...FIRST_PARTY, hashedEmail: email }]),
    ...(phone === undefined ? [] : [{ ...FIRST_PARTY, hashedPhoneNumber: phone }]),
  ]
}

function addressOf(known: Identifiers): Record<string, unknown>[] {
  if (!hasAddress(known)) return []
  const { givenName, familyName, city, state, postalCode, regionCode } = known
  const names = { hashedFirstName: givenName, hashedLastName: familyName }
  const addressInfo = present({ ...names, city, state, postalCode, countryCode: regionCode })
  return [{ ...FIRST_PARTY, addressInfo }]
}

function consentOf(consent: Consent | undefined) {
  if (consent === undefined) return undefined
  return present({
    adUserData: consent.ad_user_data?.toUpperCase(),
    adPersonalization: consent.ad_personalization?.toUpperCase(),
  })
}

function cartOf({ customData }: Conversion, credentials: GoogleConversionCredentials) {
  const { merchant_id, merchant_feed_label, merchant_feed_language_code } = credentials
  if (merchant_id === undefined || customData.contents === undefined) return undefined
  return present({
    merchantId: merchant_id,
    feedCountryCode: merchant_feed_label,
    feedLanguageCode: merchant_feed_language_code,
    items: customData.contents.map(({ id, quantity = 1, item_price }) =>
      present({ productId: id, quantity, unitPrice: item_price }),
    ),
  })
}
