import type { Consent, ContentItem, Conversion, Identifiers } from './conversion-connector.ts'

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
 * Address of the page. Where nothing about the person may leave it ends before its query, in which ids of clicks and what forms ask for
 * often are.
 */
export const pageOf = ({ consent, eventSourceUrl }: Conversion): string | undefined =>
  isPersonalDataDenied(consent) ? eventSourceUrl?.replace(/[?#].*$/s, '') : eventSourceUrl

/**
 * The id by which a platform leaves out what it has seen. Events of two kinds may have one name there, as `lead` and `sign_up` have at
 * Snapchat: with a shared id one of them would be left out. So all but one of a name get their own name before the id; that one, the
 * first in the platform's table, keeps the id, which the platform's code on the page sends as well.
 */
export function createDedupIds(events: Readonly<Record<string, string>>): (conversion: Conversion) => string {
  const owners = new Map(
    Object.entries(events)
      .reverse()
      .map(([name, event]) => [event, name]),
  )
  return ({ platformEvent = '', eventName, eventId }) => {
    const owner = owners.get(platformEvent)
    return owner === undefined || owner === eventName ? eventId : `${eventName}:${eventId}`
  }
}

/** Pieces of an order; an item without a quantity is one piece. */
export const itemCount = (contents: readonly ContentItem[]): number =>
  contents.reduce((sum, { quantity = 1 }) => sum + quantity, 0)

/** An object without the members that are undefined: whoever stores or compares it sees what is sent. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name]
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
