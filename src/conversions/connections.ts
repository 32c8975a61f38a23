import { type Kysely, type Selectable, sql } from 'kysely'
import { z } from 'zod'
import { idShown } from '../api/index.ts'
import { isRegion, WhatsAppCredentials } from '../connectors/index.ts'
import { AppError } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { ConversionConnectionTable, Keyring, Store, SyncDatabase } from '../sync/index.ts'
import { type Base, MESSAGE_PLATFORM } from './conversions.ts'
import { keepFormer, type NumberIdentity } from './former-numbers.ts'
import type { ConnectionCount } from './meter.ts'

export type ConnectionRow = Selectable<ConversionConnectionTable>

export const ConnectionSettings = z.strictObject({
  /** ISO 3166 country code; phone numbers without a country code are taken to be of this country. */
  default_region: z
    .string()
    .refine(isRegion, 'must be the ISO 3166 code of a country that has phone numbers, such as US')
    .optional(),
})
export type ConnectionSettings = z.output<typeof ConnectionSettings>

/** `sandbox`: the connection was made by mock mode and not by a caller. */
type StoredSettings = ConnectionSettings & { readonly sandbox?: true }
const PLAYED: StoredSettings = { sandbox: true }

const contextOf = (orgId: number, platform: string): string =>
  JSON.stringify(['conversions', orgId, platform])

export const settingsOf = ({ settings }: Pick<ConnectionRow, 'settings'>): StoredSettings =>
  parseJson(settings)

/** The connections of an organisation that have not been ended, those for messages included. */
export async function connectionsOf(
  { store, rooms }: Pick<Base, 'store' | 'rooms'>,
  orgId: number,
): Promise<ConnectionRow[]> {
  const rows = await store.db
    .selectFrom('conversion_connections')
    .selectAll()
    .where('org_id', '=', orgId)
    .where('status', '!=', 'disconnected')
    .orderBy('platform')
    .execute()
  return rows.filter(({ platform }) => rooms.has(platform) || platform === MESSAGE_PLATFORM)
}

/** The connections of an organisation that take events, by platform. */
export const eventConnectionsOf = async (
  base: Pick<Base, 'store' | 'rooms'>,
  orgId: number,
): Promise<ReadonlyMap<string, ConnectionRow>> =>
  new Map(
    (await connectionsOf(base, orgId))
      .filter(({ platform }) => base.rooms.has(platform))
      .map((row) => [row.platform, row]),
  )

/** The number of connections of all organisations by platform and status. */
export async function countConnections({ db }: Store): Promise<ConnectionCount[]> {
  const { rows } = await sql<ConnectionCount>`SELECT platform, status, count(*) AS rows
    FROM conversion_connections GROUP BY platform, status`.execute(db)
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }))
}

export const findConnection = (
  { db }: Pick<Store, 'db'>,
  orgId: number,
  platform: string,
): Promise<ConnectionRow | undefined> =>
  db
    .selectFrom('conversion_connections')
    .selectAll()
    .where('org_id', '=', orgId)
    .where('platform', '=', platform)
    .executeTakeFirst()

/** The schema of a platform's credentials; throws 404 for an unknown platform. */
export function credentialFormOf({ rooms }: Pick<Base, 'rooms'>, platform: string): z.ZodType {
  if (platform === MESSAGE_PLATFORM) return WhatsAppCredentials
  const room = rooms.get(platform)
  if (room) return room.connector.credentials
  const known = [...rooms.keys(), MESSAGE_PLATFORM].join(', ')
  throw new AppError('not_found', `There is no platform ${idShown(platform)}; there are ${known}`)
}

/**
 * The decrypted and checked credentials of a connection. Throws `credentials_unreadable` if no key of this process
 * decrypts them.
 */
export function credentialsOf<S extends z.ZodType>(
  keyring: Keyring,
  form: S,
  row: ConnectionRow,
): z.output<S> {
  if (row.credentials === null) throw new AppError('invalid_request', `${row.platform} is not connected`)
  const opened = keyring.open(row.credentials, contextOf(row.org_id, row.platform))
  const { success, data } = form.safeParse(parseJson(opened))
  if (!success)
    throw new AppError(
      'invalid_request',
      `The credentials of ${row.platform} are not valid: connect it again`,
    )
  return data
}

const VERIFY_CONTEXT = 'webhook verify token'

/** The digests of a webhook's verify token by every key; one of them is stored with the connection. */
export const verifyDigests = (keyring: Keyring, token: string) => keyring.digests(token, VERIFY_CONTEXT)

/** The columns by which a webhook finds its connection; null for platforms that send no webhooks. */
function webhookColumns(keyring: Keyring, platform: string, credentials: unknown) {
  if (platform !== MESSAGE_PLATFORM) return { account: null, verify_digest: null }
  const { phone_number_id, webhook_verify_token } = WhatsAppCredentials.parse(credentials)
  return { account: phone_number_id, verify_digest: verifyDigests(keyring, webhook_verify_token)[0] }
}

export interface NewConversionConnection {
  readonly orgId: number
  readonly platform: string
  readonly credentials: unknown
  readonly settings: StoredSettings
  /** The result of a test; `pending` if the platform did not answer it. */
  readonly status: 'connected' | 'error' | 'pending'
  readonly message: string | null
}

/**
 * Stores credentials in place of earlier ones. Deliveries that wait for the connection are sent with the new ones.
 * @param onlyIfNew whether an existing connection is left as it is
 */
export async function storeConnection(
  { store, clock, keyring }: Pick<Base, 'store' | 'clock' | 'keyring'>,
  { orgId, platform, credentials, settings, status, message }: NewConversionConnection,
  onlyIfNew = false,
): Promise<void> {
  const values = {
    status,
    message,
    credentials: keyring.seal(JSON.stringify(credentials), contextOf(orgId, platform)),
    settings: JSON.stringify(settings),
    resting_until_ms: null,
    updated_ms: clock.nowMs(),
    ...webhookColumns(keyring, platform, credentials),
  }
  await store.db.transaction().execute(async (tx) => {
    if (platform === MESSAGE_PLATFORM && !onlyIfNew)
      await keepNumber(tx, { keyring, clock }, orgId, {
        account: values.account,
        secret: WhatsAppCredentials.parse(credentials).app_secret,
      })
    await tx
      .insertInto('conversion_connections')
      .values({ org_id: orgId, platform, ...values })
      .onConflict((conflict) =>
        onlyIfNew
          ? conflict.columns(['org_id', 'platform']).doNothing()
          : conflict
              .columns(['org_id', 'platform'])
              .doUpdateSet({ ...values, updated_ms: later(values.updated_ms) }),
      )
      .execute()
  })
}

/** Keeps the present number of the organisation as a former one, if its secret can be decrypted. */
async function keepNumber(
  db: Kysely<SyncDatabase>,
  deps: Pick<Base, 'keyring' | 'clock'>,
  orgId: number,
  next: NumberIdentity | undefined,
): Promise<void> {
  const row = await findConnection({ db }, orgId, MESSAGE_PLATFORM)
  if (!row || row.credentials === null) return
  try {
    const { app_secret: secret } = credentialsOf(deps.keyring, WhatsAppCredentials, row)
    await keepFormer(db, deps, orgId, { account: row.account, secret }, next)
  } catch (error) {
    // Credentials that no key of this process can decrypt must not keep an operator from replacing them.
    if (!(error instanceof AppError)) throw error
  }
}

/** Connects each organisation to the sandbox for every platform to which it has no connection. */
export async function playConnections(
  base: Pick<Base, 'store' | 'clock' | 'keyring' | 'rooms'>,
  orgs: readonly number[],
  credentials: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const orgId of orgs)
    for (const [platform, own] of Object.entries(credentials)) {
      if (!base.rooms.has(platform) && platform !== MESSAGE_PLATFORM) continue
      const connection = { orgId, platform, credentials: own, settings: PLAYED, message: null }
      await storeConnection(base, { ...connection, status: 'connected' }, true)
    }
}

/**
 * Deletes the connections to the sandbox with everything that was sent or waits there. Outside mock mode the waiting
 * deliveries would be sent to the real platform, and an event that was only tried out would count as sent. Mock mode
 * makes a connection only where there was none, so none of this was meant for the real platform.
 */
export async function forgetPlayed({ store }: Pick<Base, 'store'>): Promise<void> {
  const { db } = store
  const marked = JSON.stringify(PLAYED)
  const played = await db
    .selectFrom('conversion_connections')
    .select(['org_id', 'platform'])
    .where('settings', '=', marked)
    .execute()
  for (const { org_id, platform } of played)
    for (const table of ['conversion_deliveries', 'conversion_calls', 'conversion_minutes'] as const)
      await db.deleteFrom(table).where('org_id', '=', org_id).where('platform', '=', platform).execute()
  for (const { org_id } of played.filter(({ platform }) => platform === MESSAGE_PLATFORM))
    await db.deleteFrom('conversion_messages').where('org_id', '=', org_id).execute()
  for (const orgId of new Set(played.map(({ org_id }) => org_id)))
    await sql`DELETE FROM conversion_events WHERE org_id = ${orgId} AND NOT EXISTS (SELECT 1 FROM conversion_deliveries d
      WHERE d.org_id = conversion_events.org_id AND d.event_id = conversion_events.event_id
        AND d.event_name = conversion_events.event_name)`.execute(db)
  // Deleted last: if this is interrupted, the next start finds the connection and continues.
  await db.deleteFrom('conversion_connections').where('settings', '=', marked).execute()
}

/**
 * The current time, but always later than the last change: other processes notice a change of a connection by this
 * time.
 */
const later = (nowMs: number) =>
  sql<number>`CASE WHEN conversion_connections.updated_ms < ${nowMs} THEN ${nowMs}
    ELSE conversion_connections.updated_ms + 1 END`

/** Deletes the credentials of a connection. Deliveries that wait for it are kept until they expire. */
export async function endConnection(
  { store, clock, keyring }: Pick<Base, 'store' | 'clock' | 'keyring'>,
  { org_id, platform }: ConnectionRow,
): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    if (platform === MESSAGE_PLATFORM) await keepNumber(tx, { keyring, clock }, org_id, undefined)
    await tx
      .updateTable('conversion_connections')
      .set({
        status: 'disconnected',
        credentials: null,
        message: null,
        updated_ms: later(clock.nowMs()),
        account: null,
        verify_digest: null,
      })
      .where('org_id', '=', org_id)
      .where('platform', '=', platform)
      .execute()
  })
}

/** Marks a connection that was stopped or not tested as working. Returns false if it was changed meanwhile. */
export async function confirmConnection(
  { store, clock }: Pick<Base, 'store' | 'clock'>,
  row: ConnectionRow,
): Promise<boolean> {
  // The new time of change makes every process drop the access token that was refused.
  const working = { status: 'connected', message: null, updated_ms: later(clock.nowMs()) } as const
  const { numUpdatedRows } = await unchanged(store, row, ['error', 'pending']).set(working).executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Stops a connection until somebody changes it, unless it was changed since `row` was read. */
export async function stopConnection(store: Store, row: ConnectionRow, message: string): Promise<boolean> {
  const { numUpdatedRows } = await unchanged(store, row, ['connected', 'pending'])
    .set({ status: 'error', message })
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An update of a connection that applies only if it was not changed since `row` was read and has one of these statuses. */
const unchanged = ({ db }: Store, row: ConnectionRow, statuses: readonly ConnectionRow['status'][]) =>
  db
    .updateTable('conversion_connections')
    .where('org_id', '=', row.org_id)
    .where('platform', '=', row.platform)
    .where('updated_ms', '=', row.updated_ms)
    .where('status', 'in', statuses)

/** Pauses a connection for every process until `untilMs` (Unix time). */
export async function restConnection(store: Store, row: ConnectionRow, untilMs: number): Promise<void> {
  await store.loosely((db) =>
    db
      .updateTable('conversion_connections')
      .set({ resting_until_ms: untilMs })
      .where('org_id', '=', row.org_id)
      .where('platform', '=', row.platform)
      .execute(),
  )
}
