import { z } from '@hono/zod-openapi'
import { LRUCache } from 'lru-cache'
import { AppError } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { Store } from '../sync/index.ts'
import type { Base, PlatformRoom, PlatformRooms } from './conversions.ts'
import { CONVERSION_PLATFORMS } from './conversions.ts'

const Parameter = z.union([z.string().max(500), z.number(), z.boolean()])

/** What an event is called at each platform, and what is added to its data. */
export const EventMapping = z
  .strictObject({
    source_event: z.string().regex(/^[A-Za-z0-9][\w .:-]{0,63}$/),
    platform_events: z.partialRecord(z.enum(CONVERSION_PLATFORMS), z.string().min(1).max(100)),
    parameters: z.record(z.string().regex(/^\w{1,64}$/), Parameter).default({}),
  })
  .openapi('EventMapping')
export type EventMapping = z.output<typeof EventMapping>

/** Most mappings of one version, and versions that are kept. */
export const MAX_MAPPINGS = 200
const MAX_VERSIONS = 1_000
const MAX_CACHED = 500

/** The mappings of one version of an organisation. Version 0 is the standard table alone. */
export interface Mapping {
  readonly version: number
  readonly mappings: readonly EventMapping[]
}

export interface Mapped {
  readonly platformEvent: string | undefined
  readonly parameters: EventMapping['parameters']
}

export function mapEvent({ mappings }: Mapping, { connector }: PlatformRoom, eventName: string): Mapped {
  const own = mappings.find(({ source_event }) => source_event === eventName)
  const standard = Object.hasOwn(connector.events, eventName) ? connector.events[eventName] : undefined
  return {
    platformEvent: own?.platform_events[connector.platform] ?? standard,
    parameters: own?.parameters ?? {},
  }
}

/** What events are called where no mapping says otherwise. */
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

  /** Throws 404 for a version that there is not. */
  async of(orgId: number, version: number): Promise<Mapping> {
    if (version === 0) return { version: 0, mappings: [] }
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

  /** Stores a new version, which is in force for events that come from now on. */
  async add(base: Pick<Base, 'clock'>, orgId: number, mappings: readonly EventMapping[]): Promise<Mapping> {
    const { version: latest } = await this.latest(orgId)
    const version = latest + 1
    if (version > MAX_VERSIONS)
      throw new AppError('invalid_request', `there are ${MAX_VERSIONS} versions of the mappings already`)
    const { numInsertedOrUpdatedRows } = await this.#store.db
      .insertInto('conversion_mappings')
      .values({
        ...{ org_id: orgId, version, mappings: JSON.stringify(mappings) },
        created_ms: base.clock.nowMs(),
      })
      .onConflict((conflict) => conflict.columns(['org_id', 'version']).doNothing())
      .executeTakeFirst()
    // Somebody else has stored that version meanwhile; this one comes after it.
    return numInsertedOrUpdatedRows === 0n ? this.add(base, orgId, mappings) : { version, mappings }
  }
}
