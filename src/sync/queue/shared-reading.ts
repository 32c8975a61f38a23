import { type Selectable, type SqlBool, sql, type Transaction } from 'kysely'
import { type DateRange, dateIn, daysOf } from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import { textAt } from '../../json/json-at.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import { type JobTable, OPEN_JOB_STATUSES, type Store, type SyncDatabase } from '../store/index.ts'
import type { NewRequest } from './new-request.ts'

/** Requests share a reading within this many milliseconds of its first request, or of its end. */
const BATCH_WINDOW_MS = 300_000
/** Most requests of one job, since each lists all others. */
const MAX_BATCH = 50
/** Most readings that are examined, newest first. */
const MAX_READINGS = 20

export type JobRow = Selectable<JobTable>

/** A reading that can serve a new request. */
export type SharedReading =
  /** The job has not begun; its dates and fields can still grow. */
  | { readonly is: 'waiting'; readonly job: JobRow }
  /** The job has begun, or serves others from stored rows, and contains everything that is asked for. */
  | { readonly is: 'joined'; readonly job: JobRow }
  /** The job is done, and its rows are fresh. */
  | { readonly is: 'done'; readonly job: JobRow; readonly requestId: string; readonly result: string }
  /** The same request was answered; its file is there. */
  | { readonly is: 'same'; readonly jobId: string; readonly requestId: string; readonly result: string }

/** The parts of a result that requests sharing it are told. */
export interface Said {
  readonly fetched_at: string
  readonly records_fetched: number
  readonly caveats: readonly string[]
}

/** Finds a reading that can serve a request. It is always of the same connection, and so of the same organisation. */
export async function findShared(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
): Promise<SharedReading | undefined> {
  if (!wanted.fresh) {
    const found = (await findDone(tx, store, clock, wanted)) ?? (await findBegun(tx, store, clock, wanted))
    if (found) return found
  }
  const job = await findWaiting(tx, store, clock, wanted)
  return job && { is: 'waiting', job }
}

/** The parameters of a request as stored. Requests of a report with equal parameters are the same request. */
export const paramsOf = ({ range, fields }: Pick<NewRequest, 'range' | 'fields'>): string =>
  JSON.stringify({ date_range: range && { start: range.start, end: range.end }, fields })

const hasRoom = sql<SqlBool>`(SELECT count(*) FROM connector_requests q WHERE q.job_id = fetch_jobs.id) < ${MAX_BATCH}`

async function findWaiting(
  tx: Transaction<SyncDatabase>,
  { engine }: Store,
  clock: Clock,
  { connectorId, reportType, range, maxDays }: NewRequest,
): Promise<JobRow | undefined> {
  let query = tx
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('status', '=', 'queued')
    // A conversation that has begun cannot change what it asks for.
    .where('claim', '=', 0)
    .where('rows_of', 'is', null)
    .where('created_at', '>', isoTime(clock.nowMs() - BATCH_WINDOW_MS))
    .where(hasRoom)
    .orderBy('created_at')
    .limit(1)
  query = range
    ? query.where('range_start', '<=', range.end).where('range_end', '>=', range.start)
    : query.where('range_start', 'is', null)
  // Locks the job: a job runner that would take it now waits, and then takes the wider one.
  if (engine === 'postgres') query = query.forUpdate()
  const similar = await query.executeTakeFirst()
  const union = similar && unionOf(similar, range)
  if (union && maxDays !== undefined && daysOf(union) > maxDays) return undefined
  return similar
}

/** Finds a running reading that began recently and contains everything that is asked for. */
async function findBegun(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
): Promise<SharedReading | undefined> {
  const begun = await tx
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('connector_id', '=', wanted.connectorId)
    .where('report_type', '=', wanted.reportType)
    .where('status', 'in', OPEN_JOB_STATUSES)
    .where('claim', '>', 0)
    .where('rows_of', 'is', null)
    .where('created_at', '>', isoTime(clock.nowMs() - BATCH_WINDOW_MS))
    .orderBy('created_at')
    .execute()
  if (begun.length === 0) return undefined
  const connection = await connectionOf(tx, wanted.connectorId)
  const found = begun.find((one) => brings(one, wanted) && isCurrent(one, clock, wanted, connection))
  if (!found) return undefined
  // The job may have ended meanwhile.
  return (await joined(tx, store, found.id)) ?? findDone(tx, store, clock, wanted)
}

/** Locks a job that can be joined, so that it cannot end before the new request is stored. */
async function joined(
  tx: Transaction<SyncDatabase>,
  { engine }: Store,
  jobId: string,
): Promise<SharedReading | undefined> {
  let query = tx
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('id', '=', jobId)
    .where('status', 'in', OPEN_JOB_STATUSES)
    // A job during which a process died serves no further request.
    .where('deaths', '=', 0)
    .where(hasRoom)
  if (engine === 'postgres') query = query.forUpdate()
  const job = await query.executeTakeFirst()
  return job && { is: 'joined', job }
}

/**
 * Finds a reading that ended recently. It is not used if another reading of the same dates has begun since without
 * containing them whole, because its rows would be mixed in. A reading with a caveat is never used, because asking
 * again is how a caller resolves the caveat.
 */
async function findDone(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
): Promise<SharedReading | undefined> {
  const { connectorId, reportType, range } = wanted
  let query = tx
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('rows_of', 'is', null)
    .where('claim', '>', 0)
  query = range
    ? query.where('range_start', '<=', range.end).where('range_end', '>=', range.start)
    : query.where('range_start', 'is', null)
  const ended = await query
    .where('finished_at', '>', isoTime(clock.nowMs() - BATCH_WINDOW_MS))
    .orderBy('finished_at', 'desc')
    .limit(MAX_READINGS)
    .execute()
  if (ended.length === 0) return undefined
  const underWay = await query.where('status', 'in', OPEN_JOB_STATUSES).limit(1).executeTakeFirst()
  if (underWay) return undefined

  const connection = await connectionOf(tx, connectorId)
  for (const job of ended) {
    const first = job.status === 'completed' ? await resultOf(tx, job.id) : undefined
    if (!first || !isWhole(first.result)) return undefined
    if (brings(job, wanted) && isCurrent(job, clock, wanted, connection))
      return (await sameOf(tx, store, job.id, wanted)) ?? { is: 'done', job, ...first }
  }
  return undefined
}

const isWhole = (result: string): boolean => {
  const { caveats }: Said = parseJson(result)
  return caveats.length === 0
}

/** Result of a job for its first request. */
export async function resultOf(
  tx: Transaction<SyncDatabase> | Store['db'],
  jobId: string,
): Promise<{ requestId: string; result: string } | undefined> {
  const row = await tx
    .selectFrom('connector_requests')
    .select(['id', 'result'])
    .where('job_id', '=', jobId)
    .where('status', '=', 'completed')
    .where('result', 'is not', null)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return row?.result == null ? undefined : { requestId: row.id, result: row.result }
}

/** Finds the same request, answered or about to be answered from the same rows. */
async function sameOf(
  tx: Transaction<SyncDatabase>,
  store: Store,
  jobId: string,
  wanted: NewRequest,
): Promise<SharedReading | undefined> {
  const found = await tx
    .selectFrom('connector_requests')
    .innerJoin('fetch_jobs', 'fetch_jobs.id', 'connector_requests.job_id')
    .select(['connector_requests.id', 'connector_requests.job_id', 'connector_requests.result'])
    .where(({ eb, or }) => or([eb('fetch_jobs.id', '=', jobId), eb('fetch_jobs.rows_of', '=', jobId)]))
    .where('connector_requests.params', '=', paramsOf(wanted))
    .where('connector_requests.status', 'in', ['queued', 'running', 'completed'])
    .orderBy('connector_requests.created_at')
    .limit(1)
    .executeTakeFirst()
  if (!found) return undefined
  const { id: requestId, job_id, result } = found
  // Its file may have been deleted to make room for others.
  if (result !== null && textAt(parseJson(result), 'storage_location') === undefined) return undefined
  return result === null ? joined(tx, store, job_id) : { is: 'same', jobId: job_id, requestId, result }
}

interface Connection {
  readonly changedAt: string | null
  readonly timezone: string | undefined
}

async function connectionOf(tx: Transaction<SyncDatabase>, id: string): Promise<Connection> {
  const { changed_at: changedAt, metadata } = await tx
    .selectFrom('connectors')
    .select(['changed_at', 'metadata'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { timezone }: { timezone?: string } = parseJson(metadata)
  return { changedAt, timezone }
}

/** Whether a job reads everything that is asked for. */
function brings(job: JobRow, { range, fields }: NewRequest): boolean {
  const read: readonly string[] = parseJson(job.fields)
  if (!fields.every((field) => read.includes(field))) return false
  if (!range) return job.range_start === null
  return (job.range_start ?? '~') <= range.start && range.end <= (job.range_end ?? '')
}

/**
 * Whether a finished reading is as good as one that would begin now: nothing was changed since it began, and none of
 * the wanted days has ended since, because the reading shows such a day as unfinished. Figures of the present day may
 * be used while they are fresh, since platforms do not show them to the minute.
 */
function isCurrent(job: JobRow, clock: Clock, { range }: NewRequest, connection: Connection): boolean {
  const begunAt = job.started_at ?? job.created_at
  if (connection.changedAt !== null && begunAt <= connection.changedAt) return false
  if (!range) return true
  const dayOfReading = dateIn(Date.parse(begunAt), connection.timezone)
  return range.end < dayOfReading || dateIn(clock.nowMs(), connection.timezone) === dayOfReading
}

/** The dates of a job together with those of a request; undefined for a report without dates. */
export function unionOf(job: JobRow, range: DateRange | undefined): DateRange | undefined {
  if (!range || job.range_start === null || job.range_end === null) return undefined
  const start = range.start < job.range_start ? range.start : job.range_start
  const end = range.end > job.range_end ? range.end : job.range_end
  return { start, end }
}
