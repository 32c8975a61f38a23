import type { LeftOut } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { MAX_UNITS, microsFloor } from '../../money.ts'
import { Slices } from '../../time/slices.ts'
import { type CanonicalEvent, type EventFault, idOf, parseEvent } from '../canonical-event.ts'
import { type ConnectionRow, eventConnectionsOf, settingsOf } from '../connections.ts'
import { conversionOf, faultOf, personalOf, personOf } from '../conversion-of.ts'
import type { Base, PlatformRoom } from '../conversions.ts'
import { storable } from '../json-rows.ts'
import type { Mapping, Mappings } from '../mappings.ts'
import { openDataOf } from '../open-data.ts'
import { type Personal, sealPersonal } from '../sealed.ts'
import {
  type EventWriter,
  type NewConversionEvent,
  type NewDelivery,
  REFUSED_HERE,
  type StoredDeliveries,
} from './event-writer.ts'

export interface DoorDeps
  extends Pick<Base, 'store' | 'clock' | 'keyring' | 'rooms' | 'meter' | 'defaultRegion'> {
  readonly mappings: Mappings
  readonly writer: EventWriter
  readonly lanes: CredentialsSource
}

/**
 * Gives the decrypted credentials of a connection, kept from an earlier call if possible. Throws an `AppError` if no key
 * decrypts them.
 */
interface CredentialsSource {
  lineOf(row: ConnectionRow, room: PlatformRoom): { readonly credentials: unknown }
}

/** A platform that would refuse an accepted event, and why. */
export interface RefusedBy extends EventFault {
  readonly platform: string
}

/** `platform`: the only platform that does not get it; undefined if none gets it. */
export interface LeftOutHere extends LeftOut {
  readonly platform?: string
}

export type EventResult =
  | {
      readonly event_id: string
      readonly status: 'accepted'
      readonly refused_by?: readonly RefusedBy[]
      /** Personal data of the event that is not sent, to any platform or to one, because it is not certain. */
      readonly left_out?: readonly LeftOutHere[]
    }
  | { readonly event_id: string; readonly status: 'duplicate' }
  | {
      readonly event_id: string | null
      readonly status: 'rejected'
      readonly reason: string
      readonly field: string
    }

/** An event that will be stored if it is new for one of its platforms. */
interface EventCandidate {
  readonly event: NewConversionEvent
  readonly deliveries: readonly NewDelivery[]
  readonly refusedBy: readonly RefusedBy[]
  readonly leftOut: readonly LeftOutHere[]
  mend(delivery: NewDelivery): string | null
}

type CheckedEvent =
  | { readonly is: 'candidate'; readonly candidate: EventCandidate }
  /** `platforms`: those that would all refuse it; empty if it was invalid before platforms were considered. */
  | { readonly is: 'rejected'; readonly fault: EventFault; readonly platforms: readonly string[] }

/**
 * Checks, hashes and stores the events of a request in one transaction. An event is accepted if at least one platform
 * will get it that has not had it yet. For a platform that would refuse it, its delivery is stored as dead.
 */
export async function acceptEvents(
  deps: DoorDeps,
  orgId: number,
  values: readonly unknown[],
): Promise<EventResult[]> {
  const [connections, mapping] = await Promise.all([
    eventConnectionsOf(deps, orgId),
    deps.mappings.latest(orgId),
  ])
  const credentials = new Map(
    [...connections].map(([platform, row]) => [platform, knownCredentials(deps, row)] as const),
  )
  const around = { deps, orgId, connections, credentials, mapping, nowMs: deps.clock.nowMs() }
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
    const { event, refusedBy, leftOut } = one.candidate
    if (!stored.has(one.candidate)) return { event_id: event.event_id, status: 'duplicate' }
    return {
      event_id: event.event_id,
      status: 'accepted',
      ...(refusedBy.length > 0 && { refused_by: refusedBy }),
      ...(leftOut.length > 0 && { left_out: leftOut }),
    }
  })
}

/**
 * The credentials; undefined if no key decrypts them now. What depends on them is then checked before the event is
 * sent.
 */
function knownCredentials({ lanes, rooms }: DoorDeps, row: ConnectionRow): unknown {
  const room = rooms.get(row.platform)
  try {
    return room && lanes.lineOf(row, room).credentials
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
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
  readonly credentials: ReadonlyMap<string, unknown>
  readonly mapping: Mapping
  readonly nowMs: number
}

const rejected = (fault: EventFault, platforms: readonly string[] = []): CheckedEvent => ({
  is: 'rejected',
  fault,
  platforms,
})

function checkedEvent(around: Around, value: unknown): CheckedEvent {
  const parsed = parseEvent(value)
  if (parsed.is === 'refused') return rejected(parsed.fault)
  const { event } = parsed
  const platforms = [...new Set(event.platforms ?? around.connections.keys())]
  if (platforms.length === 0) return rejected({ field: 'platforms', reason: 'no platform is connected' })
  const person = personOf(event)
  const made = platforms.map((platform) => deliveryOf(around, event, person, platform))
  const refusedBy = made.flatMap(({ refused }) => refused ?? [])
  const [first] = refusedBy
  if (first && refusedBy.length === made.length) {
    const { field, reason } = first
    return rejected(
      { field, reason },
      refusedBy.map(({ platform }) => platform),
    )
  }
  // Platforms have different regions, so one may be able to read a phone number that another cannot.
  const leftOut = new Map(
    made.flatMap((one) => one.leftOut.map((each) => [`${each.field} ${each.platform ?? ''}`, each] as const)),
  )
  const { event_id, event_name, event_time: event_time_ms, action_source, bid_id = null } = event
  return {
    is: 'candidate',
    candidate: {
      event: {
        org_id: around.orgId,
        event_id,
        event_name,
        event_time_ms,
        action_source,
        bid_id,
        worth: bid_id === null ? 'no_bid' : 'waiting',
        ...saidValue(event),
        data: storable(JSON.stringify(openDataOf(event)), MAX_DATA_CHARS),
        created_ms: around.nowMs,
      },
      deliveries: made.flatMap(({ delivery }) => delivery ?? []),
      refusedBy,
      leftOut: [...leftOut.values()],
      mend(delivery) {
        const one = made.find((each) => each.delivery === delivery)
        if (!one?.personal) return null
        const mended = { event_time_ms, action_source, data: openDataOf(event) }
        return sealPersonal(around.deps.keyring, delivery, { ...one.personal, mended })
      },
    },
  }
}

/** Value and currency of an event, null where it has none. A value above {@link MAX_UNITS} counts as none. */
function saidValue({ custom_data: { value, currency } = {} }: CanonicalEvent) {
  const isMoney = value !== undefined && value <= MAX_UNITS
  return { value_micros: isMoney ? microsFloor(value) : null, currency: currency ?? null }
}

/** Most characters of an event's open data as JSON. The schema of an event allows fewer, so nothing is cut. */
const MAX_DATA_CHARS = 1_000_000

/**
 * What becomes of an event at one platform. `delivery` is undefined if the platform is not connected; the event may
 * then be sent again later.
 */
interface MadeDelivery {
  readonly delivery?: NewDelivery
  readonly personal?: Personal
  readonly refused?: RefusedBy | undefined
  readonly leftOut: readonly LeftOutHere[]
}

function deliveryOf(
  { deps, orgId, connections, credentials, mapping, nowMs }: Around,
  event: CanonicalEvent,
  person: ReturnType<typeof personOf>,
  platform: string,
): MadeDelivery {
  const room = deps.rooms.get(platform)
  const row = connections.get(platform)
  if (!room || !row)
    return { refused: { platform, field: 'platforms', reason: `${platform} is not connected` }, leftOut: [] }
  const region = settingsOf(row).default_region ?? deps.defaultRegion
  const read = person(region)
  const { user, leftOut } = read
  const personal = personalOf(event, room, read, region)
  const stored = { ...event, event_time_ms: event.event_time }
  const conversion = conversionOf(stored, openDataOf(event), personal, room, mapping)
  const fault = faultOf(room, conversion, credentials.get(platform), nowMs)
  const key = { org_id: orgId, platform, event_name: event.event_name, event_id: event.event_id }
  const expires_ms = event.event_time + room.connector.maxAgeMs(event.action_source)
  const delivery: NewDelivery = {
    ...key,
    state: fault ? 'dead' : 'pending',
    due_ms: fault ? null : nowMs,
    expires_ms,
    code: fault ? REFUSED_HERE : null,
    detail: fault ? `${fault.field}: ${fault.reason}` : null,
    mapping_version: mapping.version,
    match_quality: room.connector.matchQuality(conversion),
    // A delivery that a new mapping can mend is kept for a replay; one that is too old cannot be mended.
    sealed: expires_ms < nowMs ? null : sealPersonal(deps.keyring, key, personal),
    created_ms: nowMs,
    ended_ms: fault ? nowMs : null,
  }
  const own = fault ? [] : room.connector.leftOut(user, region).map((each) => ({ ...each, platform }))
  return { delivery, personal, refused: fault && { platform, ...fault }, leftOut: [...leftOut, ...own] }
}
