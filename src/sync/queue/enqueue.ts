import { randomUUID } from 'node:crypto'
import { type Insertable, sql, type Transaction } from 'kysely'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import { emit } from '../events/index.ts'
import type { RequestStatus, RequestTable, Store, SyncDatabase } from '../store/index.ts'
import type { NewRequest } from './new-request.ts'
import { positionOf } from './position.ts'
import { turnAtMs } from './priority.ts'
import {
  findShared,
  type JobRow,
  paramsOf,
  type Said,
  type SharedReading,
  unionOf,
} from './shared-reading.ts'

export interface Enqueued {
  readonly requestId: string
  readonly jobId: string
  readonly status: RequestStatus
  /** Ids of other requests served by the same reading. */
  readonly batchedWith: readonly string[]
  /** When the rows were read, where an earlier reading serves the request. */
  readonly rowsReadAt: string | undefined
}

/**
 * Stores a request.
 * - If a waiting request for the same connection and report has overlapping dates, both share a job over the union of
 *   dates and fields.
 * - If a reading that has begun, or has just ended, contains everything that is asked for, it serves this request too.
 * - Otherwise the request gets a job of its own.
 */
export function enqueue(store: Store, clock: Clock, wanted: NewRequest): Promise<Enqueued> {
  return store.db.transaction().execute((tx) => enqueueIn(tx, store, clock, wanted))
}

/** {@link enqueue} within a transaction of the caller. */
export async function enqueueIn(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
): Promise<Enqueued> {
  // Locks the connection: two processes with the same request at the same time would both find nothing to share.
  if (store.engine === 'postgres')
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${wanted.connectorId}, 0))`.execute(tx)
  const shared = await findShared(tx, store, clock, wanted)
  switch (shared?.is) {
    case 'same': {
      const { jobId, requestId: first, result } = shared
      const now = isoTime(clock.nowMs())
      const ended = {
        result,
        cost: 0,
        execution_time_ms: 0,
        started_at: now,
        completed_at: now,
        queue_position: 0,
      }
      const begins = { jobId, status: 'completed', batchedWith: [first] } as const
      const requestId = await insertRequest(tx, store, clock, wanted, { ...begins, ...ended })
      const { fetched_at, records_fetched, caveats }: Said = parseJson(result)
      const data = { request_ids: [requestId], report_type: wanted.reportType, records_fetched, caveats }
      const event = { orgId: wanted.orgId, type: 'data_fetched', subject: wanted.connectorId, data } as const
      await emit(tx, clock, event)
      return { ...begins, requestId, rowsReadAt: fetched_at }
    }
    case 'done': {
      const { job, requestId: first, result } = shared
      const jobId = await insertJob(tx, clock, wanted, job.id)
      const begins = { jobId, status: 'queued', batchedWith: [first] } as const
      const requestId = await insertRequest(tx, store, clock, wanted, begins)
      await notePosition(tx, jobId)
      const { fetched_at: rowsReadAt }: Said = parseJson(result)
      return { ...begins, requestId, rowsReadAt }
    }
    default:
      return together(tx, store, clock, wanted, shared)
  }
}

/** Lets several requests share a job; each lists the others. */
async function together(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
  shared: Extract<SharedReading, { is: 'waiting' | 'joined' }> | undefined,
): Promise<Enqueued> {
  const jobId = shared ? shared.job.id : await insertJob(tx, clock, wanted, null)
  if (shared?.is === 'waiting') await widen(tx, shared.job, wanted)
  if (shared) await hasten(tx, clock, shared.job, wanted)
  const siblings = await tx
    .selectFrom('connector_requests')
    .select('id')
    .where('job_id', '=', jobId)
    .where('status', 'in', ['queued', 'running'])
    .orderBy('created_at')
    .execute()
  const batchedWith = siblings.map(({ id }) => id)
  const isBegun = shared !== undefined && shared.job.claim > 0
  const begins = { jobId, status: isBegun ? 'running' : 'queued', batchedWith } as const
  const started = isBegun ? { started_at: isoTime(clock.nowMs()), queue_position: 0 } : {}
  const requestId = await insertRequest(tx, store, clock, wanted, { ...begins, ...started })
  if (!isBegun) await notePosition(tx, jobId)
  for (const id of batchedWith) {
    const others = [...batchedWith.filter((other) => other !== id), requestId]
    await tx
      .updateTable('connector_requests')
      .set({ batched_with: idList(store, others) })
      .where('id', '=', id)
      .execute()
  }
  return { ...begins, requestId, rowsReadAt: undefined }
}

/** Updates the place of all requests of a job, which a more urgent one may have moved. */
async function notePosition(tx: Transaction<SyncDatabase>, jobId: string): Promise<void> {
  const job = await tx
    .selectFrom('fetch_jobs')
    .select('turn_at')
    .where('id', '=', jobId)
    .executeTakeFirstOrThrow()
  await tx
    .updateTable('connector_requests')
    .set({ queue_position: await positionOf(tx, job) })
    .where('job_id', '=', jobId)
    .where('status', '=', 'queued')
    .execute()
}

/** Initial values of a request, besides what was asked for. */
interface Begins extends Partial<Insertable<RequestTable>> {
  readonly jobId: string
  readonly status: RequestStatus
  readonly batchedWith: readonly string[]
}

async function insertRequest(
  tx: Transaction<SyncDatabase>,
  store: Store,
  clock: Clock,
  wanted: NewRequest,
  { jobId, batchedWith, ...more }: Begins,
): Promise<string> {
  const id = randomUUID()
  await tx
    .insertInto('connector_requests')
    .values({
      id,
      connector_id: wanted.connectorId,
      org_id: wanted.orgId,
      request_type: wanted.reportType,
      params: paramsOf(wanted),
      priority: wanted.priority,
      batched_with: idList(store, batchedWith),
      created_at: isoTime(clock.nowMs()),
      job_id: jobId,
      sync_job_id: wanted.syncJobId ?? null,
      ...more,
    })
    .execute()
  return id
}

/** Ids in the form of the column; both engines return them as a JSON list. */
const idList = ({ engine }: Store, ids: readonly string[]): string =>
  engine === 'postgres' ? `{${ids.join(',')}}` : JSON.stringify(ids)

/** @param rowsOf job whose rows serve this one; null where the platform is asked */
async function insertJob(
  tx: Transaction<SyncDatabase>,
  clock: Clock,
  wanted: NewRequest,
  rowsOf: string | null,
): Promise<string> {
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
      rows_of: rowsOf,
      created_at: isoTime(nowMs),
    })
    .execute()
  return id
}

async function widen(
  tx: Transaction<SyncDatabase>,
  job: JobRow,
  { range, fields }: NewRequest,
): Promise<void> {
  const union = unionOf(job, range)
  const known: string[] = parseJson(job.fields)
  await tx
    .updateTable('fetch_jobs')
    .set({
      range_start: union?.start ?? null,
      range_end: union?.end ?? null,
      fields: JSON.stringify([...new Set([...known, ...fields])]),
    })
    .where('id', '=', job.id)
    .execute()
}

/** Moves a job forward to the turn of its most urgent request. */
async function hasten(
  tx: Transaction<SyncDatabase>,
  clock: Clock,
  job: JobRow,
  { priority }: NewRequest,
): Promise<void> {
  const turnAt = isoTime(turnAtMs(clock.nowMs(), priority))
  await tx
    .updateTable('fetch_jobs')
    .set({
      priority: Math.min(job.priority, priority),
      turn_at: turnAt < job.turn_at ? turnAt : job.turn_at,
    })
    .where('id', '=', job.id)
    .execute()
}
