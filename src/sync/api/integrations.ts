import { z } from '@hono/zod-openapi'
import { ok, type Route, readJson } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { type ConnectorRow, connect, disconnect, findConnection, testConnection } from '../connections.ts'
import { startSync } from '../jobs/index.ts'
import { QUEUE_PRIORITIES } from '../queue/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { infoOf } from '../work/index.ts'
import { Id, idOf } from './connectors.ts'

/** Providers by the names integrations use; the others by their own, in lower case. */
const PROVIDERS: Readonly<Record<string, string>> = { google_analytics: 'GA4', meta_ads: 'META' }
const providerOf = (type: string): string =>
  Object.keys(PROVIDERS).find((name) => PROVIDERS[name] === type) ?? type.toLowerCase()

const Credentials = z.strictObject({
  provider: z.string().min(1).max(50),
  accessToken: z.string().min(1).max(4096),
  refreshToken: z.string().min(1).max(4096).optional(),
  expiresAt: z.iso.datetime().optional(),
})
const answer = (description: string, schema: z.ZodType = z.looseObject({})) => ({
  200: { description, schema },
})

/** Connections and their synchronisations, seen as integrations: the same rows under other names. */
export function integrationRoutes(sync: Sync): Route[] {
  const { store, clock } = sync
  return [
    {
      method: 'get',
      path: '/api/v1/integrations',
      summary: 'Integrations of the workspace',
      scope: 'read',
      answers: answer('All integrations'),
      refusals: [],
      async handle(_, { org }) {
        const rows = await store.db
          .selectFrom('connectors')
          .selectAll()
          .where('org_id', '=', org)
          .orderBy('created_at')
          .execute()
        return ok({ integrations: rows.map(view) })
      },
    },
    {
      method: 'post',
      path: '/api/v1/integrations',
      summary: 'Connect with credentials that were obtained elsewhere',
      scope: 'admin',
      body: Credentials.openapi('ConnectionCredentials'),
      example: { provider: 'META', accessToken: 'EAAsandbox' },
      answers: answer('The integration'),
      refusals: [
        'invalid_request',
        'payload_too_large',
        'unsupported_media_type',
        'not_found',
        'platform_refused',
        'platform_unavailable',
      ],
      async handle(c, { org }) {
        const { provider, accessToken, refreshToken, expiresAt } = await readJson(c, Credentials)
        const connector = connectorFor(sync, PROVIDERS[provider] ?? provider)
        const expiresMs = expiresAt === undefined ? undefined : Date.parse(expiresAt)
        const grant =
          connector.auth.is === 'api_key'
            ? ({ is: 'api_key', apiKey: accessToken } as const)
            : ({ is: 'oauth2', accessToken, refreshToken, expiresMs, obtainedMs: clock.nowMs() } as const)
        const row = await connect(sync, {
          orgId: org,
          connector,
          grant,
          accountId: undefined,
          settings: {},
          connectorId: undefined,
        })
        return ok(view(row))
      },
    },
    {
      method: 'post',
      path: '/api/v1/integrations/{id}/sync',
      summary: 'Read everything now',
      scope: 'read',
      params: Id,
      answers: answer('The job'),
      refusals: ['not_found', 'invalid_request'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const id = await startSync(sync.jobs, row.id, 'manual', QUEUE_PRIORITIES.manual)
        sync.worker.nudge()
        return ok(await jobOf(id))
      },
    },
    {
      method: 'get',
      path: '/api/v1/integrations/{id}/jobs',
      summary: 'Synchronisations, newest first',
      scope: 'read',
      params: Id,
      answers: answer('The last 50'),
      refusals: ['not_found'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const jobs = await store.db
          .selectFrom('sync_jobs')
          .select('id')
          .where('connector_id', '=', row.id)
          .orderBy('created_at', 'desc')
          .limit(50)
          .execute()
        return ok({ jobs: await Promise.all(jobs.map(({ id }) => jobOf(id))) })
      },
    },
    {
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
    },
    {
      method: 'delete',
      path: '/api/v1/integrations/{id}',
      summary: 'Take the grant back; what was read stays',
      scope: 'admin',
      params: Id,
      answers: answer('The integration'),
      refusals: ['not_found'],
      async handle(c, { org }) {
        await disconnect(sync, await findConnection(sync, org, idOf(c)), false)
        return ok(view(await findConnection(sync, org, idOf(c))))
      },
    },
  ]

  async function jobOf(id: string) {
    const job = await store.db.selectFrom('sync_jobs').selectAll().where('id', '=', id).executeTakeFirst()
    if (!job) throw new AppError('not_found', 'There is no such job')
    const { count } = await store.db
      .selectFrom('connector_requests')
      .innerJoin('fetch_jobs', 'fetch_jobs.id', 'connector_requests.job_id')
      .select((s) => s.fn.sum<number>('fetch_jobs.records').as('count'))
      .where('sync_job_id', '=', id)
      .executeTakeFirstOrThrow()
    return {
      id: job.id,
      integrationId: job.connector_id,
      status: job.status,
      startedAt: job.started_at,
      completedAt: job.completed_at,
      error: job.error,
      retryCount: job.retry_count,
      nextRetryAt: job.next_retry_at,
      recordsProcessed: Number(count ?? 0),
    }
  }
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
