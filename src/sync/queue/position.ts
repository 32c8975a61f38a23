import { sql } from 'kysely'
import type { Store } from '../store/index.ts'

/** Requests that wait and have not begun. */
const WAITING = sql`connector_requests q JOIN fetch_jobs j ON j.id = q.job_id WHERE j.status = 'queued' AND q.status = 'queued'`

/** Place of a job's requests, which they share: 1 plus the number of requests before them. */
export async function positionOf(
  db: Store['db'],
  { turn_at }: { readonly turn_at: string },
): Promise<number> {
  const { rows } = await sql<{ ahead: number }>`
    SELECT count(*) AS ahead FROM ${WAITING} AND j.turn_at < ${turn_at}`.execute(db)
  return 1 + Number(rows[0]?.ahead ?? 0)
}

/** A waiting request and its place. */
export interface WaitingRequest {
  readonly jobId: string
  readonly position: number
}

/** Most requests of an organisation listed with their places. */
const MAX_PLACES = 100

/** Number of all waiting requests, number of the organisation's, and places of the first of these. */
export async function waitingOf(
  { db }: Store,
  orgId: number,
): Promise<{ total: number; own: number; places: WaitingRequest[] }> {
  const { rows } = await sql<{ total: number; own: number }>`
    SELECT count(*) AS total, count(CASE WHEN q.org_id = ${orgId} THEN 1 END) AS own FROM ${WAITING}`.execute(
    db,
  )
  const { rows: places } = await sql<{ job_id: string; ahead: number }>`
    SELECT job_id, ahead FROM (
      SELECT q.job_id, q.org_id, j.turn_at, q.created_at, q.id, count(*) OVER (ORDER BY j.turn_at
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS ahead
      FROM ${WAITING}) line
    WHERE org_id = ${orgId} ORDER BY turn_at, created_at, id LIMIT ${MAX_PLACES}`.execute(db)
  return {
    total: Number(rows[0]?.total ?? 0),
    own: Number(rows[0]?.own ?? 0),
    places: places.map(({ job_id, ahead }) => ({ jobId: job_id, position: 1 + Number(ahead) })),
  }
}
