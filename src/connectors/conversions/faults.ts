import type { Conversion, ConversionFault, CustomData } from './conversion-connector.ts'
import { isPersonalDataDenied } from './events.ts'

/**
 * The fault of an event that no mapping has a name for.
 * @param platform the platform's name for people
 */
export const unmapped = (platform: string): ConversionFault => ({
  field: 'event_name',
  reason: `no event of ${platform} is mapped to it`,
})

/** The fault of an event without consent, at a platform that requires some personal data. */
export function consentFault(platform: string, { consent }: Conversion): ConversionFault | undefined {
  if (!isPersonalDataDenied(consent)) return undefined
  const reason = `${platform} takes no event without anything about the person`
  return { field: 'consent.ad_user_data', reason }
}

/** Whether the value or its currency is missing. */
export const lacksValue = ({ customData: { value, currency } }: Conversion): boolean =>
  value === undefined || currency === undefined

/**
 * The fault of a value without a currency, or in a currency that the platform does not take.
 * @param currencies undefined if it takes all
 */
export function currencyFault(
  platform: string,
  { value, currency }: CustomData,
  currencies: ReadonlySet<string> | undefined,
): ConversionFault | undefined {
  const field = 'custom_data.currency'
  if (value !== undefined && currency === undefined) return { field, reason: 'a value needs its currency' }
  const isTaken = currency === undefined || (currencies?.has(currency.toUpperCase()) ?? true)
  return isTaken ? undefined : { field, reason: `${platform} does not take this currency` }
}
