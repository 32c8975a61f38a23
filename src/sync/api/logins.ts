import { z } from '@hono/zod-openapi'
import { ok, Reason, ReasonQuery, type Route, readJson, reasonOf, WRONG_BODY } from '../../api/index.ts'
import { checkSettings, findConnection } from '../connections.ts'
import { finish, initiate } from '../oauth/index.ts'
import { CONNECTOR_STATUSES } from '../store/index.ts'
import { connectorFor, oauthParties, type Sync } from '../sync.ts'
import { infoOf } from '../work/index.ts'
import { connectAudited } from './audited-connections.ts'
import { Account, answer, TypeName } from './route-parts.ts'
import { Settings } from './settings.ts'

const Initiate = z.strictObject({
  connector_type: TypeName,
  callback_url: z.url().max(2048),
  connector_id: z.string().max(64).optional(),
  settings: Settings.optional(),
})
const Callback = z
  .strictObject({
    code: z.string().min(1).max(4096),
    state: z.string().min(1).max(512),
    account_id: z.string().max(255).optional(),
    reason: Reason.optional(),
  })
  .openapi('OauthCallback')

/** Routes that connect an account by a login at its platform (OAuth). */
export function loginRoutes(sync: Sync): Route[] {
  return [beginLogin(sync), finishLogin(sync)]
}

function beginLogin(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/oauth/initiate',
    summary: 'Begin connecting an account: where to send the browser',
    scope: 'connect',
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
      checkSettings(connectorFor(sync, type), settings)
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
  }
}

function finishLogin(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/oauth/callback',
    summary: 'Finish connecting an account with the code the browser came back with',
    scope: 'connect',
    query: ReasonQuery,
    body: Callback,
    example: { code: '4/0AbCdEf', state: 'as-it-came-back', account_id: '77' },
    answers: answer(
      'The connection',
      z.object({
        connector_id: z.string(),
        status: z.enum(CONNECTOR_STATUSES),
        accounts: z.array(Account),
      }),
    ),
    refusals: [...WRONG_BODY, 'platform_refused', 'platform_unavailable', 'records_unavailable'],
    async handle(c, caller) {
      const { org } = caller
      const body = await readJson(c, Callback)
      const done = await finish(
        sync.authorization,
        (type, settings) => oauthParties(sync, type, settings),
        org,
        body.state,
        body.code,
      )
      const nowMs = sync.clock.nowMs()
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
      const wanted = { orgId: org, connector, grant, accountId: body.account_id, settings, connectorId }
      const row = await connectAudited(sync, caller, wanted, reasonOf(c, body.reason))
      const accounts = infoOf(row).accounts.map(({ id, name }) => ({ id, name }))
      return ok({ connector_id: row.id, status: row.status, accounts })
    },
  }
}
