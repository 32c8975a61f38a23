import { sql } from 'kysely'
import type { DateRange, Row } from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import { turn } from '../../time/slices.ts'
import type { Engine, Store } from '../store/index.ts'

/** One report of one connection. */
export interface ReportId {
  readonly connectorId: string
  readonly reportType: string
}

export interface RowSource extends ReportId {
  readonly jobId: string
  /** Fields that identify a row. */
  readonly key: readonly string[]
  /** All fields of the report, besides those that only the platform knows. */
  readonly fields: readonly string[]
  /** Whether rows have dates. A row without one then belongs only to its job. */
  readonly dated: boolean
  /** Fields added to every row: account, time zone and currency. */
  readonly about: Row
}

/** One try of a download whose rows are added up. */
export interface Additive {
  /** Id of the try, unique among all jobs. */
  readonly download: string
  /** Fields that are added up over rows with the same key. */
  readonly sums: readonly string[]
}

/**
 * Rows of one statement and of one page, about a millisecond of work. The event loop gets a turn in between, so that
 * auctions do not wait.
 */
const PER_STATEMENT = 250
const PER_PAGE = 500

/**
 * Stores rows. A row with the key of a stored one replaces its values and keeps fields that were not requested this
 * time. Resolves with the number of rows that were replaced by another of these rows with the same key and other
 * values.
 * Rows of one additive download with the same key become one row: figures are added up, and of the other fields only
 * those of the report are kept.
 */
export async function upsertRows(
  { db, engine }: Store,
  clock: Clock,
  source: RowSource,
  rows: readonly Row[],
  additive?: Additive,
): Promise<number> {
  const now = isoTime(clock.nowMs())
  const { connectorId, reportType, jobId } = source
  const download = additive?.download ?? null
  let replacedHere = 0
  // One transaction, so that the disk is waited for once.
  await db.transaction().execute(async (tx) => {
    for (let from = 0; from < rows.length; from += PER_STATEMENT) {
      if (from > 0) await turn()
      // One JSON text: thousands of parameters would each be compiled into the statement and copied to SQLite's thread.
      const { text, lost } = textOf(source, rows.slice(from, from + PER_STATEMENT), additive?.sums)
      replacedHere += lost
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
  return replacedHere
}

/** SQL that merges two rows of a download: sums of additive fields, otherwise the later value. */
function added(engine: Engine, source: RowSource, sums: readonly string[]) {
  const pairs = fieldsOf(source).map((name) => {
    if (engine === 'postgres') {
      const sum = sql`(report_rows.data->>${name})::numeric + (excluded.data->>${name})::numeric`
      return sums.includes(name) ? sql`${name}::text, ${sum}` : sql`${name}::text, excluded.data->${name}`
    }
    const path = `$."${name}"`
    const sum = sql`json_extract(report_rows.data, ${path}) + json_extract(excluded.data, ${path})`
    // As withoutNoise does it; PostgreSQL adds decimally.
    const rounded = sql`CASE typeof(${sum}) WHEN 'real' THEN CAST(printf('%.15g', ${sum}) AS REAL) ELSE ${sum} END`
    return sums.includes(name) ? sql`${name}, ${rounded}` : sql`${name}, json(excluded.data->${path})`
  })
  const object = sql.join(pairs)
  return engine === 'postgres' ? sql`jsonb_build_object(${object})` : sql`json_object(${object})`
}

const fieldsOf = ({ key, fields, about }: RowSource): string[] => [
  ...new Set([...key, ...fields, ...Object.keys(about)]),
]

interface Text {
  readonly text: string
  /** Rows replaced by another of these rows with other values. */
  readonly lost: number
}

/** Keys, dates and fields of the rows as JSON; rows with the same key are merged. */
function textOf(source: RowSource, rows: readonly Row[], sums: readonly string[] | undefined): Text {
  const { key, dated, jobId, about } = source
  const byKey = new Map<string, Row>()
  let lost = 0
  for (const row of rows) {
    const named = key.map((field) => row[field] ?? null)
    // The key of a row without a date contains its job, because the row describes only the range of that job.
    const name = JSON.stringify(dated && dateOf(row) === '' ? [...named, jobId] : named)
    const known = byKey.get(name)
    const whole = { ...row, ...apart(about, row) }
    if (known && !sums && Object.entries(whole).some(([field, value]) => known[field] !== value)) lost += 1
    byKey.set(name, known && sums ? sumOf(source, known, whole, sums) : { ...known, ...whole })
  }
  return { text: JSON.stringify([...byKey].map(([name, row]) => [name, dateOf(row), row])), lost }
}

/** Merges two new rows, as {@link added} does with stored ones. */
function sumOf(source: RowSource, one: Row, other: Row, sums: readonly string[]): Row {
  return Object.fromEntries(
    fieldsOf(source).flatMap((name) => {
      if (!sums.includes(name)) return name in other ? [[name, other[name] ?? null]] : []
      const [first, second] = [one[name] ?? null, other[name] ?? null]
      return [[name, first === null || second === null ? null : withoutNoise(Number(first) + Number(second))]]
    }),
  )
}

/** Our own fields, renamed where the row has a column of the same name, so that none is overwritten. */
function apart(about: Row, row: Row): Row {
  if (!Object.keys(about).some((name) => name in row)) return about
  const free = (name: string): string => (name in row ? free(`_${name}`) : name)
  return Object.fromEntries(Object.entries(about).map(([name, value]) => [free(name), value]))
}

/** A sum of decimal figures as they would be added by hand: 0.1 and 0.2 are 0.3. */
const withoutNoise = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toPrecision(15)))

const dateOf = ({ date }: Row): string => (typeof date === 'string' ? date.slice(0, 10) : '')

/** Number of rows that a try of a download became. */
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
 * Deletes the rows in a range that a complete reading did not find. If it is interrupted, the next reading does it
 * again.
 * @param keep marks the rows instead of deleting them; rows already marked by an earlier reading are deleted all the
 * same
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

/** Condition for some rows of a report that this job has not brought meanwhile. */
const among = (
  { connectorId, reportType, jobId }: RowSource,
  rows: readonly { readonly row_key: string }[],
) => sql<boolean>`connector_id = ${connectorId} AND report_type = ${reportType} AND job_id != ${jobId}
  AND row_key IN (${sql.join(rows.map(({ row_key }) => row_key))})`

/** Deletes rows without a date whose job has no requests any more. */
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

/** Number of stored rows, or of those that a job has read. */
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

/** Range that selects a job's rows without a date, which come first. */
const UNDATED: DateRange = { start: '', end: '' }

/**
 * Yields rows ordered by date and key, one page at a time.
 * @param jobId for a dated report: includes the rows without a date that this job has read
 */
export async function* readRows(
  store: Store,
  report: ReportId,
  range: DateRange | undefined,
  jobId?: string,
): AsyncGenerator<readonly Row[]> {
  for await (const page of readTexts(store, report, range, jobId))
    yield page.map((text): Row => parseJson(text))
}

/** As {@link readRows}, but yields rows as stored JSON text. */
export async function* readTexts(
  store: Store,
  report: ReportId,
  range: DateRange | undefined,
  jobId?: string,
): AsyncGenerator<readonly string[]> {
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
): AsyncGenerator<readonly string[]> {
  for (let after: Place | undefined; ; await turn()) {
    const page = await pageOf(store, report, range, after)
      .select(['date', 'row_key', 'data', 'job_id', 'absent_since'])
      .execute()
    const rows = page.filter(isWanted)
    if (rows.length > 0) yield rows.map(({ data }) => data)
    after = page.at(-1)
    if (page.length < PER_PAGE) return
  }
}

/**
 * Calls `visit` with the day and the cells of each row.
 * @param by only rows that this job has read; without it, those of the last complete reading
 */
export async function visitRows(
  store: Store,
  report: ReportId,
  range: DateRange,
  visit: (date: string, row: Row) => void,
  by?: string,
): Promise<void> {
  const isWanted = (row: StoredRow) => (by === undefined ? row.absent_since === null : row.job_id === by)
  for await (const page of pagesOf(store, report, range, isWanted)) {
    for (const text of page) {
      const row: Row = parseJson(text)
      visit(dateOf(row), row)
    }
  }
}

/** Rows of one day. */
export interface DayCount {
  readonly date: string
  readonly all: number
  /** Those that the job has read. */
  readonly read: number
  /** Those that an earlier reading lacked already. */
  readonly absent: number
}

/** Counts stored rows by day. */
export async function countByDay(
  { db }: Store,
  { connectorId, reportType, jobId }: RowSource,
  range: DateRange,
): Promise<readonly DayCount[]> {
  const days = await db
    .selectFrom('report_rows')
    .select((s) => [
      'date',
      s.fn.countAll<number>().as('all'),
      sql<number>`SUM(CASE WHEN job_id = ${jobId} THEN 1 ELSE 0 END)`.as('read'),
      sql<number>`SUM(CASE WHEN absent_since IS NULL THEN 0 ELSE 1 END)`.as('absent'),
    ])
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('date', '>=', range.start)
    .where('date', '<=', range.end)
    .groupBy('date')
    .orderBy('date')
    .execute()
  return days.map(({ date, all, read, absent }) => ({
    date,
    all: Number(all),
    read: Number(read),
    absent: Number(absent),
  }))
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
  // Only one of the conditions: with both, SQLite would start at the first date and scan all earlier pages again.
  if (after) return query.where(sql<boolean>`(date, row_key) > (${after.date}, ${after.row_key})`)
  return range ? query.where('date', '>=', range.start) : query
}
