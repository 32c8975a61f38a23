import type { AppData, Consent, ContentItem, Conversion, Identifiers } from './conversion-connector.ts'

export const DAY_MS = 86_400_000

/** Unix time in whole seconds, as most platforms require it. */
export const seconds = (timeMs: number): number => Math.floor(timeMs / 1000)

/** Whether consent was denied, so that no personal data may be sent. */
export const isPersonalDataDenied = (consent: Consent | undefined): boolean =>
  consent?.ad_user_data === 'denied'

/** Whether the platform may use the event only in a limited way; undefined if the person was not asked. */
export function isLimited(consent: Consent | undefined): boolean | undefined {
  const choices = [consent?.ad_user_data, consent?.ad_personalization]
  if (choices.includes('denied')) return true
  return choices.includes('granted') ? false : undefined
}

/** The identifiers that may be sent: none if consent was denied, even if some are stored. */
export const identifiersOf = ({ consent, identifiers }: Conversion): Identifiers =>
  isPersonalDataDenied(consent) ? {} : identifiers

/**
 * The address of the page. If no personal data may be sent, only its site: paths and queries may contain ids, names and
 * form input.
 */
export function pageOf({ consent, eventSourceUrl }: Conversion): string | undefined {
  if (eventSourceUrl === undefined || !isPersonalDataDenied(consent)) return eventSourceUrl
  return URL.parse(eventSourceUrl)?.origin
}

/** The data about the person's device that may be sent. */
export const appDataOf = ({ consent, appData }: Conversion): AppData | undefined =>
  isPersonalDataDenied(consent) ? undefined : appData

/**
 * The id by which a platform recognises an event that it has seen. At some platforms two kinds of events have the same
 * name, as `lead` and `sign_up` at Snapchat; with the same id, one of them would be dropped. So all kinds of a name but
 * one put their own name before the id. That one keeps the plain id, which the platform's script on the page sends too.
 */
export const dedupIdOf = ({ isNameShared, eventName, eventId }: Conversion): string =>
  isNameShared ? `${eventName}:${eventId}` : eventId

/** The predicted lifetime value, which is about the person rather than the order; undefined if consent was denied. */
export const predictedLtvOf = ({ consent, customData }: Conversion): number | undefined =>
  isPersonalDataDenied(consent) ? undefined : customData.predicted_ltv

/** The number of items of an order; an item without a quantity counts as one. */
export const itemCount = (contents: readonly ContentItem[]): number =>
  contents.reduce((sum, { quantity = 1 }) => sum + quantity, 0)

/** Merges objects and leaves out undefined members, so that what is stored and compared is what is sent. */
export function present(...parts: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const members of parts) {
    for (const name in members) {
      const value = members[name]
      if (value !== undefined) kept[name] = value
    }
  }
  return kept
}

/** 0 to 10: the sum of the weights of the identifiers that are present, to one decimal. */
export function qualityOf(identifiers: Identifiers, weights: Readonly<Record<string, number>>): number {
  const sum = Object.entries(weights).reduce(
    (total, [name, weight]) => (identifiers[name] === undefined ? total : total + weight),
    0,
  )
  return Math.min(10, Math.round(sum * 10) / 10)
}
