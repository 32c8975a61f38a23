import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route, readJson, TimeZone } from '../../api/index.ts'
import { isoTime } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import { checkReports, connect, disconnect, findConnection, testConnection } from '../connections.ts'
import type { Json } from '../connectors/read-connector.ts'
import { nextRunMs, startSync } from '../jobs/index.ts'
import { finish, initiate } from '../oauth/index.ts'
import { QUEUE_PRIORITIES } from '../queue/index.ts'
import { connectorFor, oauthParties, type Sync } from '../sync.ts'
import { infoOf } from '../work/index.ts'
import { connectorView } from './views.ts'

export const Id = z.object({ id: z.string().max(64) })
export const idOf = (c: Ctx): string => check(Id, { id: c.req.param('id') }).id

const JsonValue: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.string().max(4096),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(JsonValue),
    z.record(z.string(), JsonValue),
  ]),
)
const Settings = z.record(z.string().max(64), JsonValue).openapi({ type: 'object' })
const Type = z.string().min(1).max(50)
const Connector = z.looseObject({ id: z.string(), type: z.string(), status: z.string() }).openapi('Connector')
const Initiate = z.strictObject({
  connector_type: Type,
  callback_url: z.url().max(2048),
  connector_id: z.string().max(64).optional(),
  settings: Settings.optional(),
})
const Callback = z.strictObject({
  code: z.string().min(1).max(4096),
  state: z.string().min(1).max(512),
  account_id: z.string().max(255).optional(),
})
const Create = z.strictObject({
  connector_type: Type,
  api_key: z.string().min(1).max(4096),
  account_id: z.string().max(255).optional(),
  settings: Settings.optional(),
})
const ScheduleBody = z.strictObject({
  cron: z.string().min(1).max(100).nullable(),
  timezone: TimeZone.default('UTC'),
})
const answer = (description: string, schema: z.ZodType = z.looseObject({})) => ({
  200: { description, schema },
})
const WRONG_BODY = ['invalid_request', 'payload_too_large', 'unsupported_media_type'] as const

/** Connections: make, try, read on a schedule, and end them. */
export function connectorRoutes(sync: Sync): Route[] {
  const { store, clock } = sync
  return [
    {
      method: 'get',
      path: '/api/v1/connectors',
      summary: 'Connections of the organisation',
      scope: 'read',
      answers: answer('All connections', z.object({ connectors: z.array(Connector) })),
      refusals: [],
      async handle(_, { org }) {
        const rows = await store.db
          .selectFrom('connectors')
          .selectAll()
          .where('org_id', '=', org)
          .orderBy('created_at')
          .execute()
        return ok({ connectors: rows.map((row) => connectorView(sync, row)) })
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors',
      summary: 'Connect an account with an API key',
      scope: 'admin',
      body: Create.openapi('NewConnector'),
      example: { connector_type: 'TTD', api_key: 'sandbox-ttd-auth' },
      answers: answer('The connection', Connector),
      refusals: [...WRONG_BODY, 'not_found', 'platform_refused', 'platform_unavailable'],
      async handle(c, { org }) {
        const body = await readJson(c, Create)
        const connector = connectorFor(sync, body.connector_type)
        if (connector.auth.is !== 'api_key') {
          throw new AppError(
            'invalid_request',
            `connector_type: ${connector.type} is connected with OAuth`,
            'never',
            { field: 'connector_type' },
          )
        }
        const grant = { is: 'api_key', apiKey: body.api_key } as const
        const row = await connect(sync, {
          orgId: org,
          connector,
          grant,
          accountId: body.account_id,
          settings: body.settings ?? {},
          connectorId: undefined,
        })
        return ok(connectorView(sync, row))
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors/oauth/initiate',
      summary: 'Begin connecting an account: where to send the browser',
      scope: 'admin',
      body: Initiate.openapi('OauthInitiate'),
      example: { connector_type: 'DV360', callback_url: 'http://127.0.0.1:3000/back', settings: {} },
      answers: answer('Where to go', z.object({ authorization_url: z.string(), state: z.string() })),
      refusals: [...WRONG_BODY, 'not_found'],
      async handle(c, { org }) {
        const body = await readJson(c, Initiate)
        const earlier =
          body.connector_id === undefined ? undefined : await findConnection(sync, org, body.connector_id)
        const settings = { ...(earlier && infoOf(earlier).settings), ...body.settings }
        const { type, server, client } = oauthParties(sync, body.connector_type, settings)
        checkReports(connectorFor(sync, type), settings)
        const request = {
          orgId: org,
          type,
          connectorId: body.connector_id,
          callbackUrl: body.callback_url,
          settings,
        }
        const { authorizationUrl, state } = await initiate(sync.authorization, server, client, request)
        return ok({ authorization_url: authorizationUrl, state })
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors/oauth/callback',
      summary: 'Finish connecting an account with the code the browser came back with',
      scope: 'admin',
      body: Callback.openapi('OauthCallback'),
      example: { code: '4/0AbCdEf', state: 'as-it-came-back', account_id: '77' },
      answers: answer(
        'The connection',
        z.object({
          connector_id: z.string(),
          status: z.string(),
          accounts: z.array(z.looseObject({ id: z.string() })),
        }),
      ),
      refusals: [...WRONG_BODY, 'platform_refused', 'platform_unavailable'],
      async handle(c, { org }) {
        const body = await readJson(c, Callback)
        const done = await finish(
          sync.authorization,
          (type, settings) => oauthParties(sync, type, settings),
          org,
          body.state,
          body.code,
        )
        const nowMs = clock.nowMs()
        const { accessToken, refreshToken, expiresInMs } = done.tokens
        const grant = {
          is: 'oauth2',
          accessToken,
          refreshToken,
          expiresMs: expiresInMs === undefined ? undefined : nowMs + expiresInMs,
          obtainedMs: nowMs,
        } as const
        const connector = connectorFor(sync, done.type)
        const { settings, connectorId } = done
        const row = await connect(sync, {
          orgId: org,
          connector,
          grant,
          accountId: body.account_id,
          settings,
          connectorId,
        })
        const accounts = infoOf(row).accounts.map(({ id, name }) => ({ id, name }))
        return ok({ connector_id: row.id, status: row.status, accounts })
      },
    },
    {
      method: 'delete',
      path: '/api/v1/connectors/{id}',
      summary: 'Take the grant back and delete the connection with all it has read',
      scope: 'admin',
      params: Id,
      answers: answer('What was done'),
      refusals: ['not_found'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const { revoked } = await disconnect(sync, row, true)
        return ok({ id: row.id, status: 'disconnected', revoked })
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors/{id}/test',
      summary: 'Whether the connection works now',
      scope: 'read',
      params: Id,
      answers: answer('What the platform says'),
      refusals: ['not_found'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const tested = await testConnection(sync, row, connectorFor(sync, row.type))
        return ok({ id: row.id, ...tested })
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors/{id}/sync',
      summary: 'Read everything the connection is set to read',
      scope: 'read',
      params: Id,
      answers: answer('The job'),
      refusals: ['not_found', 'invalid_request'],
      async handle(c, { org, may }) {
        const row = await findConnection(sync, org, idOf(c))
        const priority = may('premium') ? QUEUE_PRIORITIES.premium : QUEUE_PRIORITIES.manual
        const id = await startSync(sync.jobs, row.id, 'manual', priority)
        sync.worker.nudge()
        return ok({ sync_job_id: id, status: 'running' })
      },
    },
    {
      method: 'put',
      path: '/api/v1/connectors/{id}/schedule',
      summary: 'Read on a schedule; null ends it',
      scope: 'admin',
      params: Id,
      body: ScheduleBody.openapi('Schedule'),
      example: { cron: '0 6 * * *', timezone: 'Europe/Berlin' },
      answers: answer('The schedule'),
      refusals: [...WRONG_BODY, 'not_found'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const { cron, timezone } = await readJson(c, ScheduleBody)
        if (cron === null) {
          await store.db.deleteFrom('schedules').where('connector_id', '=', row.id).execute()
          return ok({ connector_id: row.id, cron: null })
        }
        const nextAt = isoTime(nextRunMs({ cron, timezone }, clock.nowMs()))
        const values = { cron, timezone, next_at: nextAt }
        await store.db
          .insertInto('schedules')
          .values({ connector_id: row.id, org_id: org, ...values })
          .onConflict((conflict) => conflict.column('connector_id').doUpdateSet(values))
          .execute()
        return ok({ connector_id: row.id, ...values })
      },
    },
  ]
}
