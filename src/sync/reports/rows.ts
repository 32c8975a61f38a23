import { sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import type { DateRange, Row } from '../connectors/read-connector.ts'
import type { Store, Tables } from '../store/index.ts'

/** Rows of one report of one connection. */
export interface ReportId {
  readonly connectorId: string
  readonly reportType: string
}

export interface RowSource extends ReportId {
  readonly jobId: string
  /** Fields that name a row. */
  readonly key: readonly string[]
  /** Said on every row: whose it is, in which time zone and currency. */
  readonly about: Row
}

/** Rows of one statement; its parameters stay below the limits of both engines. */
const PER_STATEMENT = 1_000
const PER_PAGE = 5_000

/** Stores rows; a row with the same key takes over the new values, and keeps fields that were not asked for this time. */
export async function upsertRows(
  { db, engine }: Store,
  clock: Clock,
  source: RowSource,
  rows: readonly Row[],
): Promise<void> {
  const now = isoTime(clock.nowMs())
  const merged =
    engine === 'postgres'
      ? sql<string>`report_rows.data || excluded.data`
      : sql<string>`json_patch(report_rows.data, excluded.data)`
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const key = JSON.stringify(source.key.map((field) => row[field] ?? null))
    byKey.set(key, { ...byKey.get(key), ...row, ...source.about })
  }
  const values = [...byKey].map(([rowKey, row]) => ({
    connector_id: source.connectorId,
    report_type: source.reportType,
    row_key: rowKey,
    date: dateOf(row),
    data: JSON.stringify(row),
    job_id: source.jobId,
    first_seen_at: now,
    changed_at: now,
  }))
  for (let from = 0; from < values.length; from += PER_STATEMENT) {
    await db
      .insertInto('report_rows')
      .values(values.slice(from, from + PER_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['connector_id', 'report_type', 'row_key']).doUpdateSet({
          data: merged,
          date: sql<string>`excluded.date`,
          job_id: sql<string>`excluded.job_id`,
          changed_at: sql<string>`excluded.changed_at`,
        }),
      )
      .execute()
  }
}

const dateOf = ({ date }: Row): string => (typeof date === 'string' ? date.slice(0, 10) : '')

/** Rows of a range that a complete reading did not find any more are gone at the platform too. */
export async function removeVanished(
  tx: Transaction<Tables>,
  { connectorId, reportType, jobId }: RowSource,
  range: DateRange | undefined,
): Promise<number> {
  let query = tx
    .deleteFrom('report_rows')
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('job_id', '!=', jobId)
  if (range) query = query.where('date', '>=', range.start).where('date', '<=', range.end)
  const { numDeletedRows } = await query.executeTakeFirst()
  return Number(numDeletedRows)
}

/** How many rows are known. */
export async function countRows(
  { db }: Store,
  { connectorId, reportType }: ReportId,
  range: DateRange | undefined,
): Promise<number> {
  let query = db
    .selectFrom('report_rows')
    .select((s) => s.fn.countAll<number>().as('rows'))
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
  if (range) query = query.where('date', '>=', range.start).where('date', '<=', range.end)
  return Number((await query.executeTakeFirstOrThrow()).rows)
}

/** Rows in the order of their dates and keys, a page at a time. */
export async function* readRows(
  { db }: Store,
  { connectorId, reportType }: ReportId,
  range: DateRange | undefined,
): AsyncGenerator<readonly Row[]> {
  let after: { date: string; row_key: string } | undefined
  for (;;) {
    let query = db
      .selectFrom('report_rows')
      .select(['date', 'row_key', 'data'])
      .where('connector_id', '=', connectorId)
      .where('report_type', '=', reportType)
      .orderBy('date')
      .orderBy('row_key')
      .limit(PER_PAGE)
    if (range) query = query.where('date', '>=', range.start).where('date', '<=', range.end)
    if (after) query = query.where(sql<boolean>`(date, row_key) > (${after.date}, ${after.row_key})`)
    const page = await query.execute()
    if (page.length > 0) yield page.map(({ data }): Row => JSON.parse(data))
    after = page.at(-1)
    if (page.length < PER_PAGE) return
  }
}
