import type { Conversion } from '../connectors/index.ts'
import type { CanonicalEvent, EventFault } from './canonical-event.ts'
import type { PlatformRoom } from './conversions.ts'
import { type Mapping, mapEvent } from './mappings.ts'
import type { Personal } from './sealed.ts'

/** The part of an event that is stored in the open, because it is about nobody in particular. */
export interface OpenData {
  readonly custom_data?: Omit<NonNullable<CanonicalEvent['custom_data']>, 'search_string'>
  readonly consent?: NonNullable<CanonicalEvent['consent']>
}

export interface StoredEvent {
  readonly event_id: string
  readonly event_name: string
  readonly event_time_ms: number
  readonly action_source: string
}

export function openDataOf({ custom_data, consent }: CanonicalEvent): OpenData {
  const { search_string: _, ...open } = custom_data ?? {}
  return { ...(custom_data && { custom_data: open }), ...(consent && { consent }) }
}

/** Identifiers by the platform's own rules; none where the person has not consented to their use. */
export function personalOf(
  event: CanonicalEvent,
  { connector }: PlatformRoom,
  region: string | undefined,
): Personal {
  const isDenied = event.consent?.ad_user_data === 'denied'
  return {
    identifiers: isDenied ? {} : connector.identifiers(event.user_data ?? {}, region),
    url: event.event_source_url,
    search: isDenied ? undefined : event.custom_data?.search_string,
  }
}

/** The event as a platform gets it. */
export function conversionOf(
  event: StoredEvent,
  data: OpenData,
  personal: Personal,
  room: PlatformRoom,
  mapping: Mapping,
): Conversion {
  const { platformEvent, parameters } = mapEvent(mapping, room, event.event_name)
  return {
    eventId: event.event_id,
    eventName: event.event_name,
    platformEvent,
    parameters,
    eventTimeMs: event.event_time_ms,
    actionSource: event.action_source,
    eventSourceUrl: personal.url,
    customData: {
      ...data.custom_data,
      ...(personal.search !== undefined && { search_string: personal.search }),
    },
    consent: data.consent,
    identifiers: personal.identifiers,
  }
}

const DAY_MS = 86_400_000

/** Why the platform would not take an event because of its time. */
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

/** Why the platform would refuse an event, found here. */
export const faultOf = (room: PlatformRoom, conversion: Conversion, nowMs: number): EventFault | undefined =>
  faultOfTime(room, conversion, nowMs) ?? room.connector.faultOf(conversion)
