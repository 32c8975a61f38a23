import { sql, type Transaction, type Updateable } from 'kysely'
import { type Clock, isoTime } from '../../time/clock.ts'
import { type JobTable, OPEN_JOB_STATUSES, type Store, type SyncDatabase } from '../store/index.ts'
import type { Job } from './claim.ts'

/** The job was cancelled or taken by another job runner; this one can change it no more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

type JobUpdate = Updateable<JobTable>

/** Changes a job that this job runner still has. Throws {@link LeaseLost} if it does not. */
async function change(tx: Transaction<SyncDatabase> | Store['db'], job: Job, set: JobUpdate): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('fetch_jobs')
    .set(set)
    .where('id', '=', job.id)
    .where('claim', '=', job.claim)
    .where('status', '=', 'running')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new LeaseLost()
}

/** Extends the lease by `leaseMs` milliseconds and stores the progress, 0 to 1. */
export const renew = (
  store: Store,
  clock: Clock,
  job: Job,
  leaseMs: number,
  progress: number,
): Promise<void> => {
  const lease_until = isoTime(clock.nowMs() + leaseMs)
  return store.loosely((db) => change(db, job, { lease_until, progress }))
}

/** Stores whether a failed call is being repeated. */
export const retrying = (store: Store, job: Job, is: boolean): Promise<void> =>
  store.loosely((db) => change(db, job, { waits_for: is ? 'retry' : null }))

/** Stores what a restarted conversation will be given. */
export const remember = ({ db }: Store, job: Job, memory: string): Promise<void> =>
  change(db, job, { memory })

export interface Parking {
  readonly owner: string
  readonly waitMs: number
  readonly leaseMs: number
  readonly waitsFor: string
  readonly executionTimeMs: number
  readonly calls: number
}

/**
 * Longest time that a connection rests after a limited call, in milliseconds: other calls of it may have limits with
 * room.
 */
const LONGEST_REST_MS = 60_000

/**
 * Lets a job wait for `waitMs` milliseconds and frees its place. The process that keeps the conversation continues it,
 * while it lives. After a limited call the whole connection rests, because its next jobs would meet the same limit.
 */
export async function park(store: Store, clock: Clock, job: Job, parking: Parking): Promise<void> {
  const nowMs = clock.nowMs()
  // Rounded up: the column holds whole milliseconds, and the call must not be sent too early.
  const waitMs = Math.ceil(parking.waitMs)
  const untilMs = nowMs + waitMs
  await change(store.db, job, {
    status: 'deferred',
    not_before: isoTime(untilMs),
    parked_by: parking.owner,
    lease_until: isoTime(untilMs + parking.leaseMs),
    waits_for: parking.waitsFor,
    rested_ms: job.rested_ms + (parking.waitsFor === 'platform' ? 0 : waitMs),
    execution_time_ms: parking.executionTimeMs,
    calls: parking.calls,
  })
  if (parking.waitsFor !== 'rate_limit') return
  const resting_until = isoTime(nowMs + Math.min(waitMs, LONGEST_REST_MS))
  await store.loosely((db) =>
    db.updateTable('connectors').set({ resting_until }).where('id', '=', job.connector_id).execute(),
  )
}

/**
 * Gives a job back unchanged, because its job runner is stopping or could not write for a while. If the lease has ended
 * meanwhile, the death that was counted for it is taken back.
 */
export async function giveBack({ db }: Store, job: Job): Promise<void> {
  await db
    .updateTable('fetch_jobs')
    .set({ status: 'queued', lease_owner: null, parked_by: null, deaths: job.deaths })
    .where('id', '=', job.id)
    .where('claim', '=', job.claim)
    .where('status', 'in', ['running', 'queued'])
    .execute()
}

export interface RequestEnd {
  readonly requestId: string
  readonly result: string | null
  /** In currency units, stored with four decimals. */
  readonly cost: number
  readonly startedAt: string | null
}

export interface JobEnd {
  readonly records: number
  readonly calls: number
  readonly executionTimeMs: number
  readonly requests: readonly RequestEnd[]
}

/** Completes a job with the result of each request, in the caller's transaction. After it no request can join. */
export async function complete(
  tx: Transaction<SyncDatabase>,
  clock: Clock,
  job: Job,
  end: JobEnd,
): Promise<void> {
  const now = isoTime(clock.nowMs())
  await change(tx, job, {
    status: 'completed',
    progress: 1,
    records: end.records,
    calls: end.calls,
    execution_time_ms: end.executionTimeMs,
    finished_at: now,
    memory: null,
  })
  for (const { requestId, result, cost, startedAt } of end.requests) {
    const execution_time_ms = sinceMs(clock, startedAt)
    await tx
      .updateTable('connector_requests')
      .set({ status: 'completed', result, cost: roundedCost(cost), execution_time_ms, completed_at: now })
      .where('id', '=', requestId)
      .where('status', '=', 'running')
      .execute()
  }
}

/** Requests that end with the job. */
export const waitingFor = (db: Transaction<SyncDatabase> | Store['db'], { id }: Pick<Job, 'id'>) =>
  db
    .selectFrom('connector_requests')
    .select(['id', 'params', 'started_at'])
    .where('job_id', '=', id)
    .where('status', '=', 'running')
    .execute()

export interface JobFailure {
  /** Shown to the callers. */
  readonly error: string
  readonly retryable: boolean
  readonly executionTimeMs: number
}

/** Ends a job with an error, in the caller's transaction. */
export async function fail(
  tx: Transaction<SyncDatabase>,
  clock: Clock,
  job: Job,
  { error, retryable, executionTimeMs }: JobFailure,
): Promise<void> {
  const now = isoTime(clock.nowMs())
  await change(tx, job, { status: 'failed', finished_at: now, execution_time_ms: executionTimeMs })
  const open = await tx
    .selectFrom('connector_requests')
    .select(['id', 'started_at'])
    .where('job_id', '=', job.id)
    .where('status', 'in', ['queued', 'running'])
    .execute()
  for (const { id, started_at } of open)
    await tx
      .updateTable('connector_requests')
      .set({
        status: 'failed',
        error,
        retryable: retryable ? 1 : 0,
        execution_time_ms: sinceMs(clock, started_at),
        completed_at: now,
      })
      .where('id', '=', id)
      .where('status', 'in', ['queued', 'running'])
      .execute()
}

/** Milliseconds from the start of a request to its end. */
const sinceMs = (clock: Clock, startedAt: string | null): number =>
  startedAt === null ? 0 : Math.max(0, Math.round(clock.nowMs() - Date.parse(startedAt)))

/** Rounded up, so that the shares of requests that share a job never add up to less than its cost. */
const roundedCost = (cost: number): number => Math.ceil(Number((cost * 10_000).toFixed(6))) / 10_000

/** Cancels a request, and its job when no other request needs it. Returns false when the request had ended. */
export function cancel(
  { db, engine }: Store,
  clock: Clock,
  requestId: string,
  jobId: string,
): Promise<boolean> {
  const now = isoTime(clock.nowMs())
  return db.transaction().execute(async (tx) => {
    // Locks in the same order as all others: the job first.
    if (engine === 'postgres')
      await tx.selectFrom('fetch_jobs').select('id').where('id', '=', jobId).forUpdate().execute()
    const begun = await tx
      .selectFrom('connector_requests')
      .select('started_at')
      .where('id', '=', requestId)
      .executeTakeFirst()
    const execution_time_ms = begun?.started_at == null ? null : sinceMs(clock, begun.started_at)
    const { numUpdatedRows } = await tx
      .updateTable('connector_requests')
      .set({ status: 'cancelled', execution_time_ms, queue_position: 0, completed_at: now })
      .where('id', '=', requestId)
      .where('status', 'in', ['queued', 'running'])
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await tx
      .updateTable('fetch_jobs')
      .set({ status: 'cancelled', finished_at: now })
      .where('id', '=', jobId)
      .where('status', 'in', OPEN_JOB_STATUSES)
      .where(
        sql<boolean>`NOT EXISTS (SELECT 1 FROM connector_requests q WHERE q.job_id = ${jobId} AND q.status IN ('queued', 'running'))`,
      )
      .execute()
    return true
  })
}
