import { type Kysely, sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { TableLimits } from '../metrics/tables.ts'
import { forgetJobs, forgetRequests } from './forget-old.ts'
import type { FileStore } from './reports/index.ts'
import type { Store, SyncDatabase } from './store/index.ts'

/** Tables with a limit on their rows, per organisation; `suppressions` and `webhooks` per connection. */
export const SYNC_TABLES = [
  'connections',
  'waiting_requests',
  'authorizations',
  'requests',
  'events',
  'webhooks',
  'suppressions',
] as const
export type SyncTable = (typeof SYNC_TABLES)[number]
export type SyncLimits = Pick<TableLimits, SyncTable>

/** Rows of the longest one, by table. */
export type SyncRows = Readonly<Record<SyncTable, number>>

/** Rows deleted per statement, so that nobody waits long for a lock. */
const PER_STEP = 500
const WAITING = ['queued', 'running'] as const

/** Throws 400 when an organisation has as many connections as allowed. */
export async function requireConnectionPlace(
  db: Kysely<SyncDatabase>,
  orgId: number,
  { connections: most }: SyncLimits,
): Promise<void> {
  const { rows } = await db
    .selectFrom('connectors')
    .select((s) => s.fn.countAll<number>().as('rows'))
    .where('org_id', '=', orgId)
    .executeTakeFirstOrThrow()
  if (Number(rows) < most) return
  throw new AppError(
    'invalid_request',
    `there are ${most} connections already, as many as an organisation may have`,
  )
}

/** Throws 429 when as many requests of an organisation wait as allowed. */
export async function requireQueuePlace(
  db: Kysely<SyncDatabase>,
  orgId: number,
  { waiting_requests: most }: SyncLimits,
): Promise<void> {
  const last = await db
    .selectFrom('connector_requests')
    .select('id')
    .where('org_id', '=', orgId)
    .where('status', 'in', WAITING)
    .offset(most - 1)
    .limit(1)
    .executeTakeFirst()
  if (!last) return
  throw new AppError(
    'rate_limited',
    `${most} requests wait already, as many as an organisation may have`,
    'later',
  )
}

/** Deletes the oldest begun authorizations of an organisation, so that there is room for one more. */
export async function makeAuthorizationPlace(
  db: Kysely<SyncDatabase>,
  orgId: number,
  { authorizations: most }: SyncLimits,
): Promise<void> {
  const tooMany = db
    .selectFrom('oauth_states')
    .select('state_hash')
    .where('org_id', '=', orgId)
    .orderBy('expires_at', 'desc')
    .offset(most - 1)
    .limit(PER_STEP)
  await db.deleteFrom('oauth_states').where('state_hash', 'in', tooMany).execute()
}

/** Deletes the oldest rows beyond the limits and returns the lengths. */
export async function keepShort(store: Store, files: FileStore, limits: SyncLimits): Promise<SyncRows> {
  const { db } = store
  const long = <T extends SyncTable>(counted: readonly Counted[], table: T) =>
    counted.flatMap(({ whose, rows }) => (rows > limits[table] ? [{ whose, most: limits[table] }] : []))
  const [connections, waiting, authorizations] = [
    await countBy(db, 'connectors', 'org_id'),
    await countWaiting(db),
    await countBy(db, 'oauth_states', 'org_id'),
  ]
  const requests = await countBy(db, 'connector_requests', 'org_id')
  for (const { whose, most } of long(requests, 'requests'))
    await shortenRequests(db, files, Number(whose), most)
  const events = await countBy(db, 'events', 'org_id')
  for (const { whose, most } of long(events, 'events'))
    await sql`DELETE FROM events WHERE org_id = ${whose} AND published_at IS NOT NULL AND seq <= (
      SELECT seq FROM events WHERE org_id = ${whose} ORDER BY seq DESC LIMIT 1 OFFSET ${most})`.execute(db)
  const webhooks = await countBy(db, 'webhook_events', 'connector_id')
  for (const { whose, most } of long(webhooks, 'webhooks'))
    await sql`DELETE FROM webhook_events WHERE connector_id = ${whose} AND received_at <= (
      SELECT received_at FROM webhook_events WHERE connector_id = ${whose} ORDER BY received_at DESC LIMIT 1 OFFSET ${most})`.execute(
      db,
    )
  const suppressions = await countBy(db, 'mail_suppressions', 'connector_id')
  for (const { whose, most } of long(suppressions, 'suppressions'))
    await sql`DELETE FROM mail_suppressions WHERE connector_id = ${whose} AND address IN (
      SELECT address FROM mail_suppressions WHERE connector_id = ${whose} ORDER BY since DESC, address LIMIT 1000000000 OFFSET ${most})`.execute(
      db,
    )
  const most = (counted: readonly Counted[], limit = Number.POSITIVE_INFINITY) =>
    Math.min(limit, Math.max(0, ...counted.map(({ rows }) => rows)))
  return {
    connections: most(connections),
    waiting_requests: most(waiting),
    authorizations: most(authorizations),
    requests: most(requests, limits.requests),
    events: most(events, limits.events),
    webhooks: most(webhooks, limits.webhooks),
    suppressions: most(suppressions, limits.suppressions),
  }
}

/** Deletes the oldest ended requests. Waiting ones stay; they have a limit of their own. */
async function shortenRequests(
  db: Kysely<SyncDatabase>,
  files: FileStore,
  orgId: number,
  most: number,
): Promise<void> {
  const oldest = await db
    .selectFrom('connector_requests')
    .select('completed_at')
    .where('org_id', '=', orgId)
    .where('completed_at', 'is not', null)
    .orderBy('completed_at', 'desc')
    .offset(most - 1)
    .limit(1)
    .executeTakeFirst()
  if (!oldest || oldest.completed_at === null) return
  await forgetRequests(db, files, oldest.completed_at, orgId)
  await forgetJobs(db, oldest.completed_at)
}

interface Counted {
  readonly whose: number | string
  readonly rows: number
}

async function countBy(
  db: Kysely<SyncDatabase>,
  table:
    | 'connectors'
    | 'oauth_states'
    | 'connector_requests'
    | 'events'
    | 'webhook_events'
    | 'mail_suppressions',
  column: 'org_id' | 'connector_id',
): Promise<Counted[]> {
  const { rows } = await sql<{ whose: number | string; rows: number | string }>`
    SELECT ${sql.ref(column)} AS whose, count(*) AS rows FROM ${sql.table(table)} GROUP BY ${sql.ref(column)}`.execute(
    db,
  )
  return rows.map((one) => ({ whose: one.whose, rows: Number(one.rows) }))
}

async function countWaiting(db: Kysely<SyncDatabase>): Promise<Counted[]> {
  const rows = await db
    .selectFrom('connector_requests')
    .select((s) => ['org_id', s.fn.countAll<number>().as('rows')])
    .where('status', 'in', WAITING)
    .groupBy('org_id')
    .execute()
  return rows.map((one) => ({ whose: one.org_id, rows: Number(one.rows) }))
}
