import { MAX_UNITS, microsFloor } from '../../money.ts'
import { Slices } from '../../time/slices.ts'
import { type CanonicalEvent, type EventFault, idOf, parseEvent } from '../canonical-event.ts'
import { type ConnectionRow, connectionsOf, settingsOf } from '../connections.ts'
import { conversionOf, faultOf, openDataOf, personalOf } from '../conversion-of.ts'
import type { Base, PlatformRoom } from '../conversions.ts'
import { storable } from '../json-rows.ts'
import type { Mapping, Mappings } from '../mappings.ts'
import { sealPersonal } from '../sealed.ts'
import type { EventWriter, NewConversionEvent, NewDelivery, StoredDeliveries } from './event-writer.ts'

export interface DoorDeps
  extends Pick<Base, 'store' | 'clock' | 'keyring' | 'rooms' | 'meter' | 'defaultRegion'> {
  readonly mappings: Mappings
  readonly writer: EventWriter
}

/** A platform that gets nothing of an accepted event, and why. */
export interface RefusedBy extends EventFault {
  readonly platform: string
}

export type EventResult =
  | {
      readonly event_id: string
      readonly status: 'accepted'
      readonly refused_by?: readonly RefusedBy[]
    }
  | { readonly event_id: string; readonly status: 'duplicate' }
  | {
      readonly event_id: string | null
      readonly status: 'rejected'
      readonly reason: string
      readonly field: string
    }

/** One event that is worth storing, for its platforms. */
interface EventCandidate {
  readonly event: NewConversionEvent
  readonly deliveries: readonly NewDelivery[]
  readonly refusedBy: readonly RefusedBy[]
}

type CheckedEvent =
  | { readonly is: 'candidate'; readonly candidate: EventCandidate }
  /** `platforms`: those that would all refuse it; none where it has not come to that. */
  | { readonly is: 'rejected'; readonly fault: EventFault; readonly platforms: readonly string[] }

/**
 * Checks, hashes and stores events, all of a request in one transaction. An event is accepted when at least one
 * platform is to get it that did not have it; a platform that would refuse it has it as dead from the start.
 */
export async function acceptEvents(
  deps: DoorDeps,
  orgId: number,
  values: readonly unknown[],
): Promise<EventResult[]> {
  const connections = new Map((await connectionsOf(deps.store, orgId)).map((row) => [row.platform, row]))
  const mapping = await deps.mappings.latest(orgId)
  const around = { deps, orgId, connections, mapping, nowMs: deps.clock.nowMs() }
  const slices = new Slices()
  const checked: CheckedEvent[] = []
  for (const value of values) {
    if (slices.isOver) await slices.next()
    checked.push(checkedEvent(around, value))
  }
  const candidates = checked.flatMap((one) => (one.is === 'candidate' ? [one.candidate] : []))
  const stored = await deps.writer.write(candidates)
  for (const one of checked) count(deps, one, stored)
  return checked.map((one, at) => {
    if (one.is === 'rejected') return { event_id: idOf(values[at]), status: 'rejected', ...one.fault }
    const { event, refusedBy } = one.candidate
    if (!stored.has(one.candidate)) return { event_id: event.event_id, status: 'duplicate' }
    return {
      event_id: event.event_id,
      status: 'accepted',
      ...(refusedBy.length > 0 && { refused_by: refusedBy }),
    }
  })
}

function count({ meter }: DoorDeps, one: CheckedEvent, stored: StoredDeliveries): void {
  if (one.is === 'rejected') {
    if (one.platforms.length === 0) meter.atDoor(undefined, 'rejected')
    for (const platform of one.platforms) meter.atDoor(platform, 'rejected')
    return
  }
  const fresh = stored.get(one.candidate)
  for (const { platform, state } of one.candidate.deliveries) {
    if (!fresh?.has(platform)) meter.atDoor(platform, 'duplicate')
    else meter.atDoor(platform, state === 'dead' ? 'rejected' : 'accepted')
  }
}

interface Around {
  readonly deps: DoorDeps
  readonly orgId: number
  readonly connections: ReadonlyMap<string, ConnectionRow>
  readonly mapping: Mapping
  readonly nowMs: number
}

const rejected = (fault: EventFault, platforms: readonly string[] = []): CheckedEvent => ({
  ...{ is: 'rejected', fault, platforms },
})

function checkedEvent(around: Around, value: unknown): CheckedEvent {
  const parsed = parseEvent(value)
  if (parsed.is === 'refused') return rejected(parsed.fault)
  const { event } = parsed
  const platforms = [...new Set(event.platforms ?? around.connections.keys())]
  const rooms: PlatformRoom[] = []
  for (const platform of platforms) {
    const room = around.deps.rooms.get(platform)
    if (room && around.connections.has(platform)) rooms.push(room)
    // A connection that takes no events, messages for example, is not meant where no platform is named.
    else if (event.platforms) return rejected({ field: 'platforms', reason: `${platform} is not connected` })
  }
  if (rooms.length === 0) return rejected({ field: 'platforms', reason: 'no platform is connected' })

  const made = rooms.map((room) => deliveryOf(around, event, room))
  const refusedBy = made.flatMap(({ refused }) => refused ?? [])
  const [first] = refusedBy
  if (first && refusedBy.length === made.length) {
    const { field, reason } = first
    return rejected(
      { field, reason },
      refusedBy.map(({ platform }) => platform),
    )
  }
  const { event_id, event_name, event_time: event_time_ms, action_source, bid_id = null } = event
  return {
    is: 'candidate',
    candidate: {
      event: {
        ...{ org_id: around.orgId, event_id, event_name, event_time_ms, action_source, bid_id },
        ...{ worth: bid_id === null ? 'no_bid' : 'waiting', ...saidValue(event) },
        data: storable(JSON.stringify(openDataOf(event)), MAX_DATA_CHARS),
        created_ms: around.nowMs,
      },
      deliveries: made.map(({ delivery }) => delivery),
      refusedBy,
    },
  }
}

/** What the event says it is worth; a value that no bid could have is none. */
function saidValue({ custom_data: { value, currency } = {} }: CanonicalEvent) {
  const isMoney = value !== undefined && value <= MAX_UNITS
  return { value_micros: isMoney ? microsFloor(value) : null, currency: currency ?? null }
}

/** More than the schema lets through. */
const MAX_DATA_CHARS = 1_000_000

function deliveryOf(
  { deps, orgId, connections, mapping, nowMs }: Around,
  event: CanonicalEvent,
  room: PlatformRoom,
) {
  const { platform } = room.connector
  const row = connections.get(platform)
  const region = (row && settingsOf(row).default_region) ?? deps.defaultRegion
  const personal = personalOf(event, room, region)
  const stored = { ...event, event_time_ms: event.event_time }
  const conversion = conversionOf(stored, openDataOf(event), personal, room, mapping)
  const fault = faultOf(room, conversion, nowMs)
  const key = { org_id: orgId, platform, event_name: event.event_name, event_id: event.event_id }
  const expires_ms = event.event_time + room.connector.maxAgeMs(event.action_source)
  const delivery: NewDelivery = {
    ...key,
    state: fault ? 'dead' : 'pending',
    due_ms: fault ? null : nowMs,
    expires_ms,
    code: fault ? 'refused_here' : null,
    detail: fault ? `${fault.field}: ${fault.reason}` : null,
    mapping_version: mapping.version,
    match_quality: room.connector.matchQuality(conversion),
    // What a mapping can mend is kept for a replay; what is too old cannot be.
    sealed: expires_ms < nowMs ? null : sealPersonal(deps.keyring, key, personal),
    created_ms: nowMs,
    ended_ms: fault ? nowMs : null,
  }
  return { delivery, refused: fault && { platform, ...fault } }
}
