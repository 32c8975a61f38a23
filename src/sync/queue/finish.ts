import { sql, type Transaction, type Updateable } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import type { JobTable, Store, Tables } from '../store/index.ts'
import type { Job } from './claim.ts'

/** The job was taken by another worker, or cancelled; whatever this one still says counts for nothing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

type Change = Updateable<JobTable>

/** Changes a job if it is still ours. Throws {@link LeaseLost}. */
async function change(tx: Transaction<Tables> | Store['db'], job: Job, set: Change): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('fetch_jobs')
    .set(set)
    .where('id', '=', job.id)
    .where('claim', '=', job.claim)
    .where('status', '=', 'running')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new LeaseLost()
}

/** Keeps the job for another `leaseMs`, and says how far it is (0..1). */
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

/** Stores what the conversation is to be told when it is started again. */
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

/** A connection rests no longer after one of its calls was limited: others of its calls may have limits with room. */
const LONGEST_REST_MS = 60_000

/**
 * Gives the connection's turn up for `waitMs`. The process that keeps the conversation goes on with it while it lives. After
 * a limited call the connection rests: every job behind it would be begun only to be told the same.
 */
export async function park(store: Store, clock: Clock, job: Job, parking: Parking): Promise<void> {
  const nowMs = clock.nowMs()
  const untilMs = nowMs + parking.waitMs
  await change(store.db, job, {
    status: 'deferred',
    not_before: isoTime(untilMs),
    parked_by: parking.owner,
    lease_until: isoTime(untilMs + parking.leaseMs),
    waits_for: parking.waitsFor,
    execution_time_ms: parking.executionTimeMs,
    calls: parking.calls,
  })
  if (parking.waitsFor !== 'rate_limit') return
  const resting_until = isoTime(nowMs + Math.min(parking.waitMs, LONGEST_REST_MS))
  await store.loosely((db) =>
    db.updateTable('connectors').set({ resting_until }).where('id', '=', job.connector_id).execute(),
  )
}

/**
 * Gives a job back as if it had never been taken: its worker is stopping, or could not write for a while. Where its lease
 * has ended meanwhile the worker was taken for dead, which it is not.
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
  readonly cost: number
}

export interface JobEnd {
  readonly records: number
  readonly calls: number
  readonly executionTimeMs: number
  readonly requests: readonly RequestEnd[]
}

/** Ends a job well, with what each request got. Runs inside the caller's transaction. */
export async function complete(tx: Transaction<Tables>, clock: Clock, job: Job, end: JobEnd): Promise<void> {
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
  for (const { requestId, result, cost } of end.requests) {
    await tx
      .updateTable('connector_requests')
      .set({ status: 'completed', result, cost, execution_time_ms: end.executionTimeMs, completed_at: now })
      .where('id', '=', requestId)
      .where('status', '=', 'running')
      .execute()
  }
}

export interface JobFailure {
  /** Shown to whoever asked. */
  readonly error: string
  readonly retryable: boolean
  readonly executionTimeMs: number
}

/** Ends a job with an error. Runs inside the caller's transaction. */
export async function fail(
  tx: Transaction<Tables>,
  clock: Clock,
  job: Job,
  { error, retryable, executionTimeMs }: JobFailure,
): Promise<void> {
  const now = isoTime(clock.nowMs())
  await change(tx, job, { status: 'failed', finished_at: now, execution_time_ms: executionTimeMs })
  await tx
    .updateTable('connector_requests')
    .set({
      status: 'failed',
      error,
      retryable: retryable ? 1 : 0,
      execution_time_ms: executionTimeMs,
      completed_at: now,
    })
    .where('job_id', '=', job.id)
    .where('status', 'in', ['queued', 'running'])
    .execute()
}

/** Cancels a request; its job too when nobody else waits for it. False when it had ended already. */
export function cancel({ db }: Store, clock: Clock, requestId: string, jobId: string): Promise<boolean> {
  const now = isoTime(clock.nowMs())
  return db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('connector_requests')
      .set({ status: 'cancelled', completed_at: now })
      .where('id', '=', requestId)
      .where('status', 'in', ['queued', 'running'])
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await tx
      .updateTable('fetch_jobs')
      .set({ status: 'cancelled', finished_at: now })
      .where('id', '=', jobId)
      .where('status', 'in', ['queued', 'deferred', 'running'])
      .where(
        sql<boolean>`NOT EXISTS (SELECT 1 FROM connector_requests q WHERE q.job_id = ${jobId} AND q.status IN ('queued', 'running'))`,
      )
      .execute()
    return true
  })
}
