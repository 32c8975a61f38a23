import { type Kysely, sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { TableLimits } from '../metrics/tables.ts'
import { forgetJobs, forgetRequests } from './forget-old.ts'
import type { FileStore } from './reports/index.ts'
import type { RowLimit } from './row-limit.ts'
import type { Store, SyncDatabase } from './store/index.ts'

/**
 * Tables with a limit on their rows, per organisation; `suppressions`, `webhooks` and `mails` per connection,
 * `campaign_budgets` per account at a platform.
 */
export const SYNC_TABLES = [
  'connections',
  'waiting_requests',
  'authorizations',
  'requests',
  'events',
  'webhooks',
  'suppressions',
  'report_rows',
  'campaign_budgets',
  'dead_letters',
  'mails',
] as const
export type SyncTable = (typeof SYNC_TABLES)[number]
export type SyncLimits = Pick<TableLimits, SyncTable>

/** Rows of each table: of a table with a limit per owner, those of the owner that has most. */
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

export interface ShortenDeps {
  readonly store: Store
  readonly log: Logger
  readonly files: FileStore
  readonly rowLimit: RowLimit
  readonly limits: SyncLimits
}

/** Deletes the oldest rows of each table beyond its limit, and returns how many rows are left. */
export async function shortenTables({ store, log, files, rowLimit, limits }: ShortenDeps): Promise<SyncRows> {
  const { db } = store
  const shorten = async (
    table: SyncTable,
    counted: readonly CountedRows[],
    forget: (whose: number | string, most: number) => Promise<unknown>,
  ) => {
    const most = limits[table]
    for (const { whose, rows } of counted) if (rows > most) await forget(whose, most)
    return Math.min(most, longest(counted))
  }
  return {
    connections: longest(await countBy(db, 'connectors', 'org_id')),
    waiting_requests: longest(await countWaiting(db)),
    authorizations: longest(await countBy(db, 'oauth_states', 'org_id')),
    requests: await shorten('requests', await countBy(db, 'connector_requests', 'org_id'), (orgId, most) =>
      shortenRequests(db, files, Number(orgId), most),
    ),
    events: await shorten('events', await countBy(db, 'events', 'org_id'), (orgId, most) =>
      shortenEvents(db, log, Number(orgId), most),
    ),
    webhooks: await shorten('webhooks', await countBy(db, 'webhook_events', 'connector_id'), (id, most) =>
      sql`DELETE FROM webhook_events WHERE connector_id = ${id} AND received_at <= (
        SELECT received_at FROM webhook_events WHERE connector_id = ${id} ORDER BY received_at DESC LIMIT 1 OFFSET ${most})`.execute(
        db,
      ),
    ),
    suppressions: await shorten(
      'suppressions',
      await countBy(db, 'mail_suppressions', 'connector_id'),
      (id, most) => forgetBeyond(db, SUPPRESSIONS, id, most),
    ),
    report_rows: await rowLimit.enforce(),
    campaign_budgets: await shortenBudgets(db, limits.campaign_budgets),
    dead_letters: await shorten('dead_letters', await countBy(db, 'dead_letters', 'org_id'), (orgId, most) =>
      forgetBeyond(db, DEAD_LETTERS, orgId, most),
    ),
    mails: await shorten('mails', await countBy(db, 'mail_notices', 'connector_id'), (id, most) =>
      forgetBeyond(db, MAILS, id, most),
    ),
  }
}

/** A table whose oldest rows are deleted, with the columns of a row's owner, id and age. */
interface LimitedTable {
  readonly table: string
  readonly owner: string
  readonly id: string
  readonly age: string
}

const SUPPRESSIONS: LimitedTable = {
  table: 'mail_suppressions',
  owner: 'connector_id',
  id: 'address',
  age: 'since',
}
const DEAD_LETTERS: LimitedTable = { table: 'dead_letters', owner: 'org_id', id: 'id', age: 'created_at' }
const MAILS: LimitedTable = {
  table: 'mail_notices',
  owner: 'connector_id',
  id: 'event_id',
  age: 'created_at',
}

/** Deletes all rows of an owner but the newest. */
async function forgetBeyond(
  db: Kysely<SyncDatabase>,
  of: LimitedTable,
  whose: number | string,
  most: number,
): Promise<void> {
  const [table, owner, id, age] = [sql.table(of.table), sql.ref(of.owner), sql.ref(of.id), sql.ref(of.age)]
  await sql`DELETE FROM ${table} WHERE ${owner} = ${whose} AND ${id} IN (
    SELECT ${id} FROM ${table} WHERE ${owner} = ${whose} ORDER BY ${age} DESC, ${id} LIMIT 1000000000 OFFSET ${most})`.execute(
    db,
  )
}

/** Deletes the oldest events. Some may wait to be published while the stream of events is away: that is logged. */
async function shortenEvents(
  db: Kysely<SyncDatabase>,
  log: Logger,
  orgId: number,
  most: number,
): Promise<void> {
  const last = await db
    .selectFrom('events')
    .select('seq')
    .where('org_id', '=', orgId)
    .orderBy('seq', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst()
  if (!last) return
  const { rows } = await sql<{ published_at: string | null }>`
    DELETE FROM events WHERE org_id = ${orgId} AND seq <= ${last.seq} RETURNING published_at`.execute(db)
  const unpublished = rows.filter(({ published_at }) => published_at === null).length
  if (unpublished > 0)
    log.error({ orgId, events: unpublished }, 'events were forgotten before they could be published')
}

/**
 * Deletes the oldest daily budgets of accounts that have too many: first those that a later one of the same campaign has
 * replaced. Days before the one that is left are then compared without a budget. Returns the rows of the account that has
 * most.
 */
async function shortenBudgets(db: Kysely<SyncDatabase>, most: number): Promise<number> {
  const { rows: accounts } = await sql<{ type: string; account: string; rows: number | string }>`
    SELECT connector_type AS type, account_id AS account, count(*) AS rows FROM campaign_budgets
    GROUP BY connector_type, account_id`.execute(db)
  for (const { type, account, rows } of accounts) {
    if (Number(rows) <= most) continue
    const ranked = sql`SELECT campaign_id, set_at, row_number() OVER (ORDER BY is_replaced, set_at DESC) AS nth FROM (
      SELECT campaign_id, set_at, CASE WHEN set_at = max(set_at) OVER (PARTITION BY campaign_id) THEN 0 ELSE 1 END AS is_replaced
      FROM campaign_budgets WHERE connector_type = ${type} AND account_id = ${account}) budgets`
    await sql`DELETE FROM campaign_budgets WHERE connector_type = ${type} AND account_id = ${account}
      AND (campaign_id, set_at) IN (SELECT campaign_id, set_at FROM (${ranked}) ranks WHERE nth > ${most})`.execute(
      db,
    )
  }
  return Math.min(most, Math.max(0, ...accounts.map(({ rows }) => Number(rows))))
}

const longest = (counted: readonly CountedRows[]): number => Math.max(0, ...counted.map(({ rows }) => rows))

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

interface CountedRows {
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
    | 'mail_suppressions'
    | 'dead_letters'
    | 'mail_notices',
  column: 'org_id' | 'connector_id',
): Promise<CountedRows[]> {
  const { rows } = await sql<{ whose: number | string; rows: number | string }>`
    SELECT ${sql.ref(column)} AS whose, count(*) AS rows FROM ${sql.table(table)} GROUP BY ${sql.ref(column)}`.execute(
    db,
  )
  return rows.map((one) => ({ whose: one.whose, rows: Number(one.rows) }))
}

async function countWaiting(db: Kysely<SyncDatabase>): Promise<CountedRows[]> {
  const rows = await db
    .selectFrom('connector_requests')
    .select((s) => ['org_id', s.fn.countAll<number>().as('rows')])
    .where('status', 'in', WAITING)
    .groupBy('org_id')
    .execute()
  return rows.map((one) => ({ whose: one.org_id, rows: Number(one.rows) }))
}
