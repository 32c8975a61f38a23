import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import type { DateRange, Row } from '../connectors/read-connector.ts'
import type { Store } from '../store/index.ts'

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

/**
 * Rows of one statement, and of one page: about a millisecond each. Between two of them the event loop is given a turn, or
 * auctions would wait until all is put together, or read.
 */
const PER_STATEMENT = 250
const PER_PAGE = 500

/** Stores rows; a row with the same key takes over the new values, and keeps fields that were not asked for this time. */
export async function upsertRows(
  { db, engine }: Store,
  clock: Clock,
  source: RowSource,
  rows: readonly Row[],
): Promise<void> {
  const now = isoTime(clock.nowMs())
  const { connectorId, reportType, jobId } = source
  // Together, so that the disk is waited for once.
  await db.transaction().execute(async (tx) => {
    for (let from = 0; from < rows.length; from += PER_STATEMENT) {
      if (from > 0) await turn()
      // One text: thousands of values would each be compiled into the statement, and copied for SQLite's thread.
      const text = textOf(source, rows.slice(from, from + PER_STATEMENT))
      const [list, merged] =
        engine === 'postgres'
          ? [sql`jsonb_array_elements(${text}::jsonb) AS list(value)`, sql`report_rows.data || excluded.data`]
          : [sql`json_each(${text})`, sql`json_patch(report_rows.data, excluded.data)`]
      await sql`
        INSERT INTO report_rows (connector_id, report_type, row_key, date, data, job_id, first_seen_at, changed_at)
        SELECT ${connectorId}, ${reportType}, value->>0, value->>1, value->2, ${jobId}, ${now}, ${now}
        FROM ${list} WHERE true
        ON CONFLICT (connector_id, report_type, row_key) DO UPDATE SET data = ${merged}, date = excluded.date,
          job_id = excluded.job_id, changed_at = excluded.changed_at`.execute(tx)
    }
  })
  await turn()
}

/** Key, date and fields of each row, as JSON; of rows with the same key one that has the fields of all. */
function textOf({ key, about }: RowSource, rows: readonly Row[]): string {
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const name = JSON.stringify(key.map((field) => row[field] ?? null))
    byKey.set(name, { ...byKey.get(name), ...row, ...about })
  }
  return JSON.stringify([...byKey].map(([name, row]) => [name, dateOf(row), row]))
}

const dateOf = ({ date }: Row): string => (typeof date === 'string' ? date.slice(0, 10) : '')

/**
 * Rows of a range that a complete reading did not find any more are gone at the platform too. Broken off, it is done again
 * with the next reading.
 */
export async function removeVanished(
  store: Store,
  { connectorId, reportType, jobId }: RowSource,
  range: DateRange | undefined,
): Promise<number> {
  let removed = 0
  for (let after: Place | undefined; ; await turn()) {
    const page = await pageOf(store, { connectorId, reportType }, range, after)
      .select(['date', 'row_key', 'job_id'])
      .execute()
    const gone = page.filter(({ job_id }) => job_id !== jobId).map(({ row_key }) => row_key)
    if (gone.length > 0)
      await store.db
        .deleteFrom('report_rows')
        .where('connector_id', '=', connectorId)
        .where('report_type', '=', reportType)
        .where('job_id', '!=', jobId)
        .where('row_key', 'in', gone)
        .execute()
    removed += gone.length
    after = page.at(-1)
    if (page.length < PER_PAGE) return removed
  }
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
  store: Store,
  report: ReportId,
  range: DateRange | undefined,
): AsyncGenerator<readonly Row[]> {
  for (let after: Place | undefined; ; await turn()) {
    const page = await pageOf(store, report, range, after).select(['date', 'row_key', 'data']).execute()
    if (page.length > 0) yield page.map(({ data }): Row => JSON.parse(data))
    after = page.at(-1)
    if (page.length < PER_PAGE) return
  }
}

/** Where a page ended. */
interface Place {
  readonly date: string
  readonly row_key: string
}

function pageOf(
  { db }: Store,
  { connectorId, reportType }: ReportId,
  range: DateRange | undefined,
  after: Place | undefined,
) {
  let query = db
    .selectFrom('report_rows')
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .orderBy('date')
    .orderBy('row_key')
    .limit(PER_PAGE)
  if (range) query = query.where('date', '<=', range.end)
  // Either, not both: SQLite would take the first date for the beginning, and go through all earlier pages again.
  if (after) return query.where(sql<boolean>`(date, row_key) > (${after.date}, ${after.row_key})`)
  return range ? query.where('date', '>=', range.start) : query
}
