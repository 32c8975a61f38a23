import type { Selectable } from 'kysely'
import { parseJson } from '../../json/json.ts'
import { listAt, textAt } from '../../json/json-at.ts'
import { findConnection, isId, notFound } from '../connections.ts'
import type { JobTable } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { waitOf } from '../waits.ts'
import { isStale, type RequestRow, rateLimitOf, STALE, waitMessage } from './views.ts'

/** Highest progress, 0 to 1, that passing time alone can give a request. */
const MOST_BY_TIME = 0.95

/** Returns a request of the organisation; throws 404 for every other id. */
export async function findRequest({ store }: Sync, orgId: number, id: string): Promise<RequestRow> {
  const row = isId(id)
    ? await store.db
        .selectFrom('connector_requests')
        .selectAll()
        .where('id', '=', id)
        .where('org_id', '=', orgId)
        .executeTakeFirst()
    : undefined
  if (!row) throw notFound('request', id)
  return row
}

/** A request's place in the queue, its wait, and the limits of its account. */
export async function queueStatus(sync: Sync, orgId: number, connectorId: string, jobId: string) {
  const { position, waitMs } = await waitOf(sync, jobId)
  const row = await findConnection(sync, orgId, connectorId)
  const { current, limit, reset_at } = rateLimitOf(sync, row)
  return {
    queue_position: position,
    estimated_wait_seconds: Math.ceil(waitMs / 1000),
    rate_limit_status: { current, limit, reset_at },
    ...(isStale(sync, row) && { stale: true, message: STALE }),
  }
}

/** Seconds since the rows were read; null for rows that are not read yet. */
export const ageSeconds = ({ clock }: Pick<Sync, 'clock'>, readAt: string | undefined): number | null =>
  readAt === undefined ? null : Math.max(0, Math.floor((clock.nowMs() - Date.parse(readAt)) / 1000))

export const requestView = (row: RequestRow) => ({
  request_id: row.id,
  connector_id: row.connector_id,
  report_type: row.request_type,
  ...parseJson(row.params),
  status: row.status,
  merged: listAt(parseJson(row.batched_with)).length > 0,
  batched_with: parseJson(row.batched_with),
  ...(row.result !== null && { result: parseJson(row.result) }),
  ...(row.error !== null && { error: row.error }),
  execution_time_ms: row.execution_time_ms,
  cost: row.cost,
  created_at: row.created_at,
  started_at: row.started_at,
  completed_at: row.completed_at,
})

/** Answer to a request's status. While the platform's breaker is open, it contains the last good data. */
export async function requestStatus(sync: Sync, orgId: number, row: RequestRow) {
  const view = requestView(row)
  if (row.status !== 'queued' && row.status !== 'running') {
    const readAt = row.result === null ? undefined : textAt(parseJson(row.result), 'fetched_at')
    const isDone = row.status === 'completed'
    return { ...view, progress: isDone ? 100 : 0, rows_age_seconds: ageSeconds(sync, readAt) }
  }
  const { store } = sync
  const job = await store.db
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('id', '=', row.job_id)
    .executeTakeFirstOrThrow()
  const connector = await findConnection(sync, orgId, row.connector_id)
  const { position, waitMs, share } = await waitOf(sync, row.job_id)
  const stale = isStale(sync, connector)
  const message = stale ? STALE : waitReason(sync, job)
  const last = stale ? await lastGood(sync, row) : undefined
  return {
    ...view,
    progress: Math.round(Math.max(job.progress, Math.min(MOST_BY_TIME, share)) * 100),
    queue_position: position,
    estimated_wait_seconds: Math.ceil(waitMs / 1000),
    ...(message !== undefined && { message }),
    ...(stale && { stale: true }),
    ...(last && { result: last }),
  }
}

/** Says what a reading waits for; undefined where there is nothing to say. */
function waitReason({ clock }: Sync, job: Selectable<JobTable>): string | undefined {
  switch (job.waits_for) {
    case 'rate_limit':
      return waitMessage(Math.max(0, Date.parse(job.not_before) - clock.nowMs()))
    case 'recovery':
    case 'retry':
      return 'Temporary issue, retrying'
    default:
      return undefined
  }
}

/** Result of the last successful request for the same report. */
async function lastGood({ store }: Sync, row: RequestRow): Promise<object | undefined> {
  const last = await store.db
    .selectFrom('connector_requests')
    .select('result')
    .where('connector_id', '=', row.connector_id)
    .where('request_type', '=', row.request_type)
    .where('status', '=', 'completed')
    .orderBy('completed_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last?.result == null ? undefined : parseJson(last.result)
}
