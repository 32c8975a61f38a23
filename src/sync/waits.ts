import type { Selectable } from 'kysely'
import type { Connector } from '../connectors/index.ts'
import { asPriority, limiterPriority, lineOf, positionOf, type Recent, recentOf } from './queue/index.ts'
import { type ConnectorRow, type JobTable, OPEN_JOB_STATUSES } from './store/index.ts'
import type { Sync } from './sync.ts'
import { limitedAccountOf } from './work/index.ts'

export interface Wait {
  /** Place of the request: 1 is next; 0 for one that has begun or ended. */
  readonly position: number
  /** Milliseconds until its data are there. */
  readonly waitMs: number
  /** Elapsed share of its time, 0 to 1; never falls. */
  readonly share: number
}

type Waiter = Pick<
  Sync,
  'store' | 'clock' | 'connectors' | 'limits' | 'breakers' | 'maxConcurrent' | 'makingMs'
>
type WaitingJob = Selectable<JobTable>
const DONE: Wait = { position: 0, waitMs: 0, share: 0 }
/** Assumed milliseconds and calls of a reading that is answered at once, until one was made. */
const USUAL_MS = 2_000
const USUAL_CALLS = 3
/** A reading that takes longer than usual is expected to need this share of the usual time more. */
const OVERDUE_SHARE = 0.1

/**
 * Estimates when the data of a job will be there: after the jobs before it, after what prevents it from beginning, and
 * after its own time, learned from the latest readings of its kind.
 */
export async function waitOf(sync: Waiter, jobId: string): Promise<Wait> {
  const { db } = sync.store
  const job = await db.selectFrom('fetch_jobs').selectAll().where('id', '=', jobId).executeTakeFirst()
  if (!job || !OPEN_JOB_STATUSES.some((open) => open === job.status)) return DONE
  const connection = await db
    .selectFrom('connectors')
    .selectAll()
    .where('id', '=', job.connector_id)
    .executeTakeFirstOrThrow()
  const connector = sync.connectors.get(connection.type)
  const kind = await kindOf(sync, connector, job)
  const restsMs = restOf(sync, connector, connection, job)
  if (job.claim > 0) return { position: 0, ...leftOf(sync, job, kind.tookMs, restsMs) }

  const { beginsInMs, aheadOnConnection } = await queueBefore(sync, connection, job)
  const calls = (aheadOnConnection + 1) * kind.calls
  const limitedMs =
    connector && job.rows_of === null
      ? sync.limits.waitMs(limitedAccountOf(connection, connector), calls, priorityOf(job))
      : 0
  const position = await positionOf(db, job)
  return { position, waitMs: Math.round(Math.max(beginsInMs, limitedMs, restsMs) + kind.tookMs), share: 0 }
}

const priorityOf = ({ priority }: WaitingJob) => limiterPriority(asPriority(priority))

/** Usual time of a reading like this one. */
async function kindOf(
  { store, makingMs }: Waiter,
  connector: Connector | undefined,
  job: WaitingJob,
): Promise<{ readonly tookMs: number; readonly calls: number }> {
  if (job.rows_of !== null) return { tookMs: USUAL_MS, calls: 0 }
  const rangeOf = ({ range_start: start, range_end: end }: WaitingJob) =>
    start === null || end === null ? undefined : { start, end }
  const makingOf = (range: Recent['range']) => (connector ? makingMs(connector, job.report_type, range) : 0)
  const making = makingOf(rangeOf(job))
  const all = await recentOf(store, job.connector_id, job.report_type)
  // A report may be answered at once for few dates and made for many.
  const alike = all.filter(({ range }) => makingOf(range) > 0 === making > 0)
  if (alike.length === 0) return { tookMs: making + USUAL_MS, calls: USUAL_CALLS }
  return { tookMs: median(alike.map(({ tookMs }) => tookMs)), calls: mean(alike.map(({ calls }) => calls)) }
}

/** What keeps a job waiting now, apart from the jobs before it. */
function restOf(
  { clock, breakers }: Waiter,
  connector: Connector | undefined,
  connection: ConnectorRow,
  job: WaitingJob,
): number {
  const untilMs = (at: string | null) => (at === null ? 0 : Math.max(0, Date.parse(at) - clock.nowMs()))
  const calling = { orgId: connection.org_id, connectorId: connection.id }
  const closedMs = connector ? breakers.openForMs({ type: connector.type, ...calling }) : 0
  const heldMs = job.status === 'deferred' ? untilMs(job.not_before) : 0
  if (job.rows_of !== null) return untilMs(connection.resting_until)
  return Math.max(closedMs, heldMs, job.claim > 0 ? 0 : untilMs(connection.resting_until))
}

/** What a running reading still needs. */
function leftOf({ clock }: Waiter, job: WaitingJob, tookMs: number, restsMs: number): Omit<Wait, 'position'> {
  const lastedMs = clock.nowMs() - Date.parse(job.started_at ?? job.created_at)
  const isResting = job.waits_for === 'rate_limit' || job.waits_for === 'recovery'
  // A rest that is not over is already counted in full as rested.
  const workedMs = Math.max(0, lastedMs - job.rested_ms + (isResting ? restsMs : 0))
  const leftMs = Math.max(tookMs - workedMs, tookMs * OVERDUE_SHARE)
  return {
    waitMs: Math.round(isResting ? restsMs + leftMs : Math.max(restsMs, leftMs)),
    share: workedMs === 0 ? 0 : workedMs / (workedMs + leftMs),
  }
}

/**
 * Milliseconds until a job begins: the longer of the waits for the jobs of its connection and for a free place; and how many
 * jobs of its connection come before it. A report being made uses no place, so several are made at once.
 */
async function queueBefore(
  { store, maxConcurrent }: Waiter,
  { id, concurrency }: ConnectorRow,
  job: WaitingJob,
): Promise<{ readonly beginsInMs: number; readonly aheadOnConnection: number }> {
  let [everywhereMs, onConnectionMs, aheadOnConnection] = [0, 0, 0]
  for (const { connectorId, ahead, running } of await lineOf(store, job)) {
    const recent = await recentOf(store, connectorId)
    const usualMs = recent.length === 0 ? USUAL_MS : mean(recent.map(({ busyMs }) => busyMs))
    // A running job is half done on average.
    const workMs = (ahead + running / 2) * usualMs
    everywhereMs += workMs
    if (connectorId !== id) continue
    onConnectionMs = workMs / concurrency
    aheadOnConnection = ahead
  }
  return { beginsInMs: Math.max(onConnectionMs, everywhereMs / maxConcurrent), aheadOnConnection }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
