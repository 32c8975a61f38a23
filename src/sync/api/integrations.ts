import { z } from '@hono/zod-openapi'
import { ok, Reason, ReasonQuery, type Route, readJson, reasonOf, WRONG_BODY } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { connectionsOf, findConnection, testConnection } from '../connections.ts'
import { QUEUE_PRIORITIES } from '../queue/index.ts'
import { type ConnectorRow, SYNC_JOB_STATUSES } from '../store/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { infoOf, type RequestResult } from '../work/index.ts'
import { connectAudited, disconnectAudited } from './audited-connections.ts'
import { answer, Credential, Id, idOf } from './route-parts.ts'
import { synchroniseNow } from './synchronise.ts'

/** Provider names in the integrations API; other platforms use their own name in lower case. */
const PROVIDERS: Readonly<Record<string, string>> = { google_analytics: 'GA4', meta_ads: 'META' }
/** Most requests of a synchronisation that are read, with those of its retries. */
const MAX_READ = 1_000
/** Most caveats of a synchronisation that are said; each of its reports has them all. */
const MAX_CAVEATS = 100
const providerOf = (type: string): string =>
  Object.keys(PROVIDERS).find((name) => PROVIDERS[name] === type) ?? type.toLowerCase()

const Credentials = z
  .strictObject({
    provider: z.string().min(1).max(50),
    accessToken: Credential,
    refreshToken: Credential.optional(),
    expiresAt: z.iso.datetime().optional(),
    reason: Reason.optional(),
  })
  .openapi('ConnectionCredentials')

const SyncJob = z
  .object({
    id: z.string(),
    integrationId: z.string(),
    status: z.enum(SYNC_JOB_STATUSES),
    success: z.boolean().nullable().describe('Null while it is not known'),
    startedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
    error: z.string().nullable(),
    errors: z.array(z.object({ report: z.string(), message: z.string().nullable(), retryable: z.boolean() })),
    caveats: z.array(z.object({ report: z.string(), caveat: z.string() })),
    retryCount: z.number().int(),
    nextRetryAt: z.string().nullable(),
    nextSyncAt: z.string().nullable(),
    recordsProcessed: z.number().int(),
  })
  .openapi('SyncJob')

/** Routes that show connections and their synchronisations as integrations: the same rows under other names. */
export function integrationRoutes(sync: Sync): Route[] {
  return [
    listIntegrations(sync),
    connectWithCredentials(sync),
    readNow(sync),
    listJobs(sync),
    showHealth(sync),
    disconnect(sync),
  ]
}

function listIntegrations(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/integrations',
    summary: 'Integrations of the workspace',
    scope: 'read',
    answers: answer('All integrations'),
    refusals: [],
    async handle(_, { org }) {
      const rows = await connectionsOf(sync, org)
      return ok({ integrations: rows.map(view) })
    },
  }
}

function connectWithCredentials(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/integrations',
    summary: 'Connect with credentials that were obtained elsewhere',
    scope: 'connect',
    query: ReasonQuery,
    body: Credentials,
    example: { provider: 'META', accessToken: 'EAAsandbox' },
    answers: answer('The integration'),
    refusals: [...WRONG_BODY, 'not_found', 'platform_refused', 'platform_unavailable', 'records_unavailable'],
    async handle(c, caller) {
      const { provider, accessToken, refreshToken, expiresAt, reason } = await readJson(c, Credentials)
      const connector = connectorFor(sync, provider)
      const expiresMs = expiresAt === undefined ? undefined : Date.parse(expiresAt)
      const grant =
        connector.auth.is === 'api_key'
          ? ({ is: 'api_key', apiKey: accessToken } as const)
          : ({ is: 'oauth2', accessToken, refreshToken, expiresMs, obtainedMs: sync.clock.nowMs() } as const)
      const wanted = {
        orgId: caller.org,
        connector,
        grant,
        accountId: undefined,
        settings: {},
        connectorId: undefined,
      }
      const row = await connectAudited(sync, caller, wanted, reasonOf(c, reason))
      return ok(view(row))
    },
  }
}

function readNow(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/integrations/{id}/sync',
    summary: 'Read everything now',
    scope: 'read',
    params: Id,
    answers: answer('The job', SyncJob),
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org }) {
      const row = await findConnection(sync, org, idOf(c))
      const id = await synchroniseNow(sync, row, QUEUE_PRIORITIES.manual)
      return ok(await jobOf(sync, id))
    },
  }
}

function listJobs(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/integrations/{id}/jobs',
    summary: 'Synchronisations, newest first',
    scope: 'read',
    params: Id,
    answers: answer('The last 50', z.object({ jobs: z.array(SyncJob) })),
    refusals: ['not_found'],
    async handle(c, { org }) {
      const row = await findConnection(sync, org, idOf(c))
      const jobs = await sync.store.db
        .selectFrom('sync_jobs')
        .select('id')
        .where('connector_id', '=', row.id)
        .orderBy('created_at', 'desc')
        .limit(50)
        .execute()
      return ok({ jobs: await Promise.all(jobs.map(({ id }) => jobOf(sync, id))) })
    },
  }
}

function showHealth(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/integrations/{id}/health',
    summary: 'Whether the integration works now',
    scope: 'read',
    params: Id,
    answers: answer('What the platform says'),
    refusals: ['not_found'],
    async handle(c, { org }) {
      const row = await findConnection(sync, org, idOf(c))
      const { ok: healthy, detail } = await testConnection(sync, row, connectorFor(sync, row.type))
      return ok({ id: row.id, healthy, detail })
    },
  }
}

function disconnect(sync: Sync): Route {
  return {
    method: 'delete',
    path: '/api/v1/integrations/{id}',
    summary: 'Take the grant back; what was read stays',
    scope: 'connect',
    params: Id,
    query: ReasonQuery,
    answers: answer('The integration'),
    refusals: ['invalid_request', 'not_found'],
    async handle(c, caller) {
      const { org } = caller
      await disconnectAudited(sync, c, caller, await findConnection(sync, org, idOf(c)), false)
      return ok(view(await findConnection(sync, org, idOf(c))))
    },
  }
}

/** A synchronisation in the words of integrations. */
async function jobOf({ store }: Sync, id: string) {
  const job = await store.db.selectFrom('sync_jobs').selectAll().where('id', '=', id).executeTakeFirst()
  if (!job) throw new AppError('not_found', 'There is no such job')
  const { count } = await store.db
    .selectFrom('connector_requests')
    .innerJoin('fetch_jobs', 'fetch_jobs.id', 'connector_requests.job_id')
    .select((s) => s.fn.sum<number>('fetch_jobs.records').as('count'))
    .where('sync_job_id', '=', id)
    .executeTakeFirstOrThrow()
  const read = await store.db
    .selectFrom('connector_requests')
    .select(['request_type', 'error', 'retryable', 'result'])
    .where('sync_job_id', '=', id)
    .orderBy('created_at')
    .limit(MAX_READ)
    .execute()
  // Of a report that was retried, only the last result counts.
  const last = [...new Map(read.map((one) => [one.request_type, one])).values()]
  const failed = last.filter(({ error }) => error !== null)
  const schedule = await store.db
    .selectFrom('schedules')
    .select('next_at')
    .where('connector_id', '=', job.connector_id)
    .executeTakeFirst()
  return {
    id: job.id,
    integrationId: job.connector_id,
    status: job.status,
    /** Null while the result is not known. */
    success: job.completed_at === null ? null : job.status === 'completed',
    startedAt: job.started_at,
    completedAt: job.completed_at,
    error: job.error,
    errors: failed.map(({ request_type: report, error: message, retryable }) => ({
      report,
      message,
      retryable: retryable === 1,
    })),
    caveats: last
      .flatMap(({ request_type: report, result }) => caveatsOf(result).map((caveat) => ({ report, caveat })))
      .slice(0, MAX_CAVEATS),
    retryCount: job.retry_count,
    nextRetryAt: job.next_retry_at,
    nextSyncAt: job.next_retry_at ?? schedule?.next_at ?? null,
    recordsProcessed: Number(count ?? 0),
  }
}

function caveatsOf(result: string | null): readonly string[] {
  if (result === null) return []
  const { caveats }: RequestResult = parseJson(result)
  return caveats
}

function view(row: ConnectorRow) {
  const status = row.status === 'pending' ? 'disconnected' : row.status
  return {
    id: row.id,
    workspaceId: String(row.org_id),
    provider: providerOf(row.type),
    status,
    settings: infoOf(row).settings,
    lastSyncAt: row.last_sync_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
