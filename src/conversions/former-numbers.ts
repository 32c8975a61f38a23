import { type Kysely, sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Keyring, Store, SyncDatabase } from '../sync/index.ts'
import type { Base } from './conversions.ts'

/** How long a former number is kept, in milliseconds: WhatsApp repeats a webhook for seven days. */
const KEEP_MS = 8 * 86_400_000
/** The most former numbers of an organisation; the oldest beyond that are deleted. */
const MOST_OF_ORG = 20

/**
 * A number that an organisation had before it was changed: webhooks about earlier messages are still signed with its
 * secret.
 */
export interface FormerNumber {
  readonly org_id: number
  readonly account: string
  readonly changed_ms: number
  /** Null if no key decrypts it. */
  readonly secret: string | null
}

const contextOf = (orgId: number, account: string): string =>
  JSON.stringify(['former number', orgId, account])

/** What a webhook must match to belong to a connection: its number, and the secret of its signature. */
export interface NumberIdentity {
  readonly account: string | null
  readonly secret: string | undefined
}

/** Keeps the number and secret of a connection that is about to be changed or ended. */
export async function keepFormer(
  db: Kysely<SyncDatabase>,
  { keyring, clock }: Pick<Base, 'keyring' | 'clock'>,
  org_id: number,
  before: NumberIdentity,
  next: NumberIdentity | undefined,
): Promise<void> {
  const { account, secret } = before
  if (account === null || secret === undefined) return
  if (next?.account === account && next.secret === secret) return
  const nowMs = clock.nowMs()
  await db
    .insertInto('conversion_former_numbers')
    .values({
      org_id,
      account,
      changed_ms: nowMs,
      until_ms: nowMs + KEEP_MS,
      secret: keyring.seal(secret, contextOf(org_id, account)),
    })
    .execute()
  await sql`DELETE FROM conversion_former_numbers WHERE org_id = ${org_id} AND seq NOT IN (SELECT seq FROM
    conversion_former_numbers WHERE org_id = ${org_id} ORDER BY seq DESC LIMIT ${MOST_OF_ORG})`.execute(db)
}

/** The former numbers among these numbers, the latest changed first. */
export async function formerNumbers(
  { store, keyring, clock }: Pick<Base, 'store' | 'keyring' | 'clock'>,
  accounts: readonly string[],
  limit: number,
): Promise<FormerNumber[]> {
  const rows = await store.db
    .selectFrom('conversion_former_numbers')
    .selectAll()
    .where('account', 'in', accounts)
    .where('until_ms', '>', clock.nowMs())
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ org_id, account, changed_ms, secret }) => ({
    org_id,
    account,
    changed_ms,
    secret: opened(keyring, secret, contextOf(org_id, account)),
  }))
}

/** The decrypted secret; null if no key decrypts it. */
function opened(keyring: Keyring, sealed: string, context: string): string | null {
  try {
    return keyring.open(sealed, context)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** Deletes former numbers for which no webhook can come any more. */
export async function forgetFormer({ db }: Store, nowMs: number): Promise<void> {
  await db.deleteFrom('conversion_former_numbers').where('until_ms', '<=', nowMs).execute()
}
