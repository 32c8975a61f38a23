import { z } from '@hono/zod-openapi'
import {
  type Caller,
  type Ctx,
  check,
  ok,
  Reason,
  ReasonQuery,
  type Route,
  readJson,
  reasonOf,
  reasonOfDeletion,
  WRONG_BODY,
} from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { isoTime } from '../../time/clock.ts'
import {
  type ConnectionRow,
  ConnectionSettings,
  confirmConnection,
  connectionsOf,
  credentialFormOf,
  credentialsOf,
  endConnection,
  findConnection,
  settingsOf,
  storeConnection,
} from '../connections.ts'
import { MESSAGE_PLATFORM } from '../conversions.ts'
import { sendTest } from '../delivery/index.ts'
import { storable } from '../json-rows.ts'
import type { Conversions } from '../parts.ts'

const Platform = z.object({ platform: z.string().min(1).max(20) })
const platformOf = (c: Ctx): string => check(Platform, { platform: c.req.param('platform') }).platform

const ConnectionInput = z
  .strictObject({
    credentials: z.record(z.string().max(64), z.string().max(4_096)).openapi({
      description: 'As the platform names them, for example `pixel_id` and `access_token`.',
    }),
    settings: ConnectionSettings.optional(),
    reason: Reason.optional(),
  })
  .openapi('ConversionConnectionInput')

const CONNECTION_STATUSES = ['connected', 'disconnected', 'error', 'pending'] as const
const ConnectionResult = z
  .object({
    status: z.enum(CONNECTION_STATUSES),
    platform: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi('ConnectionResult')
type ConnectionResult = z.output<typeof ConnectionResult>

const usualMessages = (sent: string) => ({
  connected: `${sent} are sent`,
  disconnected: 'the platform is not connected',
  error: 'the platform does not accept the connection any more',
  pending: `the platform has not answered the test yet; ${sent} are sent all the same`,
})
const OF_CONVERSIONS = usualMessages('conversions')
const OF_MESSAGES = usualMessages('messages')

/** A connection as its organisation sees it: never its credentials. */
const resultOf = (row: ConnectionRow): ConnectionResult => ({
  status: row.status,
  platform: row.platform,
  message: row.message ?? (row.platform === MESSAGE_PLATFORM ? OF_MESSAGES : OF_CONVERSIONS)[row.status],
  details: { settings: settingsOf(row), updated_at: isoTime(row.updated_ms) },
})

/** Routes that store and test the connections that conversions go to. */
export const connectionRoutes = (conversions: Conversions): Route[] => [
  listRoute(conversions),
  putRoute(conversions),
  deleteRoute(conversions),
  testRoute(conversions),
]

function listRoute(conversions: Conversions): Route {
  return {
    method: 'get',
    path: '/api/v1/conversions/connections',
    summary: 'Platforms that conversions go to',
    scope: 'read',
    answers: {
      200: { description: 'All connections', schema: z.object({ connections: z.array(ConnectionResult) }) },
    },
    refusals: [],
    async handle(_, { org }) {
      return ok({ connections: (await connectionsOf(conversions, org)).map(resultOf) })
    },
  }
}

function putRoute(conversions: Conversions): Route {
  return {
    method: 'put',
    path: '/api/v1/conversions/connections/{platform}',
    summary:
      'Connect a platform, or give new credentials to it, and test them; what waited is sent with them if they work',
    scope: 'connect',
    params: Platform,
    query: ReasonQuery,
    body: ConnectionInput,
    example: { credentials: { pixel_id: '1234567890123456', access_token: 'EAAsandbox-conversions' } },
    answers: { 200: { description: 'The connection', schema: ConnectionResult } },
    refusals: [...WRONG_BODY, 'not_found', 'records_unavailable'],
    async handle(c, caller) {
      const platform = platformOf(c)
      const form = credentialFormOf(conversions, platform)
      const { credentials, settings = {}, reason } = await readJson(c, ConnectionInput)
      const checked = check(form, credentials, 'credentials')
      const found = await foundOf(conversions, caller.org, platform, checked)
      await recorded(conversions, caller, platform, reasonOf(c, reason), () =>
        storeConnection(conversions, {
          orgId: caller.org,
          platform,
          credentials: checked,
          settings,
          status: found.status,
          message: found.status === 'connected' ? null : storable(found.message, MAX_MESSAGE),
        }),
      )
      conversions.deliveries.nudge()
      conversions.messages.nudge()
      return ok(resultOf(await requireConnection(conversions, caller.org, platform)))
    },
  }
}

function deleteRoute(conversions: Conversions): Route {
  return {
    method: 'delete',
    path: '/api/v1/conversions/connections/{platform}',
    summary: 'End a connection and forget its credentials; what waits for it is given up when it is too old',
    scope: 'connect',
    params: Platform,
    query: ReasonQuery,
    answers: { 200: { description: 'The connection', schema: ConnectionResult } },
    refusals: ['invalid_request', 'not_found', 'records_unavailable'],
    async handle(c, caller) {
      const platform = platformOf(c)
      const row = await requireConnection(conversions, caller.org, platform)
      const reason = await reasonOfDeletion(c)
      await recorded(conversions, caller, row.platform, reason, () => endConnection(conversions, row))
      return ok(resultOf(await requireConnection(conversions, caller.org, platform)))
    },
  }
}

function testRoute(conversions: Conversions): Route {
  return {
    method: 'post',
    path: '/api/v1/conversions/connections/{platform}/test',
    summary:
      'Ask a platform whether the connection works; nothing is sent that counts. One that had stopped goes on if it does',
    scope: 'connect',
    params: Platform,
    answers: { 200: { description: 'What the platform says', schema: ConnectionResult } },
    refusals: ['not_found', 'invalid_request', 'records_unavailable'],
    async handle(c, caller) {
      const row = await requireConnection(conversions, caller.org, platformOf(c))
      const result = await tested(conversions, row)
      if (result.status === 'connected' && row.status !== 'connected') {
        await recorded(conversions, caller, row.platform, reasonOf(c), async () => {
          await confirmConnection(conversions, row)
        })
        conversions.deliveries.nudge()
        conversions.messages.nudge()
      }
      return ok(result)
    },
  }
}

/** Throws 404 for an unknown platform, and for one that is not connected. */
async function requireConnection(
  conversions: Conversions,
  orgId: number,
  platform: string,
): Promise<ConnectionRow> {
  credentialFormOf(conversions, platform)
  const row = await findConnection(conversions.store, orgId, platform)
  if (!row) throw new AppError('not_found', `${platform} is not connected`)
  return row
}

/** Makes a change and records who made it, without credentials. */
async function recorded(
  conversions: Conversions,
  caller: Caller,
  platform: string,
  reason: string | undefined,
  make: () => Promise<void>,
): Promise<void> {
  const { store, audit } = conversions
  const from = auditedOf(conversions, await findConnection(store, caller.org, platform))
  const change = {
    action: 'conversions.connection_set',
    target: platform,
    values: () => ({ from }),
    reason,
    lowersRisk: false,
  } as const
  await audit.record(
    caller,
    change,
    async () => {
      await make()
      return findConnection(store, caller.org, platform)
    },
    (row) => auditedOf(conversions, row),
  )
}

/** A connection as the audit records it: with the names of its account, without its secrets. */
function auditedOf(conversions: Conversions, row: ConnectionRow | undefined) {
  if (!row) return undefined
  const known = { status: row.status, settings: settingsOf(row) }
  if (row.credentials === null) return known
  try {
    const form = credentialFormOf(conversions, row.platform)
    const all = Object.entries(Object(credentialsOf(conversions.keyring, form, row)))
    return { ...known, account: Object.fromEntries(all.filter(([name]) => ACCOUNT.test(name))) }
  } catch (error) {
    // Credentials that no key of this process can decrypt must not keep an operator from replacing them.
    if (error instanceof AppError) return known
    throw error
  }
}

/** The credentials whose names end like this only identify an account; they are no secrets. */
const ACCOUNT = /_(id|code)$/

async function tested(
  { calls, lanes, messages, rooms }: Conversions,
  row: ConnectionRow,
): Promise<ConnectionResult> {
  const { platform } = row
  const room = rooms.get(platform)
  if (row.credentials === null || (!room && platform !== MESSAGE_PLATFORM)) return resultOf(row)
  // With a new access token: the platform may have refused the one that this process has cached.
  const called = room
    ? await sendTest(calls, lanes.trial(row, room, lanes.lineOf(row, room).credentials))
    : await messages.test(row)
  const details = 'latencyMs' in called ? { latency_ms: Math.round(called.latencyMs) } : null
  return { platform, ...foundBy(called), details }
}

/** Tests credentials before they are stored. */
async function foundOf(
  { calls, lanes, rooms }: Conversions,
  orgId: number,
  platform: string,
  credentials: unknown,
): Promise<ReturnType<typeof foundBy>> {
  const room = rooms.get(platform)
  // Messages are not tested here: the first one that is sent shows whether the connection works.
  if (!room) return { status: 'connected', message: '' }
  return foundBy(await sendTest(calls, lanes.trial({ org_id: orgId, platform }, room, credentials)))
}

/** Longest message of a platform that is stored with a connection, in characters. */
const MAX_MESSAGE = 300

/** What a test found; nothing if the platform could not answer it. */
function foundBy(called: Awaited<ReturnType<typeof sendTest>>): {
  readonly status: 'connected' | 'error' | 'pending'
  readonly message: string
} {
  if (called.is === 'held') return { status: 'pending', message: called.why }
  if (called.is === 'auth_lost') return { status: 'error', message: called.detail }
  if (called.is !== 'answered') return { status: 'pending', message: called.detail }
  const { is, detail } = called.answer
  if (is === 'unclear') return { status: 'pending', message: detail }
  return { status: is === 'works' ? 'connected' : 'error', message: detail }
}
