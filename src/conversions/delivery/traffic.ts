import { sql } from 'kysely'
import type { Store } from '../../sync/index.ts'
import type { Clock } from '../../time/clock.ts'
import { type JsonColumns, jsonRows } from '../json-rows.ts'

const MINUTE_MS = 60_000

export interface TrafficCounts {
  readonly calls: number
  readonly failed_calls: number
  /** Events with a known outcome, and events of calls that failed. */
  readonly events: number
  readonly failed_events: number
  /** Sum over all calls, in milliseconds. */
  readonly latency_ms: number
}

/** The counts of one call, or of the results that came later for one. */
export interface CallCount {
  readonly orgId: number
  readonly platform: string
  /** The call; undefined if it was counted earlier. */
  readonly call: { readonly hasFailed: boolean; readonly latencyMs: number } | undefined
  readonly events: number
  readonly failedEvents: number
  readonly circuitState: string
}

interface MinuteRow extends TrafficCounts {
  readonly org_id: number
  readonly platform: string
  readonly minute_ms: number
  readonly circuit_state: string
}

const COLUMNS: JsonColumns = {
  org_id: 'bigint',
  platform: 'text',
  minute_ms: 'bigint',
  calls: 'bigint',
  failed_calls: 'bigint',
  events: 'bigint',
  failed_events: 'bigint',
  latency_ms: 'double precision',
  circuit_state: 'text',
}

/** Counts of calls by connection and minute, added up in memory and written every few seconds. */
export class ConversionTraffic {
  readonly #store: Store
  readonly #clock: Clock
  #unwritten = new Map<string, MinuteRow>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  note({ orgId, platform, call, events, failedEvents, circuitState }: CallCount): void {
    const minute_ms = Math.floor(this.#clock.nowMs() / MINUTE_MS) * MINUTE_MS
    const name = `${orgId}:${platform}:${minute_ms}`
    const known = this.#unwritten.get(name)
    this.#unwritten.set(name, {
      org_id: orgId,
      platform,
      minute_ms,
      circuit_state: circuitState,
      calls: (known?.calls ?? 0) + (call ? 1 : 0),
      failed_calls: (known?.failed_calls ?? 0) + Number(call?.hasFailed ?? false),
      events: (known?.events ?? 0) + events,
      failed_events: (known?.failed_events ?? 0) + failedEvents,
      latency_ms: (known?.latency_ms ?? 0) + (call?.latencyMs ?? 0),
    })
  }

  /** Adds the counts to the table. Counts that cannot be written now are kept for the next time. */
  async write(): Promise<void> {
    if (this.#unwritten.size === 0) return
    const rows = [...this.#unwritten.values()]
    this.#unwritten = new Map()
    const names = sql.join(Object.keys(COLUMNS).map((name) => sql.ref(name)))
    const added = (name: string) =>
      sql`${sql.ref(name)} = conversion_minutes.${sql.ref(name)} + excluded.${sql.ref(name)}`
    try {
      await this.#store.loosely((db) =>
        sql`INSERT INTO conversion_minutes (${names}) SELECT ${names}
          FROM ${jsonRows(this.#store.engine, COLUMNS, rows)} WHERE true
          ON CONFLICT (org_id, platform, minute_ms) DO UPDATE SET
          ${sql.join(['calls', 'failed_calls', 'events', 'failed_events', 'latency_ms'].map(added))},
          circuit_state = excluded.circuit_state`.execute(db),
      )
    } catch (error) {
      for (const row of rows) this.#takeBack(row)
      throw error
    }
  }

  #takeBack(row: MinuteRow): void {
    const name = `${row.org_id}:${row.platform}:${row.minute_ms}`
    const since = this.#unwritten.get(name)
    this.#unwritten.set(name, since ? { ...since, ...sum(row, since) } : row)
  }
}

const sum = (a: TrafficCounts, b: TrafficCounts): TrafficCounts => ({
  calls: a.calls + b.calls,
  failed_calls: a.failed_calls + b.failed_calls,
  events: a.events + b.events,
  failed_events: a.failed_events + b.failed_events,
  latency_ms: a.latency_ms + b.latency_ms,
})
