import { type Kysely, type Selectable, sql } from 'kysely'
import type { ConversionDeliveryTable, ConversionEventTable, Store, SyncDatabase } from '../../sync/index.ts'
import { StoreAway } from '../../sync/index.ts'
import { type JsonColumns, jsonRows, ROWS_AT_ONCE } from '../json-rows.ts'
import { countQuality } from '../match-quality.ts'

export type NewConversionEvent = Omit<
  Selectable<ConversionEventTable>,
  'seq' | 'bid_at_ms' | 'bid_platform' | 'bid_campaign' | 'bid_source' | 'bid_currency'
>
export type NewDelivery = Pick<
  Selectable<ConversionDeliveryTable>,
  | 'org_id'
  | 'platform'
  | 'event_name'
  | 'event_id'
  | 'state'
  | 'due_ms'
  | 'expires_ms'
  | 'code'
  | 'detail'
  | 'mapping_version'
  | 'match_quality'
  | 'sealed'
  | 'created_ms'
  | 'ended_ms'
>

/** An event with its deliveries, which are stored together. */
export interface Writable {
  readonly event: NewConversionEvent
  readonly deliveries: readonly NewDelivery[]
  /** Sealed content for a delivery that replaces one refused at the door; it includes the corrected event. */
  mend(delivery: NewDelivery): string | null
}

/** The code of deliveries that were not sent because the platform would refuse them. */
export const REFUSED_HERE = 'refused_here'

const EVENT: JsonColumns = {
  org_id: 'bigint',
  event_name: 'text',
  event_id: 'text',
  event_time_ms: 'bigint',
  action_source: 'text',
  data: 'text',
  bid_id: 'text',
  created_ms: 'bigint',
  worth: 'text',
  value_micros: 'bigint',
  currency: 'text',
}
const DELIVERY: JsonColumns = {
  org_id: 'bigint',
  platform: 'text',
  event_name: 'text',
  event_id: 'text',
  state: 'text',
  due_ms: 'bigint',
  expires_ms: 'bigint',
  code: 'text',
  detail: 'text',
  mapping_version: 'bigint',
  match_quality: 'double precision',
  sealed: 'text',
  created_ms: 'bigint',
  ended_ms: 'bigint',
}
/**
 * Up to this many deliveries, the statements of a write are sent without waiting for each other's answers, because each
 * answer costs a turn of two threads. With more, each is awaited, so that not all their JSON is made in one turn of the
 * event loop.
 */
const SHORT = 100
/** Requests that arrive during a write are written together in the next one, up to this many events. */
const MAX_TOGETHER = 4_000

/** The new deliveries of each event, by platform. */
export type StoredDeliveries = ReadonlyMap<Writable, ReadonlySet<string>>

interface Waiting {
  readonly items: readonly Writable[]
  readonly resolve: (stored: StoredDeliveries) => void
  readonly reject: (error: unknown) => void
}

/** What makes a delivery the same as another one. */
type NewDeliveryKey = Pick<NewDelivery, 'org_id' | 'platform' | 'event_name' | 'event_id'>

const keyOf = ({ org_id, platform, event_name, event_id }: NewDeliveryKey): string =>
  JSON.stringify([org_id, platform, event_name, event_id])

/**
 * Stores events with their deliveries. Each request is stored completely or not at all. Requests that arrive during a
 * write share the next transaction, since the disk takes as long for many as for one.
 */
export class EventWriter {
  readonly #store: Store
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * Returns the items of which at least one delivery was new, or replaced one that had been refused at the door. Rejects
   * if nothing was stored.
   */
  write(items: readonly Writable[]): Promise<StoredDeliveries> {
    if (items.length === 0) return Promise.resolve(new Map())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject })
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined
      })
    })
  }

  /** Resolves when everything that was given has been written. */
  async idle(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#take()
      try {
        await this.#writeTogether(some)
      } catch (error) {
        // One request may contain what the database refuses; the others must not fail because of it.
        if (some.length === 1 || error instanceof StoreAway) for (const { reject } of some) reject(error)
        else for (const one of some) await this.#writeTogether([one]).catch(one.reject)
      }
    }
  }

  #take(): Waiting[] {
    let events = 0
    const end = this.#waiting.findIndex(({ items }, at) => {
      events += items.length
      return at > 0 && events > MAX_TOGETHER
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  async #writeTogether(requests: readonly Waiting[]): Promise<void> {
    /** The first item with a delivery of this key; later ones are repetitions. */
    const firsts = new Map<string, Writable>()
    const events: NewConversionEvent[] = []
    const deliveries: NewDelivery[] = []
    for (const item of requests.flatMap(({ items }) => items)) {
      const fresh = item.deliveries.filter((delivery) => !firsts.has(keyOf(delivery)))
      if (fresh.length === 0) continue
      for (const delivery of fresh) firsts.set(keyOf(delivery), item)
      events.push(item.event)
      deliveries.push(...fresh)
    }
    const stored = await this.#store.db.transaction().execute(async (tx) => {
      const inserted = await this.#insert(tx, events, deliveries)
      return this.#storedOf(tx, deliveries, firsts, inserted)
    })
    for (const { resolve } of requests) resolve(stored)
  }

  /** Returns the keys of deliveries that were new. */
  async #insert(
    tx: Kysely<SyncDatabase>,
    events: readonly NewConversionEvent[],
    deliveries: readonly NewDelivery[],
  ): Promise<ReadonlySet<string>> {
    const { engine } = this.#store
    const isShort = deliveries.length <= SHORT
    const keys = new Set<string>()
    const asked: Promise<unknown>[] = []
    // All processes insert in the same order, so that no two transactions wait for each other.
    for (let at = 0; at < events.length; at += ROWS_AT_ONCE) {
      const inserting = insertEvents(tx, engine, events.slice(at, at + ROWS_AT_ONCE))
      asked.push(inserting)
      if (!isShort) await inserting
    }
    for (let at = 0; at < deliveries.length; at += ROWS_AT_ONCE) {
      const inserting = insertDeliveries(tx, engine, deliveries.slice(at, at + ROWS_AT_ONCE)).then((rows) => {
        for (const row of rows) keys.add(keyOf(row))
      })
      asked.push(inserting)
      if (!isShort) await inserting
    }
    // Counts all of them as new, as almost all are; `#storedOf` subtracts the others.
    asked.push(countQuality(tx, engine, deliveries, 1))
    await Promise.all(asked)
    return keys
  }

  async #storedOf(
    tx: Kysely<SyncDatabase>,
    deliveries: readonly NewDelivery[],
    firsts: ReadonlyMap<string, Writable>,
    inserted: ReadonlySet<string>,
  ): Promise<StoredDeliveries> {
    const stored = new Map<Writable, Set<string>>()
    const repeated: NewDelivery[] = []
    for (const row of deliveries) {
      const item = firsts.get(keyOf(row))
      if (!item || !(inserted.has(keyOf(row)) || (await replaceRefused(tx, item, row)))) {
        repeated.push(row)
        continue
      }
      const platforms = stored.get(item)
      if (platforms) platforms.add(row.platform)
      else stored.set(item, new Set([row.platform]))
    }
    await countQuality(tx, this.#store.engine, repeated, -1)
    return stored
  }
}

const namesOf = (columns: JsonColumns) => sql.join(Object.keys(columns).map((name) => sql.ref(name)))

async function insertEvents(
  db: Kysely<SyncDatabase>,
  engine: Store['engine'],
  rows: readonly NewConversionEvent[],
): Promise<void> {
  const names = namesOf(EVENT)
  // `WHERE true` tells SQLite's parser that ON CONFLICT does not belong to a join.
  await sql`INSERT INTO conversion_events (${names}) SELECT ${names} FROM ${jsonRows(engine, EVENT, rows)} WHERE true
    ON CONFLICT DO NOTHING`.execute(db)
}

async function insertDeliveries(
  db: Kysely<SyncDatabase>,
  engine: Store['engine'],
  rows: readonly NewDelivery[],
): Promise<NewDeliveryKey[]> {
  const names = namesOf(DELIVERY)
  const { rows: stored } = await sql<NewDeliveryKey>`
    INSERT INTO conversion_deliveries (${names}) SELECT ${names} FROM ${jsonRows(engine, DELIVERY, rows)} WHERE true
    ON CONFLICT DO NOTHING RETURNING org_id, platform, event_name, event_id`.execute(db)
  return stored
}

/**
 * Replaces a delivery that was never sent because the platform would have refused it. The event row stays as it was
 * first stored, since other platforms may have got it; the new delivery contains what was mended.
 */
async function replaceRefused(db: Kysely<SyncDatabase>, item: Writable, row: NewDelivery): Promise<boolean> {
  if (row.state !== 'pending') return false
  const refused = await db
    .selectFrom('conversion_deliveries')
    .select('seq')
    .where('org_id', '=', row.org_id)
    .where('event_id', '=', row.event_id)
    .where('event_name', '=', row.event_name)
    .where('platform', '=', row.platform)
    .where('state', '=', 'dead')
    .where('code', '=', REFUSED_HERE)
    .where('unknown_since_ms', 'is', null)
    .executeTakeFirst()
  if (!refused) return false
  const { state, due_ms, expires_ms, code, detail, mapping_version, match_quality } = row
  const { numUpdatedRows } = await db
    .updateTable('conversion_deliveries')
    .set({ state, due_ms, expires_ms, code, detail, mapping_version, match_quality, ended_ms: null })
    .set({ sealed: item.mend(row) })
    .where('seq', '=', refused.seq)
    .where('state', '=', 'dead')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
