import { type Clock, isoTime } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { Store } from '../store/index.ts'
import type { Keyring } from './keyring.ts'

/** What a connection authenticates with. */
export type Grant =
  | {
      readonly is: 'oauth2'
      readonly accessToken: string
      /** Wall clock. Undefined for a token without an end. */
      readonly expiresMs: number | undefined
      readonly refreshToken: string | undefined
      readonly obtainedMs: number
    }
  | { readonly is: 'api_key'; readonly apiKey: string }

const contextOf = (connectorId: string): string => `connector:${connectorId}`

export const sealGrant = (keyring: Keyring, connectorId: string, grant: Grant): string =>
  keyring.seal(JSON.stringify(grant), contextOf(connectorId))

/** What is stored for a connection now; undefined after it was disconnected. */
export async function readGrant(
  { db }: Store,
  keyring: Keyring,
  connectorId: string,
): Promise<Grant | undefined> {
  const row = await db
    .selectFrom('connectors')
    .select('credentials')
    .where('id', '=', connectorId)
    .executeTakeFirst()
  if (row?.credentials === undefined || row.credentials === null) return undefined
  return parseJson(keyring.open(row.credentials, contextOf(connectorId)))
}

/** Seals every record again with the first key. Returns how many were not sealed with it before. */
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
    // A token that was refreshed meanwhile is newer than what was read.
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

/** How many connections have credentials that no key here opens. */
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
