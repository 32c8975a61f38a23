import { type Kysely, sql } from 'kysely'
import { parseJson } from '../json/json.ts'
import { textAt } from '../json/json-at.ts'
import { type Clock, isoTime } from '../time/clock.ts'
import { forgetOldEvents } from './events/index.ts'
import { type FileStore, forgetRowsBefore, removeFile } from './reports/index.ts'
import type { Store, SyncDatabase } from './store/index.ts'

/** How long records are kept, in days. */
export interface Retention {
  /** Ended requests, their files, synchronisations and dead letters. */
  readonly requests: number
  /** Published events, webhooks and e-mails. */
  readonly events: number
  /** Rows of dated reports, by their own date; undefined for ever. */
  readonly rows: number | undefined
  /** Most bytes of files of one organisation. Beyond it the oldest files are deleted; their requests and rows stay. */
  readonly fileBytes: number
}

export interface ForgetDeps {
  readonly store: Store
  readonly clock: Clock
  readonly files: FileStore
  readonly keep: Retention
}

const DAY_MS = 86_400_000
/** Rows deleted per statement, so that nobody waits long for a lock. */
const PER_STEP = 500
const ENDED = ['completed', 'failed', 'cancelled'] as const

/** Bytes of report files. */
export interface FileBytes {
  readonly all: number
  /** Of the organisation that has most. */
  readonly ofOne: number
}

/** Deletes what is older than its limit. Whatever has not ended, or is still referred to, stays. Returns what files take. */
export async function forgetOld({ store, clock, files, keep }: ForgetDeps): Promise<FileBytes> {
  const { db } = store
  const before = (days: number) => isoTime(clock.nowMs() - days * DAY_MS)
  await forgetRequests(db, files, before(keep.requests))
  await forgetJobs(db, before(keep.requests))
  await db.deleteFrom('dead_letters').where('created_at', '<', before(keep.requests)).execute()
  await forgetFiles(store, files, keep.fileBytes)
  await forgetOldEvents(store, clock, keep.events * DAY_MS)
  await db.deleteFrom('webhook_events').where('received_at', '<', before(keep.events)).execute()
  await db
    .deleteFrom('mail_notices')
    .where('status', '!=', 'waiting')
    .where('created_at', '<', before(keep.events))
    .execute()
  if (keep.rows !== undefined) await forgetRowsBefore(store, clock, before(keep.rows).slice(0, 10))
  return fileBytes(store)
}

/**
 * Deletes old requests, the file first: a request without its file is deleted the next time, but a file without a
 * request would never be.
 * @param orgId organisation; undefined for all
 */
export async function forgetRequests(
  db: Kysely<SyncDatabase>,
  files: FileStore,
  before: string,
  orgId?: number,
): Promise<void> {
  for (;;) {
    let query = db
      .selectFrom('connector_requests')
      .select(['id', 'job_id', 'result'])
      .where('status', 'in', ENDED)
      .where('completed_at', '<', before)
      .limit(PER_STEP)
    if (orgId !== undefined) query = query.where('org_id', '=', orgId)
    const old = await query.execute()
    for (const request of old) {
      const location = locationOf(request)
      if (location !== undefined && !(await isSharedSince(db, request, location, before)))
        await removeFile(files, nameOf(location))
    }
    if (old.length > 0)
      await db
        .deleteFrom('connector_requests')
        .where(
          'id',
          'in',
          old.map(({ id }) => id),
        )
        .execute()
    if (old.length < PER_STEP) return
  }
}

const locationOf = ({ result }: { result: string | null }): string | undefined =>
  result === null ? undefined : textAt(parseJson(result), 'storage_location')

/** Name of the file in the file store. */
const nameOf = (location: string): string => location.split('/').slice(-2).join('/')

/** Whether a later identical request was given the same file. */
async function isSharedSince(
  db: Kysely<SyncDatabase>,
  { job_id }: { job_id: string },
  location: string,
  before: string,
): Promise<boolean> {
  const later = await db
    .selectFrom('connector_requests')
    .select('result')
    .where('job_id', '=', job_id)
    .where('completed_at', '>=', before)
    .execute()
  return later.some((one) => locationOf(one) === location)
}

const LOCATION = sql<string>`result->>'storage_location'`

/** One row for each report file: whose it is, its size, and when it was asked for last. */
const filesOf = ({ engine }: Store) => sql`
  SELECT org_id, job_id, ${LOCATION} AS location, max(completed_at) AS used_at,
    max(CAST(result->>'size_bytes' AS ${engine === 'postgres' ? sql`bigint` : sql`integer`})) AS bytes
  FROM connector_requests WHERE status = 'completed' AND ${LOCATION} IS NOT NULL
  GROUP BY org_id, job_id, ${LOCATION}`

async function fileBytes(store: Store): Promise<FileBytes> {
  const { rows } = await sql<{ bytes: number | string }>`
    SELECT sum(bytes) AS bytes FROM (${filesOf(store)}) files GROUP BY org_id`.execute(store.db)
  const bytes = rows.map((one) => Number(one.bytes))
  return { all: bytes.reduce((sum, one) => sum + one, 0), ofOne: Math.max(0, ...bytes) }
}

async function forgetFiles(store: Store, files: FileStore, mostBytes: number): Promise<void> {
  const { db, engine } = store
  // A file that several requests share is as old as its newest request.
  const { rows } = await sql<{ job_id: string; location: string }>`
    SELECT job_id, location FROM (
      SELECT job_id, location, sum(bytes) OVER (PARTITION BY org_id ORDER BY used_at DESC, location) AS so_far
      FROM (${filesOf(store)}) files) sums
    WHERE so_far > ${mostBytes} LIMIT ${PER_STEP}`.execute(db)
  const nowhere =
    engine === 'postgres'
      ? sql<string>`jsonb_set(result, '{storage_location}', 'null')`
      : sql<string>`json_set(result, '$.storage_location', NULL)`
  for (const file of rows) {
    await removeFile(files, nameOf(file.location))
    await db
      .updateTable('connector_requests')
      .set({ result: nowhere })
      .where('job_id', '=', file.job_id)
      .where(sql<boolean>`${LOCATION} = ${file.location}`)
      .execute()
  }
  if (rows.length === PER_STEP) await forgetFiles(store, files, mostBytes)
}

/** Deletes jobs and synchronisations that ended before this time and of which no request is kept. */
export async function forgetJobs(db: Kysely<SyncDatabase>, before: string): Promise<void> {
  await db
    .deleteFrom('fetch_jobs')
    .where('status', 'in', ENDED)
    .where('finished_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('connector_requests')
            .select('connector_requests.id')
            .whereRef('connector_requests.job_id', '=', 'fetch_jobs.id'),
        ),
      ),
    )
    .execute()
  await db
    .deleteFrom('sync_jobs')
    .where('status', 'in', ['completed', 'failed'])
    .where('completed_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('connector_requests')
            .select('connector_requests.id')
            .whereRef('connector_requests.sync_job_id', '=', 'sync_jobs.id'),
        ),
      ),
    )
    .execute()
}
