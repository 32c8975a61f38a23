import { randomUUID } from 'node:crypto'
import { idShown } from '../api/index.ts'
import {
  asGrantCheck,
  type Connector,
  converseNow,
  type Json,
  ownReport,
  type PlatformAccount,
  TalkRefused,
} from '../connectors/index.ts'
import { AppError, invalidField } from '../errors.ts'
import type { HttpRequest } from '../http/http.ts'
import { parseJson } from '../json/json.ts'
import { isoTime } from '../time/clock.ts'
import { readGrant, type StoredGrant, sealGrant } from './credentials/index.ts'
import { emit } from './events/index.ts'
import { revokeToken } from './oauth/index.ts'
import type { ConnectorRow } from './store/index.ts'
import type { Sync } from './sync.ts'
import { requireConnectionPlace } from './table-limits.ts'
import { infoOf, noReport, reportTypesOf } from './work/index.ts'

/** How long a caller waits for a new connection to be tested, in milliseconds. */
const PATIENCE_MS = 20_000
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const notFound = (what: string, id: string): AppError =>
  new AppError('not_found', `There is no ${what} ${idShown(id)}`)

export const isId = (id: string): boolean => UUID.test(id)

/** Connections of an organisation, oldest first. */
export const connectionsOf = ({ store }: Pick<Sync, 'store'>, orgId: number): Promise<ConnectorRow[]> =>
  store.db.selectFrom('connectors').selectAll().where('org_id', '=', orgId).orderBy('created_at').execute()

/** Returns a connection of the organisation; throws 404 for every other id. */
export async function findConnection({ store }: Sync, orgId: number, id: string): Promise<ConnectorRow> {
  const row = isId(id)
    ? await store.db
        .selectFrom('connectors')
        .selectAll()
        .where('id', '=', id)
        .where('org_id', '=', orgId)
        .executeTakeFirst()
    : undefined
  if (!row) throw notFound('connector', id)
  return row
}

export interface NewConnection {
  readonly orgId: number
  readonly connector: Connector
  readonly grant: StoredGrant
  /** Account to read; undefined for the first one that the grant reaches. */
  readonly accountId: string | undefined
  readonly settings: Readonly<Record<string, Json>>
  /** Id of a connection that is connected again; undefined for a new one. */
  readonly connectorId: string | undefined
}

/**
 * Checks the setting `reports`, the reports of each synchronisation. Throws 400 for an unknown report and lists the
 * known ones.
 */
function checkReports(connector: Connector, { reports }: NewConnection['settings']): void {
  if (reports === undefined) return
  const wrong = (problem: string) => invalidField('settings.reports', problem)
  if (!Array.isArray(reports)) throw wrong('must be a list of report types')
  const known = reportTypesOf(connector)
  const unknown = reports.map(String).find((name) => ownReport(known, name) === undefined)
  if (unknown !== undefined) throw wrong(noReport(connector, unknown))
}

/**
 * Throws 400 for settings with which no account can be looked for. Nothing is sent: a conversation refuses them before
 * its first call.
 */
export function checkSettings(connector: Connector, settings: NewConnection['settings']): void {
  checkReports(connector, settings)
  try {
    connector.accounts(settings).next()
  } catch (error) {
    if (error instanceof TalkRefused) throw refusedBy(connector, error.message)
    throw error
  }
}

/** Why an account cannot be connected: the platform refuses, or a setting is wrong, which is the caller's to mend. */
function refusedBy({ type }: Connector, detail: string): AppError {
  const [, field] = /^(settings\.\w+): /.exec(detail) ?? []
  return field === undefined
    ? new AppError('platform_refused', `${type} refused: ${detail}`)
    : new AppError('invalid_request', detail, 'never', { field })
}

/** Stores a grant, tests it, and learns which accounts it reaches. A grant that does not work is not kept. */
export async function connect(sync: Sync, wanted: NewConnection): Promise<ConnectorRow> {
  const { store, clock, keyring } = sync
  const { connector, orgId, grant, settings } = wanted
  checkReports(connector, settings)
  const earlier =
    wanted.connectorId === undefined ? undefined : await findConnection(sync, orgId, wanted.connectorId)
  if (!earlier) await requireConnectionPlace(store.db, orgId, sync.tableLimits)
  const id = earlier?.id ?? randomUUID()
  const now = isoTime(clock.nowMs())
  const values = {
    status: 'pending',
    credentials: sealGrant(keyring, id, grant),
    metadata: JSON.stringify({
      ...(earlier && infoOf(earlier)),
      settings: { ...(earlier && infoOf(earlier).settings), ...settings },
      message: undefined,
      error: undefined,
    }),
    concurrency: connector.concurrencyPerAccount,
    updated_at: now,
  } as const
  await store.db
    .insertInto('organizations')
    .values({ id: orgId, name: `organisation ${orgId}` })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  if (earlier)
    await store.db
      .updateTable('connectors')
      // Rows read with other settings, or from another account, are not used after this time.
      .set({ ...values, changed_at: now })
      .where('id', '=', id)
      .execute()
  else
    await store.db
      .insertInto('connectors')
      .values({ id, org_id: orgId, type: connector.type, created_at: now, ...values })
      .execute()

  const { settings: tried } = infoOf(values)
  const accounts = await accountsOf(sync, connector, { id, orgId, settings: tried }).catch(async (error) => {
    if (earlier)
      await sync.store.db.updateTable('connectors').set({ status: 'error' }).where('id', '=', id).execute()
    else await store.db.deleteFrom('connectors').where('id', '=', id).execute()
    throw error
  })
  const wantedAccount = wanted.accountId ?? earlier?.account_id ?? undefined
  const account = wantedAccount === undefined ? accounts[0] : accounts.find((one) => one.id === wantedAccount)
  if (!account) {
    if (!earlier) await store.db.deleteFrom('connectors').where('id', '=', id).execute()
    const reached =
      accounts
        .map((one) => one.id)
        .slice(0, 20)
        .join(', ') || 'none'
    throw invalidField('account_id', `the grant does not reach it; it reaches ${reached}`)
  }
  await store.db.transaction().execute(async (tx) => {
    const info = {
      ...parseJson(values.metadata),
      accounts,
      currency: account.currency,
      timezone: account.timezone,
    }
    await tx
      .updateTable('connectors')
      .set({ status: 'connected', account_id: account.id, metadata: JSON.stringify(info), updated_at: now })
      .where('id', '=', id)
      .execute()
    const data = { connector_type: connector.type, account_id: account.id }
    await emit(tx, clock, { orgId, type: 'oauth_connected', subject: id, data })
  })
  return findConnection(sync, orgId, id)
}

/** Asks the platform which accounts a connection reaches. Lost access is an error, never an empty list. */
async function accountsOf(
  sync: Sync,
  connector: Connector,
  {
    id,
    orgId,
    accountId,
    settings,
  }: { id: string; orgId: number; accountId?: string; settings: Readonly<Record<string, Json>> },
): Promise<readonly PlatformAccount[]> {
  const account = { type: connector.type, orgId, accountId: accountId ?? id }
  const caller = { connector, connectorId: id, account, priority: 'read_premium' } as const
  const calls = asGrantCheck(sync.calls)
  const talked = await converseNow(calls, caller, connector.accounts(settings), PATIENCE_MS)
  switch (talked.is) {
    case 'done':
      return talked.value
    case 'auth_lost':
      throw new AppError(
        'platform_refused',
        `${connector.type} does not accept the credentials: ${talked.detail}`,
      )
    case 'refused':
      throw refusedBy(connector, talked.detail)
    default:
      throw new AppError('platform_unavailable', `${connector.type}: ${talked.detail}`, 'later')
  }
}

/** Tests whether a connection works now, by a call to the platform. Rejects only for an unexpected error. */

export async function testConnection(
  sync: Sync,
  row: ConnectorRow,
  connector: Connector,
): Promise<{ ok: boolean; detail: string }> {
  if (row.status === 'disconnected') return { ok: false, detail: 'the account is not connected' }
  const account = row.account_id === null ? {} : { accountId: row.account_id }
  try {
    const { settings } = infoOf(row)
    const about = { id: row.id, orgId: row.org_id, settings, ...account }
    const accounts = await accountsOf(sync, connector, about)
    const reached = accounts.some(({ id }) => id === row.account_id)
    return {
      ok: reached,
      detail: reached ? 'the account can be read' : 'the grant does not reach the account any more',
    }
  } catch (error) {
    if (error instanceof AppError) return { ok: false, detail: error.message }
    throw error
  }
}

/** Revokes the grant at the platform where possible, and deletes the connection with its grant and all rows. */
export async function disconnect(
  sync: Sync,
  row: ConnectorRow,
  remove: boolean,
): Promise<{ revoked: boolean }> {
  const { store, clock, keyring } = sync
  const connector = sync.connectors.get(row.type)
  const auth = connector?.authFor?.(infoOf(row).settings) ?? connector?.auth
  const client = sync.clientOf(row.type)
  const grant = await readGrant(store, keyring, row.id).catch((error) => {
    // A grant that no key opens cannot be revoked, but it can be deleted.
    if (error instanceof AppError && error.code === 'credentials_unreadable') return undefined
    throw error
  })
  let revoked = false
  if (grant?.is === 'oauth2' && connector && auth?.is === 'oauth2' && client) {
    const { revokeRequest } = auth
    revoked = revokeRequest
      ? await revokedBy(sync, connector, connector.authorize(revokeRequest, grant.accessToken))
      : await revokeToken(auth, client, grant.refreshToken ?? grant.accessToken)
  }
  sync.health.forget(row.id)
  sync.breakers.forget(row.id)
  await store.db.transaction().execute(async (tx) => {
    const data = { connector_type: row.type, account_id: row.account_id, message: 'disconnected', revoked }
    await emit(tx, clock, { orgId: row.org_id, type: 'oauth_revoked', subject: row.id, data })
    if (remove) await tx.deleteFrom('connectors').where('id', '=', row.id).execute()
    else {
      const off = { status: 'disconnected', credentials: null, updated_at: isoTime(clock.nowMs()) } as const
      await tx.updateTable('connectors').set(off).where('id', '=', row.id).execute()
      await tx.deleteFrom('schedules').where('connector_id', '=', row.id).execute()
    }
  })
  return { revoked }
}

async function revokedBy({ calls }: Sync, connector: Connector, request: HttpRequest): Promise<boolean> {
  const sent = await calls.http.send(request, calls.bounds.answerMs)
  return sent.is === 'answered' && connector.read(sent.response, calls.clock.nowMs()).is === 'ok'
}
