import { type Conversion, type LeftOut, type ReadPerson, readPerson } from '../connectors/index.ts'
import type { CanonicalEvent, EventFault } from './canonical-event.ts'
import type { PlatformRoom } from './conversions.ts'
import { type Mapping, mapEvent } from './mappings.ts'
import type { OpenData, StoredEvent } from './open-data.ts'
import { readPage } from './page-address.ts'
import { hasEmail, isPhoneText } from './personal-text.ts'
import type { Personal } from './sealed.ts'

/** The personal data of an event that is sent, and what is left out, with reasons. */
export interface ReadPersonal extends ReadPerson {
  readonly url: string | undefined
  readonly search: string | undefined
}

/** Reads the person of an event for a region. The result is shared by all platforms with the same region. */
export function personOf({
  user_data = {},
  custom_data: { search_string } = {},
  event_source_url,
  consent,
  event_time,
}: CanonicalEvent): (region: string | undefined) => ReadPersonal {
  const { url, leftOut: ofPage } = readPage(event_source_url)
  // Without consent nothing about the person is used, and only the site of the page. So nothing can be left out.
  if (consent?.ad_user_data === 'denied') return () => ({ user: {}, leftOut: [], url, search: undefined })
  const isPersonalSearch =
    search_string !== undefined && (hasEmail(search_string) || isPhoneText(search_string))
  const search = isPersonalSearch ? undefined : search_string
  const elsewhere: LeftOut[] = [
    ...(ofPage === undefined ? [] : [{ field: 'event_source_url', reason: ofPage }]),
    ...(isPersonalSearch ? [{ field: 'custom_data.search_string', reason: PERSONAL_SEARCH }] : []),
  ]
  const known = new Map<string | undefined, ReadPersonal>()
  return (region) => {
    const found = known.get(region)
    if (found) return found
    const { user, leftOut } = readPerson(user_data, region, event_time)
    const person = { user, leftOut: [...leftOut, ...elsewhere], url, search }
    known.set(region, person)
    return person
  }
}

const PERSONAL_SEARCH = 'has an e-mail address or a phone number'

/** The identifiers in the form that the platform requires; none if the person has not consented to their use. */
export function personalOf(
  event: CanonicalEvent,
  { connector }: PlatformRoom,
  { user, url, search }: ReadPersonal,
  region: string | undefined,
): Personal {
  const isDenied = event.consent?.ad_user_data === 'denied'
  return {
    identifiers: isDenied ? {} : connector.identifiers(user, region),
    url,
    search,
    ...(event.app_data && !isDenied && { app: event.app_data }),
  }
}

/** The event in the form that a platform's connector takes. */
export function conversionOf(
  event: StoredEvent,
  data: OpenData,
  personal: Personal,
  room: PlatformRoom,
  mapping: Mapping,
): Conversion {
  const { platformEvent, parameters, isNameShared } = mapEvent(mapping, room, event.event_name)
  return {
    eventId: event.event_id,
    eventName: event.event_name,
    platformEvent,
    parameters,
    isNameShared,
    eventTimeMs: event.event_time_ms,
    actionSource: event.action_source,
    eventSourceUrl: personal.url,
    customData: {
      ...data.custom_data,
      ...(personal.search !== undefined && { search_string: personal.search }),
    },
    consent: data.consent,
    identifiers: personal.identifiers,
    appData: personal.app,
  }
}

const DAY_MS = 86_400_000

/** Why the platform would refuse an event because of its time. */
function faultOfTime(
  { connector }: PlatformRoom,
  conversion: Conversion,
  nowMs: number,
): EventFault | undefined {
  const { platform, limits } = connector
  const ageMs = nowMs - conversion.eventTimeMs
  const mostMs = connector.maxAgeMs(conversion.actionSource)
  if (ageMs > mostMs)
    return {
      field: 'event_time',
      reason: `is older than ${platform} takes: ${Math.floor(mostMs / DAY_MS)} days`,
    }
  if (-ageMs > limits.maxFutureMs)
    return {
      field: 'event_time',
      reason: `is more than ${Math.floor(limits.maxFutureMs / 1_000)} s ahead of this service`,
    }
  return undefined
}

/**
 * Why the platform would refuse an event, as far as that can be known before it is sent.
 * @param credentials of the connection; undefined if no key of this process decrypts them
 */
export const faultOf = (
  room: PlatformRoom,
  conversion: Conversion,
  credentials: unknown,
  nowMs: number,
): EventFault | undefined =>
  faultOfTime(room, conversion, nowMs) ?? room.connector.faultOf(conversion, credentials)
