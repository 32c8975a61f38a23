import { z } from '@hono/zod-openapi'
import { LRUCache } from 'lru-cache'
import { nameShown } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { Store } from '../sync/index.ts'
import { EVENT_NAME, EVENT_NAME_FAULT, type EventFault } from './canonical-event.ts'
import type { Base, PlatformRoom, PlatformRooms } from './conversions.ts'
import { CONVERSION_PLATFORMS } from './conversions.ts'

const Parameter = z.union([
  z
    .string()
    .max(500)
    .refine(
      (said) => said.isWellFormed() && !/\p{Cc}/u.test(said),
      'must be text without control characters',
    ),
  z.number(),
  z.boolean(),
])
/** Members that events themselves carry on some platform; a mapping must not set them to one value for all events. */
const RESERVED = new Set(
  (
    'value currency order_id contents content_ids num_items search_string query predicted_ltv price transaction_id item_ids ' +
    'number_items event_type event_conversion_type timestamp client_dedup_id page_url hashed_email hashed_phone_number ' +
    'hashed_ip_address user_agent click_id uuid_c1 data_use pixel_id snap_app_id app_id constructor prototype'
  ).split(' '),
)
const PARAMETER_NAME = /^[A-Za-z0-9]\w{0,63}$/
const ADJUSTMENTS = ['ENHANCEMENT', 'RESTATEMENT', 'RETRACTION']

/** The name of an event at each platform, and parameters that are added to its data. */
export const EventMapping = z
  .strictObject({
    source_event: z.string().regex(EVENT_NAME, EVENT_NAME_FAULT),
    platform_events: z.partialRecord(z.enum(CONVERSION_PLATFORMS), z.string().min(1).max(100)),
    parameters: z.record(z.string().max(64), Parameter).default({}),
  })
  .openapi('EventMapping')
export type EventMapping = z.output<typeof EventMapping>

/** The most mappings of one version, and the most versions of an organisation. */
export const MAX_MAPPINGS = 200
const MAX_VERSIONS = 1_000
/** The most versions of all organisations that are cached. */
const MAX_CACHED = 500

/** The mappings of one version of an organisation. Version 0 has only the standard mappings. */
export interface Mapping {
  readonly version: number
  readonly mappings: readonly EventMapping[]
}

/**
 * What is wrong with mappings that match the schema: an event name that the platform does not have, or a parameter
 * without effect.
 * @param said the mappings as they were sent: parsing drops a member called `__proto__`
 */
export function mappingFaultOf(
  rooms: PlatformRooms,
  mappings: readonly EventMapping[],
  said: unknown,
): EventFault | undefined {
  for (const [at, { platform_events, parameters }] of mappings.entries()) {
    const place = `mappings.${at}`
    for (const name of ['platform_events', 'parameters'])
      if (hasPrototype(Reflect.get(Object(Reflect.get(Object(said), at)), name)))
        return { field: `${place}.${name}`, reason: 'must not name __proto__' }
    for (const [platform, name] of Object.entries(platform_events)) {
      const reason = rooms.get(platform)?.connector.nameFaultOf(name)
      if (reason !== undefined) return { field: `${place}.platform_events.${platform}`, reason }
    }
    for (const [name, value] of Object.entries(parameters)) {
      const reason = parameterFaultOf(name, value)
      if (reason !== undefined) return { field: `${place}.parameters.${nameShown(name)}`, reason }
    }
  }
  return undefined
}

const hasPrototype = (value: unknown): boolean => Object.hasOwn(Object(value), '__proto__')

function parameterFaultOf(name: string, value: unknown): string | undefined {
  if (!PARAMETER_NAME.test(name)) return 'must be named by letters, digits and _, and not begin with _'
  if (RESERVED.has(name)) return 'is what each event says for itself'
  if (name === 'adjustment_type' && !ADJUSTMENTS.some((known) => known === value))
    return `must be one of ${ADJUSTMENTS.join(', ')}`
  return undefined
}

export interface Mapped {
  readonly platformEvent: string | undefined
  /**
   * Whether another event with the same name at the platform has the plain event id, so that this one needs another id.
   */
  readonly isNameShared: boolean
  readonly parameters: EventMapping['parameters']
}

export function mapEvent(mapping: Mapping, { connector }: PlatformRoom, eventName: string): Mapped {
  const own = mapping.mappings.find(({ source_event }) => source_event === eventName)
  const standard = Object.hasOwn(connector.events, eventName) ? connector.events[eventName] : undefined
  return {
    platformEvent: own?.platform_events[connector.platform] ?? standard,
    isNameShared: sharedNames(mapping, connector).has(eventName),
    parameters: own?.parameters ?? {},
  }
}

/** By mapping and platform. Mappings never change, so the results stay valid. */
const shared = new WeakMap<Mapping, Map<string, ReadonlySet<string>>>()

function sharedNames(mapping: Mapping, connector: PlatformRoom['connector']): ReadonlySet<string> {
  const byPlatform = shared.get(mapping) ?? new Map<string, ReadonlySet<string>>()
  shared.set(mapping, byPlatform)
  const names = byPlatform.get(connector.platform) ?? findShared(mapping, connector)
  byPlatform.set(connector.platform, names)
  return names
}

/**
 * The events that share a name at a platform with an earlier one: standard events with each other, and mapped events
 * with each other. An event of the customer's own that is mapped to a standard name is meant to be that event, and has
 * the id that the platform's script on the page sends too.
 */
function findShared({ mappings }: Mapping, { platform, events }: PlatformRoom['connector']): Set<string> {
  const own = new Map(
    mappings.flatMap(({ source_event, platform_events }) => {
      const name = platform_events[platform]
      return name === undefined ? [] : [[source_event, name] as const]
    }),
  )
  const standard = Object.entries(events).map(([event, name]) => [event, own.get(event) ?? name] as const)
  return new Set([standard, own].flatMap((named) => repeated(named)))
}

function repeated(named: Iterable<readonly [string, string]>): string[] {
  const names = new Set<string>()
  const again: string[] = []
  for (const [event, name] of named) {
    if (names.has(name)) again.push(event)
    names.add(name)
  }
  return again
}

/** The names of events that no mapping changes. */
export function standardMappings(rooms: PlatformRooms): EventMapping[] {
  const names = new Set([...rooms.values()].flatMap(({ connector }) => Object.keys(connector.events)))
  return [...names].map((source_event) => ({
    source_event,
    platform_events: Object.fromEntries(
      [...rooms].flatMap(([platform, { connector }]) => {
        const name = connector.events[source_event]
        return name === undefined ? [] : [[platform, name]]
      }),
    ),
    parameters: {},
  }))
}

const STANDARD: Mapping = { version: 0, mappings: [] }

/** The versions of all organisations; a stored version never changes. */
export class Mappings {
  readonly #store: Store
  readonly #known = new LRUCache<string, Mapping>({ max: MAX_CACHED })

  constructor(store: Store) {
    this.#store = store
  }

  async latest(orgId: number): Promise<Mapping> {
    const row = await this.#store.db
      .selectFrom('conversion_mappings')
      .select(({ fn }) => fn.max('version').as('version'))
      .where('org_id', '=', orgId)
      .executeTakeFirst()
    return this.of(orgId, Number(row?.version ?? 0))
  }

  /** Throws 404 for a version that does not exist. */
  async of(orgId: number, version: number): Promise<Mapping> {
    if (version === 0) return STANDARD
    const name = `${orgId}:${version}`
    const known = this.#known.get(name)
    if (known) return known
    const row = await this.#store.db
      .selectFrom('conversion_mappings')
      .select('mappings')
      .where('org_id', '=', orgId)
      .where('version', '=', version)
      .executeTakeFirst()
    if (!row) throw new AppError('not_found', `There is no version ${version} of the mappings`)
    const mapping = { version, mappings: parseJson(row.mappings) }
    this.#known.set(name, mapping)
    return mapping
  }

  async versions(orgId: number): Promise<{ version: number; created_ms: number }[]> {
    return this.#store.db
      .selectFrom('conversion_mappings')
      .select(['version', 'created_ms'])
      .where('org_id', '=', orgId)
      .orderBy('version', 'desc')
      .limit(MAX_VERSIONS)
      .execute()
  }

  /** Stores a new version, which applies to events that arrive from now on. */
  async add(base: Pick<Base, 'clock'>, orgId: number, mappings: readonly EventMapping[]): Promise<Mapping> {
    const { version: latest } = await this.latest(orgId)
    const version = latest + 1
    if (version > MAX_VERSIONS)
      throw new AppError('invalid_request', `there are ${MAX_VERSIONS} versions of the mappings already`)
    const { numInsertedOrUpdatedRows } = await this.#store.db
      .insertInto('conversion_mappings')
      .values({
        org_id: orgId,
        version,
        mappings: JSON.stringify(mappings),
        created_ms: base.clock.nowMs(),
      })
      .onConflict((conflict) => conflict.columns(['org_id', 'version']).doNothing())
      .executeTakeFirst()
    // Another process has stored a version with this number meanwhile; this one gets the next number.
    return numInsertedOrUpdatedRows === 0n ? this.add(base, orgId, mappings) : { version, mappings }
  }
}
