import { type Selectable, sql } from 'kysely'
import { parseJson } from '../../json/json.ts'
import type { ConversionDeliveryTable, Store } from '../../sync/index.ts'
import { isoTime } from '../../time/clock.ts'
import type { ConnectionRow } from '../connections.ts'
import type { Base } from '../conversions.ts'
import type { OpenData, StoredEvent } from '../open-data.ts'

/** A delivery that this process may send until its lease ends, with its event. */
export type Claimed = Selectable<ConversionDeliveryTable> &
  StoredEvent & {
    readonly data: OpenData
    readonly data_chars: number
  }

/** How long a claim lasts before another process may take the delivery, in milliseconds; longer than any call. */
const LEASE_MS = 60_000

/** A connection with deliveries that are due. */
export interface DueConnection extends ConnectionRow {
  /** When the oldest of them became due. */
  readonly head_ms: number
}

/** Connections with deliveries that are due, the one with the longest wait first. */
export async function dueConnections({ db }: Store, nowMs: number): Promise<DueConnection[]> {
  const { rows } = await sql<DueConnection>`
    SELECT * FROM (SELECT c.*, (SELECT min(d.due_ms) FROM conversion_deliveries d
      WHERE d.org_id = c.org_id AND d.platform = c.platform AND d.due_ms <= ${nowMs}) AS head_ms
      FROM conversion_connections c
      WHERE c.status IN ('connected', 'pending') AND (c.resting_until_ms IS NULL OR c.resting_until_ms <= ${nowMs})) due
    WHERE head_ms IS NOT NULL ORDER BY head_ms`.execute(db)
  return rows
}

/**
 * Claims up to `limit` deliveries of a connection that are due. If the lease of one has ended, the process that was
 * sending it is gone: nobody knows whether the platform took it, and that is noted.
 */
export async function claim(
  { store, clock, owner }: Pick<Base, 'store' | 'clock' | 'owner'>,
  { org_id, platform }: Pick<ConnectionRow, 'org_id' | 'platform'>,
  limit: number,
): Promise<Claimed[]> {
  const { db, engine } = store
  const nowMs = clock.nowMs()
  const lock = engine === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``
  const { rows: taken } = await sql<Selectable<ConversionDeliveryTable>>`
    UPDATE conversion_deliveries SET state = 'sent', lease_owner = ${owner}, due_ms = ${nowMs + LEASE_MS},
      unknown_since_ms = CASE WHEN state = 'sent' THEN coalesce(unknown_since_ms, last_attempt_ms) ELSE unknown_since_ms END,
      attempts = attempts + 1, first_attempt_ms = coalesce(first_attempt_ms, ${nowMs}), last_attempt_ms = ${nowMs}
    WHERE seq IN (SELECT seq FROM conversion_deliveries WHERE org_id = ${org_id} AND platform = ${platform}
      AND due_ms <= ${nowMs} ORDER BY due_ms LIMIT ${limit} ${lock}) RETURNING *`.execute(db)
  if (taken.length === 0) return []
  const seqs = JSON.stringify(taken.map(({ seq }) => seq))
  const list =
    engine === 'postgres'
      ? sql`SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(${seqs} AS json))`
      : sql`SELECT value FROM json_each(${seqs})`
  const { rows: events } = await sql<{
    seq: number
    event_time_ms: number
    action_source: string
    data: string
  }>`
    SELECT d.seq, e.event_time_ms, e.action_source, e.data FROM conversion_deliveries d JOIN conversion_events e
      ON e.org_id = d.org_id AND e.event_id = d.event_id AND e.event_name = d.event_name
    WHERE d.seq IN (${list})`.execute(db)
  const bySeq = new Map(events.map((event) => [event.seq, event]))
  return taken.flatMap((delivery) => {
    const event = bySeq.get(delivery.seq)
    // A delivery without an event was deleted just now.
    return event
      ? [{ ...event, ...delivery, data: parseJson(event.data), data_chars: event.data.length }]
      : []
  })
}

/** Extends the leases of deliveries before they are sent again. Returns those that this process still has. */
export async function renew(
  { store, clock, owner }: Pick<Base, 'store' | 'clock' | 'owner'>,
  deliveries: readonly Pick<Claimed, 'seq'>[],
): Promise<Set<number>> {
  const rows = await store.loosely((db) =>
    db
      .updateTable('conversion_deliveries')
      .set({ due_ms: clock.nowMs() + LEASE_MS, last_attempt_ms: clock.nowMs() })
      .where(
        'seq',
        'in',
        deliveries.map(({ seq }) => seq),
      )
      .where('lease_owner', '=', owner)
      .where('state', '=', 'sent')
      .returning('seq')
      .execute(),
  )
  return new Set(rows.map(({ seq }) => seq))
}

/**
 * Ends the leases of an earlier process, so that its deliveries are due now. Only for SQLite, where no other process
 * can use the database.
 */
export async function endLeftLeases({ store, clock }: Pick<Base, 'store' | 'clock'>): Promise<void> {
  if (store.engine !== 'sqlite') return
  await sql`UPDATE conversion_deliveries SET due_ms = ${clock.nowMs()}
    WHERE state = 'sent' AND due_ms IS NOT NULL`.execute(store.db)
}

/** A stored time, in milliseconds since 1970, as the API shows it. */
export const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms))
