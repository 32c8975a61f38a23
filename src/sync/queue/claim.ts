import { type Selectable, sql } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import type { JobTable, Store } from '../store/index.ts'

/** A job that is ours until its lease ends. */
export type Job = Selectable<JobTable>

export interface ClaimOptions {
  /** Names this process; another after every start. */
  readonly owner: string
  readonly limit: number
  readonly leaseMs: number
}

/**
 * Takes the next jobs, at most one per connection and call, and no more of a connection than may run at once. What it
 * costs depends on the number of connections, not on how many jobs wait. Jobs whose worker is gone are taken again.
 */
export async function claim({ db, engine }: Store, clock: Clock, options: ClaimOptions): Promise<Job[]> {
  const nowMs = clock.nowMs()
  const now = isoTime(nowMs)
  const { owner, limit, leaseMs } = options
  const lock = engine === 'postgres' ? sql`FOR NO KEY UPDATE SKIP LOCKED` : sql``
  // A conversation that waits in the memory of another process belongs to it while it lives.
  const mine = sql`(h.parked_by IS NULL OR h.parked_by = ${owner} OR h.lease_until < ${now})`
  const head = (column: 'id' | 'turn_at') =>
    sql`(SELECT ${sql.ref(`h.${column}`)} FROM fetch_jobs h
      WHERE h.connector_id = c.id AND h.status = 'queued' AND ${mine} ORDER BY h.turn_at LIMIT 1)`
  const free = sql`(SELECT count(*) FROM fetch_jobs r WHERE r.connector_id = c.id AND r.status = 'running') < c.concurrency`

  return db.transaction().execute(async (tx) => {
    const lanes = await sql<{ id: string }>`
      SELECT id FROM connectors WHERE id IN (SELECT c.id FROM connectors c WHERE ${head('turn_at')} IS NOT NULL AND ${free}
        AND (c.resting_until IS NULL OR c.resting_until <= ${now})
        ORDER BY ${head('turn_at')} LIMIT ${limit}) ${lock}`.execute(tx)
    const ids = lanes.rows.map(({ id }) => id)
    if (ids.length === 0) return []
    // Read again now that nobody else can take from these connections. The odd comparison keeps SQLite from going
    // through everything that is queued instead of the few jobs named.
    const taken = await sql<Job>`
      UPDATE fetch_jobs SET status = 'running', lease_owner = ${owner}, lease_until = ${isoTime(nowMs + leaseMs)},
        claim = claim + 1, started_at = coalesce(started_at, ${now}), parked_by = NULL, waits_for = NULL
      WHERE coalesce(status, '') = 'queued' AND id IN
        (SELECT ${head('id')} FROM connectors c WHERE c.id IN (${sql.join(ids)}) AND ${free})
      RETURNING *`.execute(tx)
    if (taken.rows.length > 0) {
      await tx
        .updateTable('connector_requests')
        .set((set) => ({ status: 'running', started_at: set.fn.coalesce('started_at', sql<string>`${now}`) }))
        .where(
          'job_id',
          'in',
          taken.rows.map(({ id }) => id),
        )
        .where('status', '=', 'queued')
        .execute()
    }
    return taken.rows
  })
}

/** Puts jobs back into line whose time has come or whose worker has let its lease end. Returns how many. */
export async function release({ db }: Store, clock: Clock): Promise<number> {
  const now = isoTime(clock.nowMs())
  const due = await db
    .updateTable('fetch_jobs')
    .set({ status: 'queued' })
    .where('status', '=', 'deferred')
    .where('not_before', '<=', now)
    .executeTakeFirst()
  const lost = await db
    .updateTable('fetch_jobs')
    .set({ status: 'queued', lease_owner: null, parked_by: null })
    .where('status', '=', 'running')
    .where('lease_until', '<', now)
    .executeTakeFirst()
  return Number(due.numUpdatedRows) + Number(lost.numUpdatedRows)
}
