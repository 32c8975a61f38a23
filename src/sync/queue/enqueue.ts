import { randomUUID } from 'node:crypto'
import { type Selectable, sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { DateRange } from '../connectors/read-connector.ts'
import type { JobTable, Store, Tables } from '../store/index.ts'
import { type QueuePriority, turnAtMs } from './priority.ts'

export interface NewRequest {
  readonly connectorId: string
  readonly orgId: number
  readonly reportType: string
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
  readonly priority: QueuePriority
  readonly syncJobId: string | undefined
  /** Longest range of one call to the platform; a merge does not go beyond it. */
  readonly maxDays: number | undefined
}

export interface Enqueued {
  readonly requestId: string
  readonly jobId: string
  readonly batchedWith: readonly string[]
}

/** Similar requests are merged when they come within this time of the first of them. */
const BATCH_WINDOW_MS = 300_000
/** Requests of one job: each names all the others. */
const MAX_BATCH = 50

const DAY_MS = 86_400_000

/** Days of a range, both ends included. */
export const daysOf = ({ start, end }: DateRange): number =>
  Math.round((Date.parse(end) - Date.parse(start)) / DAY_MS) + 1

/**
 * Stores a request. Where one for the same connection and report, over dates that overlap, still waits, both become one
 * conversation over the union of their dates and fields.
 */
export function enqueue(store: Store, clock: Clock, wanted: NewRequest): Promise<Enqueued> {
  return store.db.transaction().execute((tx) => enqueueIn(tx, store, clock, wanted))
}

/** {@link enqueue} as part of a larger change. */
export async function enqueueIn(
  tx: Transaction<Tables>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
): Promise<Enqueued> {
  const similar = await findSimilar(tx, store, clock, wanted)
  const jobId = similar ? await widen(tx, clock, similar, wanted) : await insertJob(tx, clock, wanted)
  const siblings = await tx
    .selectFrom('connector_requests')
    .select('id')
    .where('job_id', '=', jobId)
    .where('status', '=', 'queued')
    .execute()
  const batchedWith = siblings.map(({ id }) => id)
  const requestId = randomUUID()
  const { range, fields } = wanted
  await tx
    .insertInto('connector_requests')
    .values({
      id: requestId,
      connector_id: wanted.connectorId,
      org_id: wanted.orgId,
      request_type: wanted.reportType,
      params: JSON.stringify({ date_range: range, fields }),
      status: 'queued',
      priority: wanted.priority,
      batched_with: JSON.stringify(batchedWith),
      created_at: isoTime(clock.nowMs()),
      job_id: jobId,
      sync_job_id: wanted.syncJobId ?? null,
    })
    .execute()
  for (const id of batchedWith) {
    const others = [...batchedWith.filter((other) => other !== id), requestId]
    await tx
      .updateTable('connector_requests')
      .set({ batched_with: JSON.stringify(others) })
      .where('id', '=', id)
      .execute()
  }
  return { requestId, jobId, batchedWith }
}

async function insertJob(tx: Transaction<Tables>, clock: Clock, wanted: NewRequest): Promise<string> {
  const id = randomUUID()
  const nowMs = clock.nowMs()
  await tx
    .insertInto('fetch_jobs')
    .values({
      id,
      connector_id: wanted.connectorId,
      report_type: wanted.reportType,
      range_start: wanted.range?.start ?? null,
      range_end: wanted.range?.end ?? null,
      fields: JSON.stringify(wanted.fields),
      status: 'queued',
      priority: wanted.priority,
      turn_at: isoTime(turnAtMs(nowMs, wanted.priority)),
      not_before: isoTime(nowMs),
      claim: 0,
      progress: 0,
      execution_time_ms: 0,
      records: 0,
      calls: 0,
      created_at: isoTime(nowMs),
    })
    .execute()
  return id
}

async function findSimilar(
  tx: Transaction<Tables>,
  { engine }: Store,
  clock: Clock,
  { connectorId, reportType, range, maxDays }: NewRequest,
): Promise<Selectable<JobTable> | undefined> {
  let query = tx
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('status', '=', 'queued')
    // Once a conversation has begun its question can no longer change.
    .where('claim', '=', 0)
    .where('created_at', '>', isoTime(clock.nowMs() - BATCH_WINDOW_MS))
    .where(
      sql<boolean>`(SELECT count(*) FROM connector_requests q WHERE q.job_id = fetch_jobs.id) < ${MAX_BATCH}`,
    )
    .orderBy('created_at')
    .limit(1)
  query = range
    ? query.where('range_start', '<=', range.end).where('range_end', '>=', range.start)
    : query.where('range_start', 'is', null)
  // A worker that would take it meanwhile waits, and then takes the wider one.
  if (engine === 'postgres') query = query.forUpdate()
  const similar = await query.executeTakeFirst()
  const union = similar && unionOf(similar, range)
  if (union && maxDays !== undefined && daysOf(union) > maxDays) return undefined
  return similar
}

function unionOf(job: Selectable<JobTable>, range: DateRange | undefined): DateRange | undefined {
  if (!range || job.range_start === null || job.range_end === null) return undefined
  const start = range.start < job.range_start ? range.start : job.range_start
  const end = range.end > job.range_end ? range.end : job.range_end
  return { start, end }
}

async function widen(
  tx: Transaction<Tables>,
  clock: Clock,
  job: Selectable<JobTable>,
  wanted: NewRequest,
): Promise<string> {
  const union = unionOf(job, wanted.range)
  const known: string[] = parseJson(job.fields)
  const turnAt = isoTime(turnAtMs(clock.nowMs(), wanted.priority))
  await tx
    .updateTable('fetch_jobs')
    .set({
      range_start: union?.start ?? null,
      range_end: union?.end ?? null,
      fields: JSON.stringify([...new Set([...known, ...wanted.fields])]),
      priority: Math.min(job.priority, wanted.priority),
      turn_at: turnAt < job.turn_at ? turnAt : job.turn_at,
    })
    .where('id', '=', job.id)
    .execute()
  return job.id
}
