import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Store } from '../store/index.ts'
import type { Keyring } from './keyring.ts'

/** What a connection authenticates with. */
export type StoredGrant =
  | {
      readonly is: 'oauth2'
      readonly accessToken: string
      /** When the access token ends, by the wall clock; undefined for a token without an end. */
      readonly expiresMs: number | undefined
      readonly refreshToken: string | undefined
      readonly obtainedMs: number
    }
  | { readonly is: 'api_key'; readonly apiKey: string }

const contextOf = (connectorId: string): string => `connector:${connectorId}`

export const sealGrant = (keyring: Keyring, connectorId: string, grant: StoredGrant): string =>
  keyring.seal(JSON.stringify(grant), contextOf(connectorId))

/** The stored grant of a connection; undefined after it was disconnected. */
export async function readGrant(
  { db }: Store,
  keyring: Keyring,
  connectorId: string,
): Promise<StoredGrant | undefined> {
  const row = await db
    .selectFrom('connectors')
    .select('credentials')
    .where('id', '=', connectorId)
    .executeTakeFirst()
  if (row?.credentials === undefined || row.credentials === null) return undefined
  return parseJson(keyring.open(row.credentials, contextOf(connectorId)))
}

/** Seals every record with the first key. Returns how many were sealed with another key before. */
export async function reseal({ db }: Store, keyring: Keyring, clock: Clock): Promise<number> {
  const rows = await db
    .selectFrom('connectors')
    .select(['id', 'credentials'])
    .where('credentials', 'is not', null)
    .execute()
  let changed = 0
  for (const { id, credentials } of rows) {
    if (credentials === null || keyring.isCurrent(credentials)) continue
    const again = keyring.seal(keyring.open(credentials, contextOf(id)), contextOf(id))
    // Skips a record that changed meanwhile: a refreshed token is newer than the one that was read.
    const { numUpdatedRows } = await db
      .updateTable('connectors')
      .set({ credentials: again, updated_at: isoTime(clock.nowMs()) })
      .where('id', '=', id)
      .where('credentials', '=', credentials)
      .executeTakeFirst()
    changed += Number(numUpdatedRows)
  }
  return changed
}

/** Number of connections whose credentials no configured key opens. */
export async function countUnreadable({ db }: Store, keyring: Keyring): Promise<number> {
  const rows = await db
    .selectFrom('connectors')
    .select('credentials')
    .where('credentials', 'is not', null)
    .execute()
  return rows.filter(({ credentials }) => credentials !== null && !opensWith(keyring, credentials)).length
}

function opensWith(keyring: Keyring, sealed: string): boolean {
  try {
    return keyring.knows(sealed)
  } catch {
    return false
  }
}
