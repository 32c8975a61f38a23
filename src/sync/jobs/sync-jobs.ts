import { randomUUID } from 'node:crypto'
import { type Selectable, sql, type Transaction } from 'kysely'
import { type Connector, type DateRange, ownReport } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import { emit } from '../events/index.ts'
import { enqueueIn, QUEUE_PRIORITIES, type QueuePriority } from '../queue/index.ts'
import type { ConnectorRow, Store, SyncDatabase, SyncJobTable } from '../store/index.ts'
import { infoOf, reportTypesOf, specOf } from '../work/index.ts'
import { rangesToSync } from './dates.ts'

export interface SyncDeps {
  readonly store: Store
  readonly clock: Clock
  readonly connectorOf: (type: string) => Connector | undefined
  /** Called with a synchronisation that was given up. */
  readonly onGivenUp: (job: Selectable<SyncJobTable>, error: string) => void
}

/** Minutes before each retry of a failed synchronisation. */
const RETRY_MINUTES = [1, 2, 4, 8, 16]
const MINUTE_MS = 60_000

/** Starts a synchronisation, which fetches every report that the connection is set to read. Returns its id. */
export function startSynchronisation(
  deps: SyncDeps,
  connectorId: string,
  trigger: 'manual' | 'scheduled',
  priority: QueuePriority,
): Promise<string> {
  const { store, clock } = deps
  return store.db.transaction().execute(async (tx) => {
    const row = await connectionOf(tx, connectorId)
    const id = randomUUID()
    const now = isoTime(clock.nowMs())
    await tx
      .insertInto('sync_jobs')
      .values({
        id,
        connector_id: connectorId,
        org_id: row.org_id,
        trigger,
        status: 'running',
        retry_count: 0,
        created_at: now,
        started_at: now,
      })
      .execute()
    const connector = deps.connectorOf(row.type)
    const set = infoOf(row).settings['reports']
    const reports = Array.isArray(set) ? set.map(String) : connector ? reportTypesOf(connector) : []
    const asked = await askFor(tx, deps, row, reports, id, priority)
    if (asked === 0) throw new AppError('invalid_request', `${row.type} has nothing to read by itself`)
    return id
  })
}

const connectionOf = (tx: Transaction<SyncDatabase>, id: string): Promise<ConnectorRow> =>
  tx.selectFrom('connectors').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

async function askFor(
  tx: Transaction<SyncDatabase>,
  { store, clock, connectorOf }: SyncDeps,
  row: ConnectorRow,
  reports: readonly string[],
  syncJobId: string,
  priority: QueuePriority,
): Promise<number> {
  const connector = connectorOf(row.type)
  let asked = 0
  const known = connector ? reportTypesOf(connector) : []
  for (const reportType of new Set(reports.map((name) => ownReport(known, name)))) {
    const spec = connector && reportType !== undefined ? specOf(connector, reportType) : undefined
    if (!spec || reportType === undefined) continue
    const { timezone } = infoOf(row)
    const { newest } = await tx
      .selectFrom('report_rows')
      .select((s) => s.fn.max('date').as('newest'))
      .where('connector_id', '=', row.id)
      .where('report_type', '=', reportType)
      .executeTakeFirstOrThrow()
    const ranges: (DateRange | undefined)[] = spec.dated
      ? rangesToSync(spec, clock.nowMs(), timezone, newest || undefined)
      : [undefined]
    for (const range of ranges) {
      await enqueueIn(tx, store, clock, {
        connectorId: row.id,
        orgId: row.org_id,
        reportType,
        range,
        fields: spec.fields,
        priority,
        syncJobId,
        maxDays: spec.maxDays,
        // A synchronisation reads new data, so an earlier reading must not serve it.
        fresh: true,
      })
      asked += 1
    }
  }
  return asked
}

/** Ends synchronisations whose last fetch has finished, or plans their retry. */
export async function settleSyncs(deps: SyncDeps, fetchJobId: string): Promise<void> {
  const jobs = await deps.store.db
    .selectFrom('connector_requests')
    .select('sync_job_id')
    .distinct()
    .where('job_id', '=', fetchJobId)
    .where('sync_job_id', 'is not', null)
    .execute()
  for (const { sync_job_id } of jobs) if (sync_job_id !== null) await settle(deps, sync_job_id)
}

async function settle(deps: SyncDeps, id: string): Promise<void> {
  const { store, clock } = deps
  await store.db.transaction().execute(async (tx) => {
    let query = tx.selectFrom('sync_jobs').selectAll().where('id', '=', id)
    if (store.engine === 'postgres') query = query.forUpdate()
    const job = await query.executeTakeFirst()
    if (job?.status !== 'running') return
    const parts = await latestParts(tx, id)
    if (parts.some(({ status }) => status === 'queued' || status === 'running')) return

    const failed = parts.filter(({ status }) => status === 'failed')
    const error = reasonsOf(failed)
    const now = isoTime(clock.nowMs())
    const set = (change: Partial<SyncDatabase['sync_jobs']>) =>
      tx.updateTable('sync_jobs').set(change).where('id', '=', id).execute()
    if (failed.length === 0) {
      await set({ status: 'completed', error: null, completed_at: now, next_retry_at: null })
      return
    }
    const waitMinutes = RETRY_MINUTES[job.retry_count]
    if (waitMinutes !== undefined && failed.some(({ retryable }) => retryable === 1)) {
      const nextMs = clock.nowMs() + waitMinutes * MINUTE_MS
      await set({
        status: 'pending',
        error,
        retry_count: job.retry_count + 1,
        next_retry_at: isoTime(nextMs),
      })
      return
    }
    // Parts that can never be read are reported and do not make the others fail.
    if (failed.length < parts.length && failed.every(({ retryable }) => retryable === 0)) {
      await set({ status: 'completed', error, completed_at: now })
      return
    }
    await set({ status: 'failed', error, completed_at: now, next_retry_at: null })
    await tx
      .insertInto('dead_letters')
      .values({
        id: randomUUID(),
        org_id: job.org_id,
        connector_id: job.connector_id,
        sync_job_id: id,
        error,
        created_at: now,
      })
      .execute()
    const data = { sync_job_id: id, error, retry_count: job.retry_count }
    await emit(tx, clock, { orgId: job.org_id, type: 'sync_failed', subject: job.connector_id, data })
    deps.onGivenUp(job, error)
  })
}

/** Why parts failed: each reason once, with the reports where it is that of several. */
function reasonsOf(
  failed: readonly { readonly request_type: string; readonly error: string | null }[],
): string {
  const reports = new Map<string, string[]>()
  for (const { error, request_type } of failed) {
    const reason = error ?? 'no reason was given'
    reports.set(reason, [...(reports.get(reason) ?? []), request_type])
  }
  return [...reports]
    .map(([reason, of]) => (of.length > 1 ? `${reason} (${[...new Set(of)].sort().join(', ')})` : reason))
    .join('; ')
}

/** Latest result of each part of a synchronisation (a report over a range). */
async function latestParts(tx: Transaction<SyncDatabase>, syncJobId: string) {
  const requests = await tx
    .selectFrom('connector_requests')
    .select(['request_type', 'params', 'status', 'error', 'retryable'])
    .where('sync_job_id', '=', syncJobId)
    .orderBy('created_at')
    .execute()
  const part = ({ request_type, params }: (typeof requests)[number]) =>
    `${request_type} ${JSON.stringify(parseJson(params).date_range ?? null)}`
  return [...new Map(requests.map((request) => [part(request), request])).values()]
}

/** Retries the failed parts of synchronisations that are due. Returns how many were restarted. */
export async function retryDue(deps: SyncDeps): Promise<number> {
  const { store, clock } = deps
  const now = isoTime(clock.nowMs())
  const due = await store.db
    .updateTable('sync_jobs')
    .set({ status: 'running', next_retry_at: null })
    .where('status', '=', 'pending')
    .where('next_retry_at', '<=', now)
    .returning(['id', 'connector_id'])
    .execute()
  for (const { id, connector_id } of due) {
    await store.db.transaction().execute(async (tx) => {
      const row = await connectionOf(tx, connector_id)
      const connector = deps.connectorOf(row.type)
      for (const part of await latestParts(tx, id)) {
        const spec = connector && specOf(connector, part.request_type)
        if (part.status !== 'failed' || part.retryable !== 1 || !spec) continue
        const asked: { date_range?: DateRange; fields: string[] } = parseJson(part.params)
        await enqueueIn(tx, store, clock, {
          connectorId: row.id,
          orgId: row.org_id,
          reportType: part.request_type,
          range: asked.date_range,
          fields: asked.fields,
          priority: QUEUE_PRIORITIES.retry,
          syncJobId: id,
          maxDays: spec.maxDays,
          fresh: true,
        })
      }
    })
  }
  return due.length
}

/** Ends synchronisations whose last fetch had ended before a crash. */
export async function settleLeftOver(deps: SyncDeps): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM sync_jobs s WHERE status = 'running' AND NOT EXISTS (
      SELECT 1 FROM connector_requests q WHERE q.sync_job_id = s.id AND q.status IN ('queued', 'running'))`.execute(
    deps.store.db,
  )
  for (const { id } of rows) await settle(deps, id)
}
