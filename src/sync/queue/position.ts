import { sql } from 'kysely'
import type { Store } from '../store/index.ts'

export interface Place {
  /** 1 is next; 0 when it no longer waits. */
  readonly position: number
  readonly waitMs: number
}

/** Assumed of a connection that has run nothing yet. */
const USUAL_MS = 2_000
/** Jobs an average is taken over. */
const RECENT = 20

/**
 * Where a job stands in line and when it will begin. It waits for what is before it on its own connection, and for a
 * free worker; the longer of the two counts.
 */
export async function placeOf({ db }: Store, jobId: string, maxConcurrent: number): Promise<Place> {
  const job = await db
    .selectFrom('fetch_jobs')
    .innerJoin('connectors', 'connectors.id', 'fetch_jobs.connector_id')
    .select(['connector_id', 'fetch_jobs.status', 'turn_at', 'concurrency'])
    .where('fetch_jobs.id', '=', jobId)
    .executeTakeFirst()
  if (job?.status !== 'queued' && job?.status !== 'deferred') return { position: 0, waitMs: 0 }

  const lanes = await sql<{ connector_id: string; ahead: number; running: number }>`
    SELECT connector_id, CAST(sum(CASE WHEN status = 'running' THEN 0 ELSE 1 END) AS INTEGER) AS ahead,
      CAST(sum(CASE WHEN status = 'running' THEN 1 ELSE 0 END) AS INTEGER) AS running
    FROM fetch_jobs
    WHERE (status IN ('queued', 'deferred') AND turn_at < ${job.turn_at}) OR status = 'running'
    GROUP BY connector_id`.execute(db)
  let everywhereMs = 0
  let laneMs = 0
  let position = 1
  for (const { connector_id, ahead, running } of lanes.rows) {
    const usualMs = await usualMsOf(db, connector_id)
    // What runs is on average half done.
    const workMs = (ahead + running / 2) * usualMs
    everywhereMs += workMs
    position += ahead
    if (connector_id === job.connector_id) laneMs = workMs / job.concurrency
  }
  return { position, waitMs: Math.round(Math.max(laneMs, everywhereMs / maxConcurrent)) }
}

async function usualMsOf(db: Store['db'], connectorId: string): Promise<number> {
  const { rows } = await sql<{ usual: number | null }>`
    SELECT avg(execution_time_ms) AS usual FROM (
      SELECT execution_time_ms FROM fetch_jobs WHERE connector_id = ${connectorId} AND status = 'completed'
      ORDER BY turn_at DESC LIMIT ${RECENT}) recent`.execute(db)
  return rows[0]?.usual ?? USUAL_MS
}

/** How many jobs wait or run in all, and which of them an organisation waits for, in the order of their turn. */
export async function waitingOf({ db }: Store, orgId: number): Promise<{ total: number; own: string[] }> {
  const { total } = await db
    .selectFrom('fetch_jobs')
    .select((s) => s.fn.countAll<number>().as('total'))
    .where('status', 'in', ['queued', 'deferred'])
    .executeTakeFirstOrThrow()
  const own = await db
    .selectFrom('connector_requests')
    .innerJoin('fetch_jobs', 'fetch_jobs.id', 'connector_requests.job_id')
    .select(['connector_requests.job_id', 'turn_at'])
    .where('connector_requests.org_id', '=', orgId)
    .where('connector_requests.status', 'in', ['queued', 'running'])
    .where('fetch_jobs.status', 'in', ['queued', 'deferred'])
    .orderBy('turn_at')
    .limit(100)
    .execute()
  return { total: Number(total), own: own.map(({ job_id }) => job_id) }
}
