import { type Selectable, sql } from 'kysely'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Engine, JobTable, Store } from '../store/index.ts'

/** A job that this job runner has until its lease ends. */
export interface Job extends Selectable<JobTable> {
  readonly org_id: number
}

export interface ClaimOptions {
  /** Name of this process, new at every start. */
  readonly owner: string
  readonly limit: number
  readonly leaseMs: number
  /** Most jobs of one organisation that this process runs at once, and how many of each it runs already. */
  readonly perOrganisation: number
  readonly running: ReadonlyMap<number, number>
  /** Whether to take jobs during which a process died, or all others. */
  readonly suspects: boolean
}

/**
 * Takes the next jobs: at most one per connection and call, and not more of a connection than may run at once. The cost
 * depends on the number of connections, not of waiting jobs. Jobs whose lease ended are taken again. An organisation
 * never gets all places: see `perOrganisation`.
 */
export async function claim({ db, engine }: Store, clock: Clock, options: ClaimOptions): Promise<Job[]> {
  const nowMs = clock.nowMs()
  const now = isoTime(nowMs)
  const { owner, limit, leaseMs, perOrganisation, running, suspects } = options
  const lock = engine === 'postgres' ? sql`FOR NO KEY UPDATE SKIP LOCKED` : sql``
  // A conversation parked in another process belongs to that process while it lives.
  const mine = sql`(h.parked_by IS NULL OR h.parked_by = ${owner} OR h.lease_until < ${now})`
  const head = (column: 'id' | 'turn_at') =>
    sql`(SELECT ${sql.ref(`h.${column}`)} FROM fetch_jobs h
      WHERE h.connector_id = c.id AND h.status = 'queued' AND ${mine}
        AND ${suspects ? sql`h.deaths > 0` : sql`h.deaths = 0`} ORDER BY h.turn_at LIMIT 1)`
  const free = sql`(SELECT count(*) FROM fetch_jobs r WHERE r.connector_id = c.id AND r.status = 'running') < c.concurrency`

  const places = [...running].map(
    ([org, jobs]) => sql`WHEN ${number(org)} THEN ${number(perOrganisation - jobs)}`,
  )
  const placesOf =
    places.length > 0
      ? sql`CASE org_id ${sql.join(places, sql` `)} ELSE ${number(perOrganisation)} END`
      : number(perOrganisation)

  return db.transaction().execute(async (tx) => {
    const connections = await sql<{ id: string; org_id: number }>`
      SELECT id, org_id FROM connectors WHERE id IN (
        SELECT id FROM (
          SELECT id, org_id, turn, row_number() OVER (PARTITION BY org_id ORDER BY turn) AS nth FROM (
            SELECT c.id, c.org_id, ${head('turn_at')} AS turn FROM connectors c
            WHERE ${free} AND (c.resting_until IS NULL OR c.resting_until <= ${now})) heads
          WHERE turn IS NOT NULL) ranked
        WHERE nth <= ${placesOf} ORDER BY turn LIMIT ${limit}) ${lock}`.execute(tx)
    const orgOf = new Map(connections.rows.map(({ id, org_id }) => [id, org_id]))
    const ids = [...orgOf.keys()]
    if (ids.length === 0) return []
    // Read again now that these connections are locked. `coalesce` keeps SQLite from scanning all queued jobs instead
    // of the few named.
    const taken = await sql<Selectable<JobTable>>`
      UPDATE fetch_jobs SET status = 'running', lease_owner = ${owner}, lease_until = ${isoTime(nowMs + leaseMs)},
        rested_ms = rested_ms + CASE WHEN claim = 0 THEN 0 ELSE ${msSince(engine, 'not_before', now)} END,
        claim = claim + 1, started_at = coalesce(started_at, ${now}), parked_by = NULL, waits_for = NULL
      WHERE coalesce(status, '') = 'queued' AND id IN
        (SELECT ${head('id')} FROM connectors c WHERE c.id IN (${sql.join(ids)}) AND ${free})
      RETURNING *`.execute(tx)
    if (taken.rows.length > 0) {
      await tx
        .updateTable('connector_requests')
        .set((set) => ({
          status: 'running',
          queue_position: 0,
          started_at: set.fn.coalesce('started_at', sql<string>`${now}`),
        }))
        .where(
          'job_id',
          'in',
          taken.rows.map(({ id }) => id),
        )
        .where('status', '=', 'queued')
        .execute()
    }
    return taken.rows.map((job) => ({ ...job, org_id: orgOf.get(job.connector_id) ?? 0 }))
  })
}

const msSince = (engine: Engine, column: string, now: string) =>
  engine === 'postgres'
    ? sql`CAST(extract(epoch FROM (CAST(${now} AS timestamptz) - ${sql.ref(column)})) * 1000 AS integer)`
    : sql`CAST(round((julianday(${now}) - julianday(${sql.ref(column)})) * 86400000) AS integer)`

/** PostgreSQL treats an untyped parameter as text. */
const number = (value: number) => sql`CAST(${value} AS integer)`

/**
 * Queues jobs again whose wait is over or whose lease has ended. An ended lease is counted as a death first. Returns
 * how many.
 */
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
    .set((set) => ({
      status: 'queued',
      lease_owner: null,
      parked_by: null,
      deaths: set('deaths', '+', 1),
    }))
    .where('status', '=', 'running')
    .where('lease_until', '<', now)
    .executeTakeFirst()
  return Number(due.numUpdatedRows) + Number(lost.numUpdatedRows)
}

/**
 * Renews the leases of jobs that this process is working on if half of their time or less is left. While the database was
 * away no renewal could be written, so that such a lease does not mean that the process has died.
 */
export async function keepLeases(
  store: Store,
  clock: Clock,
  jobs: readonly Job[],
  { owner, leaseMs }: Pick<ClaimOptions, 'owner' | 'leaseMs'>,
): Promise<void> {
  if (jobs.length === 0) return
  const nowMs = clock.nowMs()
  const ids = jobs.map(({ id }) => id)
  await store.loosely((db) =>
    db
      .updateTable('fetch_jobs')
      .set({ lease_until: isoTime(nowMs + leaseMs) })
      .where('id', 'in', ids)
      .where('status', '=', 'running')
      .where('lease_owner', '=', owner)
      .where('lease_until', '<', isoTime(nowMs + leaseMs / 2))
      .execute(),
  )
}

/** Those of these jobs that this job runner has lost: cancelled, or given to another. */
export async function lostOf({ db }: Store, jobs: readonly Job[]): Promise<Job[]> {
  if (jobs.length === 0) return []
  const rows = await db
    .selectFrom('fetch_jobs')
    .select(['id', 'claim', 'status'])
    .where(
      'id',
      'in',
      jobs.map(({ id }) => id),
    )
    .execute()
  const ours = new Map(rows.filter(({ status }) => status === 'running').map(({ id, claim }) => [id, claim]))
  return jobs.filter((job) => ours.get(job.id) !== job.claim)
}
