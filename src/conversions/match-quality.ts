import { type Kysely, sql } from 'kysely'
import type { Store, SyncDatabase } from '../sync/index.ts'
import { isoTime } from '../time/clock.ts'
import { type JsonColumns, jsonRows } from './json-rows.ts'

const DAY_MS = 86_400_000
const COLUMNS: JsonColumns = {
  org_id: 'bigint',
  platform: 'text',
  day_ms: 'bigint',
  events: 'bigint',
  quality_sum: 'double precision',
}

/** The columns of a delivery that its estimate is counted by. */
export interface EstimatedDelivery {
  readonly org_id: number
  readonly platform: string
  readonly state: string
  /** From 0 to 10. */
  readonly match_quality: number
  readonly created_ms: number
}

/**
 * Adds new deliveries to the sums of their day (UTC), in the transaction that stores them. Deliveries that were refused
 * here are not counted.
 * @param sign -1 takes back what was added of those that were not new
 */
export async function countQuality(
  tx: Kysely<SyncDatabase>,
  engine: Store['engine'],
  deliveries: readonly EstimatedDelivery[],
  sign: 1 | -1,
): Promise<void> {
  const days = new Map<
    string,
    { org_id: number; platform: string; day_ms: number; events: number; quality_sum: number }
  >()
  for (const { org_id, platform, state, match_quality, created_ms } of deliveries) {
    if (state === 'dead') continue
    const day_ms = created_ms - (created_ms % DAY_MS)
    const key = `${org_id} ${platform} ${day_ms}`
    const day = days.get(key) ?? { org_id, platform, day_ms, events: 0, quality_sum: 0 }
    days.set(key, day)
    day.events += sign
    day.quality_sum += sign * match_quality
  }
  if (days.size === 0) return
  const names = sql.join(Object.keys(COLUMNS).map((name) => sql.ref(name)))
  // Sorted, so that two processes lock the same days in the same order.
  const rows = [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day)
  await sql`INSERT INTO conversion_quality_days (${names}) SELECT ${names} FROM ${jsonRows(engine, COLUMNS, rows)}
    WHERE true ON CONFLICT (org_id, platform, day_ms) DO UPDATE SET events = conversion_quality_days.events + excluded.events,
      quality_sum = conversion_quality_days.quality_sum + excluded.quality_sum`.execute(tx)
}

/** The mean estimate over one platform's deliveries of one day. */
export interface QualityDay {
  readonly date: string
  readonly platform: string
  readonly events: number
  /** From 0 to 10. */
  readonly match_quality: number
}

/** The latest days of an organisation, oldest first. Days without deliveries are left out. */
export async function qualityDays(
  { db }: Store,
  orgId: number,
  fromMs: number,
  platform: string | undefined,
): Promise<QualityDay[]> {
  let query = db
    .selectFrom('conversion_quality_days')
    .selectAll()
    .where('org_id', '=', orgId)
    .where('day_ms', '>=', fromMs - (fromMs % DAY_MS))
    .where('events', '>', 0)
    .orderBy('day_ms')
    .orderBy('platform')
  if (platform !== undefined) query = query.where('platform', '=', platform)
  return (await query.execute()).map(({ day_ms, platform: name, events, quality_sum }) => ({
    date: isoTime(day_ms).slice(0, 10),
    platform: name,
    events,
    match_quality: Math.round((100 * quality_sum) / events) / 100,
  }))
}
