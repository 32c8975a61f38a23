import { z } from '@hono/zod-openapi'
import { ok, Reason, ReasonQuery, type Route, readJson, reasonOf, WRONG_BODY } from '../../api/index.ts'
import { invalidField } from '../../errors.ts'
import { connectionsOf, findConnection, testConnection } from '../connections.ts'
import { QUEUE_PRIORITIES } from '../queue/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { connectAudited, disconnectAudited } from './audited-connections.ts'
import { answer, Connection, Credential, Id, idOf, TypeName } from './route-parts.ts'
import { Settings } from './settings.ts'
import { synchroniseNow } from './synchronise.ts'
import { connectorView } from './views.ts'

const Create = z
  .strictObject({
    connector_type: TypeName,
    api_key: Credential,
    account_id: z.string().max(255).optional(),
    settings: Settings.optional(),
    reason: Reason.optional(),
  })
  .openapi('NewConnector')

/** Routes that list, make, test, read and end connections. */
export function connectorRoutes(sync: Sync): Route[] {
  return [listConnections(sync), connectWithKey(sync), disconnect(sync), testNow(sync), readNow(sync)]
}

function listConnections(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors',
    summary: 'Connections of the organisation',
    scope: 'read',
    answers: answer('All connections', z.object({ connectors: z.array(Connection) })),
    refusals: [],
    async handle(_, { org }) {
      const rows = await connectionsOf(sync, org)
      return ok({ connectors: rows.map((row) => connectorView(sync, row)) })
    },
  }
}

function connectWithKey(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors',
    summary: 'Connect an account with an API key',
    scope: 'connect',
    query: ReasonQuery,
    body: Create,
    example: { connector_type: 'TTD', api_key: 'sandbox-ttd-auth' },
    answers: answer('The connection', Connection),
    refusals: [...WRONG_BODY, 'not_found', 'platform_refused', 'platform_unavailable', 'records_unavailable'],
    async handle(c, caller) {
      const body = await readJson(c, Create)
      const connector = connectorFor(sync, body.connector_type)
      if (connector.auth.is !== 'api_key') {
        throw invalidField('connector_type', `${connector.type} is connected with OAuth`)
      }
      const grant = { is: 'api_key', apiKey: body.api_key } as const
      const wanted = {
        orgId: caller.org,
        connector,
        grant,
        accountId: body.account_id,
        settings: body.settings ?? {},
        connectorId: undefined,
      }
      const row = await connectAudited(sync, caller, wanted, reasonOf(c, body.reason))
      return ok(connectorView(sync, row))
    },
  }
}

function disconnect(sync: Sync): Route {
  return {
    method: 'delete',
    path: '/api/v1/connectors/{id}',
    summary: 'Take the grant back and delete the connection with all it has read',
    scope: 'connect',
    params: Id,
    query: ReasonQuery,
    answers: answer(
      'What was done',
      z.object({ id: z.string(), status: z.literal('disconnected'), revoked: z.boolean() }),
    ),
    refusals: ['invalid_request', 'not_found'],
    async handle(c, caller) {
      const row = await findConnection(sync, caller.org, idOf(c))
      const { revoked } = await disconnectAudited(sync, c, caller, row, true)
      return ok({ id: row.id, status: 'disconnected', revoked })
    },
  }
}

function testNow(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/{id}/test',
    summary: 'Whether the connection works now',
    scope: 'read',
    params: Id,
    answers: answer(
      'What the platform says',
      z.object({ id: z.string(), ok: z.boolean(), detail: z.string() }),
    ),
    refusals: ['not_found'],
    async handle(c, { org }) {
      const row = await findConnection(sync, org, idOf(c))
      const tested = await testConnection(sync, row, connectorFor(sync, row.type))
      return ok({ id: row.id, ...tested })
    },
  }
}

function readNow(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/{id}/sync',
    summary: 'Read everything the connection is set to read',
    scope: 'read',
    params: Id,
    answers: answer('The job', z.object({ sync_job_id: z.string(), status: z.literal('running') })),
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org, may }) {
      const row = await findConnection(sync, org, idOf(c))
      const priority = may('premium') ? QUEUE_PRIORITIES.premium : QUEUE_PRIORITIES.manual
      const id = await synchroniseNow(sync, row, priority)
      return ok({ sync_job_id: id, status: 'running' })
    },
  }
}
