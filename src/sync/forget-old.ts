import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../clock.ts'
import { parseJson } from '../json.ts'
import { forgetOldEvents } from './events/index.ts'
import { type FileStore, removeFile } from './reports/index.ts'
import type { Store, Tables } from './store/index.ts'

/** How long what was done is kept, in days. */
export interface Keep {
  /** Requests that have ended, their files, synchronisations and dead letters. */
  readonly requests: number
  /** Published events, webhooks and notices. */
  readonly events: number
  /** Rows of dated reports, by their own dates; undefined for ever. */
  readonly rows: number | undefined
}

export interface ForgetDeps {
  readonly store: Store
  readonly clock: Clock
  readonly files: FileStore
  readonly keep: Keep
}

const DAY_MS = 86_400_000
/** Deleted at once, so that nobody waits long for a lock. */
const PER_STEP = 500
const ENDED = ['completed', 'failed', 'cancelled'] as const

/** Deletes what is older than it is kept. What is not ended, or still refers to something, stays. */
export async function forgetOld({ store, clock, files, keep }: ForgetDeps): Promise<void> {
  const { db } = store
  const before = (days: number) => isoTime(clock.nowMs() - days * DAY_MS)
  await forgetRequests(db, files, before(keep.requests))
  await forgetJobs(db, before(keep.requests))
  await forgetOldEvents(store, clock, keep.events * DAY_MS)
  await db.deleteFrom('webhook_events').where('received_at', '<', before(keep.events)).execute()
  await db
    .deleteFrom('mail_notices')
    .where('status', '!=', 'waiting')
    .where('created_at', '<', before(keep.events))
    .execute()
  if (keep.rows === undefined) return
  await db
    .deleteFrom('report_rows')
    .where('date', '!=', '')
    .where('date', '<', before(keep.rows).slice(0, 10))
    .execute()
}

/** The file goes first: a request without its file can be deleted the next time, a file without its request never. */
async function forgetRequests(db: Kysely<Tables>, files: FileStore, before: string): Promise<void> {
  for (;;) {
    const old = await db
      .selectFrom('connector_requests')
      .select(['id', 'result'])
      .where('status', 'in', ENDED)
      .where('completed_at', '<', before)
      .limit(PER_STEP)
      .execute()
    for (const { result } of old) {
      const location: unknown = result === null ? undefined : parseJson(result).storage_location
      if (typeof location === 'string') await removeFile(files, location.split('/').slice(-2).join('/'))
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

async function forgetJobs(db: Kysely<Tables>, before: string): Promise<void> {
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
  await db.deleteFrom('dead_letters').where('created_at', '<', before).execute()
}
