import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { DateRange, Row } from '../connectors/read-connector.ts'
import type { Engine, Store } from '../store/index.ts'

/** Rows of one report of one connection. */
export interface ReportId {
  readonly connectorId: string
  readonly reportType: string
}

export interface RowSource extends ReportId {
  readonly jobId: string
  /** Fields that name a row. */
  readonly key: readonly string[]
  /** All fields that the report may have, beside those that only the platform knows. */
  readonly fields: readonly string[]
  /** Whether rows are of dates; one without a date then belongs to its job alone. */
  readonly dated: boolean
  /** Said on every row: whose it is, in which time zone and currency. */
  readonly about: Row
}

/** One try of a download whose rows add up. */
export interface Additive {
  /** Different for each try, of any job. */
  readonly download: string
  /** Fields that add up over rows with the same key. */
  readonly sums: readonly string[]
}

/**
 * Rows of one statement, and of one page: about a millisecond each. Between two of them the event loop is given a turn, or
 * auctions would wait until all is put together, or read.
 */
const PER_STATEMENT = 250
const PER_PAGE = 500

/**
 * Stores rows. One with the same key as an older one takes over the new values, and keeps fields that were not asked for
 * this time. Rows of one download with the same key become one: its figures are their sums, and of other fields only those
 * of the report are kept.
 */
export async function upsertRows(
  { db, engine }: Store,
  clock: Clock,
  source: RowSource,
  rows: readonly Row[],
  additive?: Additive,
): Promise<void> {
  const now = isoTime(clock.nowMs())
  const { connectorId, reportType, jobId } = source
  const download = additive?.download ?? null
  // Together, so that the disk is waited for once.
  await db.transaction().execute(async (tx) => {
    for (let from = 0; from < rows.length; from += PER_STATEMENT) {
      if (from > 0) await turn()
      // One text: thousands of values would each be compiled into the statement, and copied for SQLite's thread.
      const text = textOf(source, rows.slice(from, from + PER_STATEMENT), additive?.sums)
      const [list, replaced] =
        engine === 'postgres'
          ? [sql`jsonb_array_elements(${text}::jsonb) AS list(value)`, sql`report_rows.data || excluded.data`]
          : [sql`json_each(${text})`, sql`json_patch(report_rows.data, excluded.data)`]
      const merged = additive
        ? sql`CASE WHEN report_rows.download = excluded.download THEN ${added(engine, source, additive.sums)} ELSE ${replaced} END`
        : replaced
      await sql`
        INSERT INTO report_rows
          (connector_id, report_type, row_key, date, data, job_id, first_seen_at, changed_at, download)
        SELECT ${connectorId}, ${reportType}, value->>0, value->>1, value->2, ${jobId}, ${now}, ${now}, ${download}
        FROM ${list} WHERE true
        ON CONFLICT (connector_id, report_type, row_key) DO UPDATE SET data = ${merged}, date = excluded.date,
          job_id = excluded.job_id, changed_at = excluded.changed_at, download = excluded.download,
          absent_since = NULL`.execute(tx)
    }
  })
  await turn()
}

/** Of two rows of one download, the fields of the report: sums of what adds up, else the later value. */
function added(engine: Engine, source: RowSource, sums: readonly string[]) {
  const pairs = fieldsOf(source).map((name) => {
    if (engine === 'postgres') {
      const sum = sql`(report_rows.data->>${name})::numeric + (excluded.data->>${name})::numeric`
      return sums.includes(name) ? sql`${name}::text, ${sum}` : sql`${name}::text, excluded.data->${name}`
    }
    const path = `$."${name}"`
    const sum = sql`json_extract(report_rows.data, ${path}) + json_extract(excluded.data, ${path})`
    return sums.includes(name) ? sql`${name}, ${sum}` : sql`${name}, json(excluded.data->${path})`
  })
  const object = sql.join(pairs)
  return engine === 'postgres' ? sql`jsonb_build_object(${object})` : sql`json_object(${object})`
}

const fieldsOf = ({ key, fields, about }: RowSource): string[] => [
  ...new Set([...key, ...fields, ...Object.keys(about)]),
]

/** Key, date and fields of each row, as JSON; of rows with the same key one. */
function textOf(source: RowSource, rows: readonly Row[], sums: readonly string[] | undefined): string {
  const { key, dated, jobId, about } = source
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const named = key.map((field) => row[field] ?? null)
    // What is of no date is of the range that was read, and of no other.
    const name = JSON.stringify(dated && dateOf(row) === '' ? [...named, jobId] : named)
    const known = byKey.get(name)
    const whole = { ...row, ...apart(about, row) }
    byKey.set(name, known && sums ? sumOf(source, known, whole, sums) : { ...known, ...whole })
  }
  return JSON.stringify([...byKey].map(([name, row]) => [name, dateOf(row), row]))
}

/** As {@link added} does for rows that are stored already. */
function sumOf(source: RowSource, one: Row, other: Row, sums: readonly string[]): Row {
  return Object.fromEntries(
    fieldsOf(source).flatMap((name) => {
      if (!sums.includes(name)) return name in other ? [[name, other[name] ?? null]] : []
      const [first, second] = [one[name] ?? null, other[name] ?? null]
      return [[name, first === null || second === null ? null : Number(first) + Number(second)]]
    }),
  )
}

/** Our own fields under names that the row has not, so that no column of the caller's is overwritten. */
function apart(about: Row, row: Row): Row {
  if (!Object.keys(about).some((name) => name in row)) return about
  const free = (name: string): string => (name in row ? free(`_${name}`) : name)
  return Object.fromEntries(Object.entries(about).map(([name, value]) => [free(name), value]))
}

const dateOf = ({ date }: Row): string => (typeof date === 'string' ? date.slice(0, 10) : '')

/** How many rows a try of a download has become. */
export async function countOfDownload({ db }: Store, report: ReportId, download: string): Promise<number> {
  const { rows } = await db
    .selectFrom('report_rows')
    .select((s) => s.fn.countAll<number>().as('rows'))
    .where('connector_id', '=', report.connectorId)
    .where('report_type', '=', report.reportType)
    .where('download', '=', download)
    .executeTakeFirstOrThrow()
  return Number(rows)
}

/**
 * Looks at the rows of a range that a complete reading did not find any more. Broken off, it is done again with the next
 * reading.
 *
 * @param keep marks the rows instead of deleting them; those that an earlier reading marked are deleted all the same
 */
export async function removeVanished(
  store: Store,
  clock: Clock,
  source: RowSource,
  range: DateRange | undefined,
  keep = false,
): Promise<{ readonly removed: number; readonly kept: number }> {
  const { jobId } = source
  let [removed, kept] = [0, 0]
  for (let after: Place | undefined; ; await turn()) {
    const page = await pageOf(store, source, range, after)
      .select(['date', 'row_key', 'job_id', 'absent_since'])
      .execute()
    const lacking = page.filter(({ job_id }) => job_id !== jobId)
    const gone = lacking.filter(({ absent_since }) => !keep || absent_since !== null)
    const marked = lacking.filter((row) => !gone.includes(row))
    if (gone.length > 0) await store.db.deleteFrom('report_rows').where(among(source, gone)).execute()
    if (marked.length > 0)
      await store.db
        .updateTable('report_rows')
        .set({ absent_since: isoTime(clock.nowMs()) })
        .where(among(source, marked))
        .execute()
    removed += gone.length
    kept += marked.length
    after = page.at(-1)
    if (page.length < PER_PAGE) break
  }
  if (source.dated) await removeOldUndated(store, source)
  return { removed, kept }
}

/** Some rows of a report, as far as this job has not brought them meanwhile. */
const among = (
  { connectorId, reportType, jobId }: RowSource,
  rows: readonly { readonly row_key: string }[],
) => sql<boolean>`connector_id = ${connectorId} AND report_type = ${reportType} AND job_id != ${jobId}
  AND row_key IN (${sql.join(rows.map(({ row_key }) => row_key))})`

/** Rows without a date belong to the requests of their job, and go with the last of them. */
async function removeOldUndated({ db }: Store, { connectorId, reportType, jobId }: RowSource): Promise<void> {
  await db
    .deleteFrom('report_rows')
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('date', '=', '')
    .where('job_id', '!=', jobId)
    .where('job_id', 'not in', (s) => s.selectFrom('connector_requests').select('job_id'))
    .execute()
}
/** How many rows are known, or of them those that a job has read. */
export async function countRows(
  { db }: Store,
  { connectorId, reportType }: ReportId,
  range: DateRange | undefined,
  jobId?: string,
): Promise<number> {
  let query = db
    .selectFrom('report_rows')
    .select((s) => s.fn.countAll<number>().as('rows'))
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
  if (range) query = query.where('date', '>=', range.start).where('date', '<=', range.end)
  if (jobId !== undefined) query = query.where('job_id', '=', jobId)
  return Number((await query.executeTakeFirstOrThrow()).rows)
}

/** A reading of a range: its job's rows without a date come first. */
const UNDATED: DateRange = { start: '', end: '' }

/**
 * Rows in the order of their dates and keys, a page at a time.
 *
 * @param jobId of a report over dates: the rows without one that this job has read come as well
 */
export async function* readRows(
  store: Store,
  report: ReportId,
  range: DateRange | undefined,
  jobId?: string,
): AsyncGenerator<readonly Row[]> {
  if (range && jobId !== undefined) yield* pagesOf(store, report, UNDATED, (row) => row.job_id === jobId)
  yield* pagesOf(store, report, range, () => true)
}

interface StoredRow extends Place {
  readonly data: string
  readonly job_id: string
  readonly absent_since: string | null
}

async function* pagesOf(
  store: Store,
  report: ReportId,
  range: DateRange | undefined,
  isWanted: (row: StoredRow) => boolean,
): AsyncGenerator<readonly Row[]> {
  for (let after: Place | undefined; ; await turn()) {
    const page = await pageOf(store, report, range, after)
      .select(['date', 'row_key', 'data', 'job_id', 'absent_since'])
      .execute()
    const rows = page.filter(isWanted)
    if (rows.length > 0) yield rows.map(({ data }): Row => parseJson(data))
    after = page.at(-1)
    if (page.length < PER_PAGE) return
  }
}

/**
 * What the rows of each day come to.
 *
 * @param by only the rows that this job has read; without it, those that the last complete reading had
 */
export async function sumByDay(
  store: Store,
  report: ReportId,
  range: DateRange,
  figureOf: (row: Row) => number,
  by?: string,
): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  const isWanted = (row: StoredRow) => (by === undefined ? row.absent_since === null : row.job_id === by)
  for await (const page of pagesOf(store, report, range, isWanted))
    for (const row of page) sums.set(dateOf(row), (sums.get(dateOf(row)) ?? 0) + figureOf(row))
  return sums
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
