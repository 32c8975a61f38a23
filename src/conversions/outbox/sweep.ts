import { sql } from 'kysely'
import type { Base, ConversionTableLimits } from '../conversions.ts'
import type { WaitingDeliveries } from '../meter.ts'
import { shortenTable } from '../shorten-table.ts'

const DAY_MS = 86_400_000
/** The most rows that one statement changes, so that nobody waits long for a lock. */
const PER_STEP = 500

const EXPIRED = sql.lit('the platform takes no event of this age')

/**
 * Ends deliveries that are too old for their platform, and deletes encrypted personal data that is no longer needed.
 */
export async function giveUpExpired({
  store,
  clock,
  meter,
}: Pick<Base, 'store' | 'clock' | 'meter'>): Promise<void> {
  const nowMs = clock.nowMs()
  // If a process ends while it sends deliveries of a connection that has stopped, nobody claims them again.
  await sql`UPDATE conversion_deliveries SET state = 'retrying', lease_owner = NULL,
      unknown_since_ms = coalesce(unknown_since_ms, last_attempt_ms)
    WHERE state = 'sent' AND sealed IS NOT NULL AND expires_ms < ${nowMs} AND due_ms < ${nowMs}`.execute(
    store.db,
  )
  for (;;) {
    // A delivery that is being sent belongs to the process that claimed it.
    const { rows } = await sql<{ platform: string; is_new: number }>`UPDATE conversion_deliveries SET
        state = CASE WHEN state IN ('pending', 'retrying') THEN 'dead' ELSE state END,
        code = CASE WHEN state IN ('pending', 'retrying') THEN 'too_old' ELSE code END,
        detail = CASE WHEN state IN ('pending', 'retrying') THEN ${EXPIRED} ELSE detail END,
        ended_ms = CASE WHEN state IN ('pending', 'retrying') THEN ${nowMs} ELSE ended_ms END,
        due_ms = CASE WHEN state IN ('pending', 'retrying') THEN NULL ELSE due_ms END, sealed = NULL
      WHERE seq IN (SELECT seq FROM conversion_deliveries WHERE sealed IS NOT NULL AND expires_ms < ${nowMs}
        AND (state <> 'sent' OR due_ms IS NULL) LIMIT ${PER_STEP})
      RETURNING platform, CASE WHEN detail = ${EXPIRED} THEN 1 ELSE 0 END AS is_new`.execute(store.db)
    for (const { platform, is_new } of rows) meter.delivered(platform, 'dead', Number(is_new))
    if (rows.length < PER_STEP) return
  }
}

/** Deletes events and ended deliveries older than `keepDays`, oldest first, and counts that nobody looks at any more. */
export async function forgetOld(
  { store, clock }: Pick<Base, 'store' | 'clock'>,
  keepDays: number,
): Promise<void> {
  const beforeMs = clock.nowMs() - keepDays * DAY_MS
  await forgetWhile({ store }, ({ created_ms }) => created_ms < beforeMs)
  await store.db
    .deleteFrom('conversion_minutes')
    .where('minute_ms', '<', clock.nowMs() - KEEP_MINUTES_MS)
    .execute()
  await store.db.deleteFrom('conversion_quality_days').where('day_ms', '<', beforeMs).execute()
}

/**
 * How long the counts of a minute are kept, in milliseconds: slightly longer than the day that the health history
 * shows.
 */
const KEEP_MINUTES_MS = 25 * 3_600_000

interface AgedRow {
  readonly seq: number
  readonly created_ms: number
}

/** Deletes the oldest rows as long as there are any to delete. Row numbers grow with time. */
async function forgetWhile(
  { store }: Pick<Base, 'store'>,
  isOld: (row: AgedRow) => boolean,
  orgId?: number,
): Promise<void> {
  const { db } = store
  for (let after = 0; ; ) {
    let query = db
      .selectFrom('conversion_deliveries')
      .select(['seq', 'created_ms', 'due_ms', 'state'])
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PER_STEP)
    if (orgId !== undefined) query = query.where('org_id', '=', orgId)
    const rows = await query.execute()
    const old = rows.filter(isOld)
    const ended = old
      .filter(({ state }) => state === 'acknowledged' || state === 'dead')
      .map(({ seq }) => seq)
    if (ended.length > 0) await db.deleteFrom('conversion_deliveries').where('seq', 'in', ended).execute()
    if (old.length < PER_STEP) break
    after = rows.at(-1)?.seq ?? after
  }
  for (let after = 0; ; ) {
    let query = db
      .selectFrom('conversion_events')
      .select(['seq', 'created_ms'])
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PER_STEP)
    if (orgId !== undefined) query = query.where('org_id', '=', orgId)
    const rows = await query.execute()
    const old = rows.filter(isOld).map(({ seq }) => seq)
    if (old.length > 0)
      await sql`DELETE FROM conversion_events WHERE seq IN (${sql.join(old)}) AND NOT EXISTS (
        SELECT 1 FROM conversion_deliveries d WHERE d.org_id = conversion_events.org_id
          AND d.event_id = conversion_events.event_id AND d.event_name = conversion_events.event_name)`.execute(
        db,
      )
    if (old.length < PER_STEP) return
    after = rows.at(-1)?.seq ?? after
  }
}

/** The rows of the organisation that has the most, by table; of `conversions` counted up to their limit. */
export type ConversionRows = Readonly<Record<keyof ConversionTableLimits, number>>

export interface SweepCount {
  readonly rows: ConversionRows
  /** Deliveries that have not ended, by organisation. */
  readonly waiting: ReadonlyMap<number, number>
  readonly byPlatform: ReadonlyMap<string, WaitingDeliveries>
}

/** The deliveries that wait, by organisation and by platform. */
async function waitingRows({ db }: Base['store']): Promise<Pick<SweepCount, 'waiting' | 'byPlatform'>> {
  // The oldest is the one with the lowest number, which an index gives; only the time of that one is read.
  const { rows } = await sql<{ org_id: number; platform: string; rows: number; first: number }>`
    SELECT org_id, platform, count(*) AS rows, min(seq) AS first FROM conversion_deliveries
    WHERE due_ms IS NOT NULL GROUP BY org_id, platform`.execute(db)
  const firsts = await db
    .selectFrom('conversion_deliveries')
    .select(['seq', 'created_ms'])
    .where('seq', 'in', [0, ...rows.map(({ first }) => first)])
    .execute()
  const createdMs = new Map(firsts.map(({ seq, created_ms }) => [Number(seq), Number(created_ms)]))
  const sumOf = (some: readonly { readonly rows: number }[]) =>
    some.reduce((sum, one) => sum + Number(one.rows), 0)
  return {
    waiting: new Map([...Map.groupBy(rows, (row) => row.org_id)].map(([org, some]) => [org, sumOf(some)])),
    byPlatform: new Map(
      [...Map.groupBy(rows, (row) => row.platform)].map(([platform, some]) => {
        const times = some.flatMap(({ first }) => createdMs.get(Number(first)) ?? [])
        return [platform, { rows: sumOf(some), sinceMs: times.length > 0 ? Math.min(...times) : undefined }]
      }),
    ),
  }
}

/** Counts rows, and deletes the oldest ended events of organisations that have too many. */
export async function shortenTables(
  { store }: Pick<Base, 'store'>,
  limits: ConversionTableLimits,
): Promise<SweepCount> {
  const { waiting, byPlatform } = await waitingRows(store)
  const conversions = await shortenTable(store, 'conversion_events', limits.conversions, (orgId, untilMs) =>
    forgetWhile({ store }, ({ created_ms }) => created_ms <= untilMs, orgId),
  )
  return {
    rows: { conversions, waiting_conversions: Math.max(0, ...waiting.values()) },
    waiting,
    byPlatform,
  }
}
