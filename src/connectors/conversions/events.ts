import type { AppData, Consent, ContentItem, Conversion, Identifiers } from './conversion-connector.ts'

export const DAY_MS = 86_400_000

/** Unix time in whole seconds, as most platforms want it. */
export const seconds = (timeMs: number): number => Math.floor(timeMs / 1000)

/** Whether nothing about the person may leave. */
export const isPersonalDataDenied = (consent: Consent | undefined): boolean =>
  consent?.ad_user_data === 'denied'

/** Whether the platform may use the event in a limited way only; undefined where nobody was asked. */
export function isLimited(consent: Consent | undefined): boolean | undefined {
  const choices = [consent?.ad_user_data, consent?.ad_personalization]
  if (choices.includes('denied')) return true
  return choices.includes('granted') ? false : undefined
}

/** What may be sent about the person: nothing where that was denied, whatever is kept. */
export const identifiersOf = ({ consent, identifiers }: Conversion): Identifiers =>
  isPersonalDataDenied(consent) ? {} : identifiers

/**
 * Address of the page. Where nothing about the person may leave, only the site is named: ids, names and what forms ask for are in paths as
 * well as in queries.
 */
export function pageOf({ consent, eventSourceUrl }: Conversion): string | undefined {
  if (eventSourceUrl === undefined || !isPersonalDataDenied(consent)) return eventSourceUrl
  return URL.parse(eventSourceUrl)?.origin
}

/** What may be sent about the person's device. */
export const appDataOf = ({ consent, appData }: Conversion): AppData | undefined =>
  isPersonalDataDenied(consent) ? undefined : appData

/**
 * The id by which a platform leaves out what it has seen. Events of two kinds may have one name there, as `lead` and `sign_up` have at
 * Snapchat: with a shared id one of them would be left out. So all but one of a name get their own name before the id; that one keeps the
 * id, which the platform's code on the page sends as well.
 */
export const dedupIdOf = ({ isNameShared, eventName, eventId }: Conversion): string =>
  isNameShared ? `${eventName}:${eventId}` : eventId

/** What may be worth something about the customer rather than the order: nothing where consent was denied. */
export const predictedLtvOf = ({ consent, customData }: Conversion): number | undefined =>
  isPersonalDataDenied(consent) ? undefined : customData.predicted_ltv

/** Pieces of an order; an item without a quantity is one piece. */
export const itemCount = (contents: readonly ContentItem[]): number =>
  contents.reduce((sum, { quantity = 1 }) => sum + quantity, 0)

/** One object of all members that are not undefined: whoever stores or compares it sees what is sent. */
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

/** 0 to 10: the sum of the weights of what is known about the person, to one decimal. */
export function qualityOf(identifiers: Identifiers, weights: Readonly<Record<string, number>>): number {
  const sum = Object.entries(weights).reduce(
    (total, [name, weight]) => (identifiers[name] === undefined ? total : total + weight),
    0,
  )
  return Math.min(10, Math.round(sum * 10) / 10)
}
