import { parseJson } from '../../json.ts'
import { findConnection, isId, notFound } from '../connections.ts'
import { placeOf } from '../queue/index.ts'
import type { Sync } from '../sync.ts'
import { isStale, type RequestRow, rateLimitOf, STALE, waitMessage } from './views.ts'

/** A request of the organisation; another's is not found. */
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

/** Where a request stands, as its sender is told. */
export async function standing(sync: Sync, orgId: number, connectorId: string, jobId: string) {
  const { position, waitMs } = await placeOf(sync.store, jobId, sync.maxConcurrent)
  const row = await findConnection(sync, orgId, connectorId)
  const { current, limit, reset_at } = rateLimitOf(sync, row)
  return {
    queue_position: position,
    estimated_wait_seconds: Math.ceil(waitMs / 1000),
    rate_limit_status: { current, limit, reset_at },
    ...(isStale(sync, row) && { stale: true, message: STALE }),
  }
}

export const requestView = (row: RequestRow) => ({
  request_id: row.id,
  connector_id: row.connector_id,
  report_type: row.request_type,
  ...parseJson(row.params),
  status: row.status,
  batched_with: parseJson(row.batched_with),
  ...(row.result !== null && { result: parseJson(row.result) }),
  ...(row.error !== null && { error: row.error }),
  execution_time_ms: row.execution_time_ms,
  cost: row.cost,
  created_at: row.created_at,
  started_at: row.started_at,
  completed_at: row.completed_at,
})

/** A request as it stands now; with the last good data while its platform is kept away from. */
export async function requestStatus(sync: Sync, orgId: number, row: RequestRow) {
  const view = requestView(row)
  if (row.status !== 'queued' && row.status !== 'running')
    return { ...view, progress: row.status === 'completed' ? 100 : 0 }
  const { store, clock } = sync
  const job = await store.db
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('id', '=', row.job_id)
    .executeTakeFirstOrThrow()
  const connector = await findConnection(sync, orgId, row.connector_id)
  const { position, waitMs } = await placeOf(store, row.job_id, sync.maxConcurrent)
  const heldMs = job.status === 'deferred' ? Math.max(0, Date.parse(job.not_before) - clock.nowMs()) : 0
  const stale = isStale(sync, connector) || job.waits_for === 'recovery'
  const message = stale ? STALE : job.waits_for === 'rate_limit' ? waitMessage(heldMs) : undefined
  const last = stale ? await lastGood(sync, row) : undefined
  return {
    ...view,
    progress: Math.round(job.progress * 100),
    queue_position: position,
    estimated_wait_seconds: Math.ceil(Math.max(waitMs, heldMs) / 1000),
    ...(message !== undefined && { message }),
    ...(stale && { stale: true }),
    ...(last && { result: last }),
  }
}

/** What the last request that succeeded for the same report got. */
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
