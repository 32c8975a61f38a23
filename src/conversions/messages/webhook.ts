import type { Ctx } from '../../api/index.ts'
import { header, jsonOf, readBytes } from '../../api/index.ts'
import {
  challengeOf,
  isSigned,
  numbersNamed,
  statusesIn,
  WhatsAppCredentials,
} from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { textOf } from '../../json/json.ts'
import { type ConnectionRow, credentialsOf, verifyDigests } from '../connections.ts'
import { type Base, MESSAGE_PLATFORM } from '../conversions.ts'
import { applyStatuses } from './statuses.ts'

type WebhookDeps = Pick<Base, 'store' | 'keyring'>

/** Longest body that WhatsApp sends. */
const MAX_BYTES = 3 * 1024 * 1024
/** Webhooks that are worked on at once; nobody who calls here has a key. */
const MAX_AT_ONCE = 32
const NO_ROOM_MS = 1_000
/** Connections of several organisations may have the same number or token. */
const MAX_CONNECTIONS = 100
const SIGNATURE_CHARS = 'sha256='.length + 64

const forged = () => new AppError('forbidden', 'The signature does not fit')

/** Takes what WhatsApp tells. Nothing is parsed before the signature of the bytes fits. */
export function webhookTaker({ store, keyring }: WebhookDeps): (c: Ctx) => Promise<Response> {
  let underWay = 0
  return async (c) => {
    const signature = header(c, 'x-hub-signature-256')
    if (signature?.length !== SIGNATURE_CHARS) throw forged()
    if (underWay >= MAX_AT_ONCE)
      throw new AppError('rate_limited', 'Too many webhooks are worked on now', { afterMs: NO_ROOM_MS })
    underWay += 1
    try {
      const body = await readBytes(c, MAX_BYTES)
      const signers = await signersOf({ store, keyring }, body, signature)
      await applyStatuses(store, signers, statusesIn(await jsonOf(textOf(body))))
      return c.body(null, 200)
    } finally {
      underWay -= 1
    }
  }
}

/** Connections whose app has signed these bytes; throws where there are none. */
async function signersOf(
  { store, keyring }: WebhookDeps,
  body: Buffer,
  signature: string,
): Promise<ConnectionRow[]> {
  const numbers = numbersNamed(body)
  if (numbers.length === 0) throw forged()
  const rows = await store.db
    .selectFrom('conversion_connections')
    .selectAll()
    .where('account', 'in', numbers)
    .where('platform', '=', MESSAGE_PLATFORM)
    .orderBy('updated_ms')
    .limit(MAX_CONNECTIONS)
    .execute()
  const { found, unread } = those(keyring, rows, ({ app_secret }) =>
    app_secret === undefined ? false : isSigned(body, signature, app_secret),
  )
  if (found.length > 0) return found
  // It may be one of these; WhatsApp tries again.
  throw unread ?? forged()
}

/** Answers WhatsApp when it asks whether the address is ours: who knows a connection's token gets the challenge back. */
export async function answerWhatsApp({ store, keyring }: WebhookDeps, c: Ctx): Promise<Response> {
  const query = new URL(c.req.url).searchParams
  const token = query.get('hub.verify_token') ?? ''
  const rows = await store.db
    .selectFrom('conversion_connections')
    .selectAll()
    .where('verify_digest', 'in', verifyDigests(keyring, token))
    .where('platform', '=', MESSAGE_PLATFORM)
    .limit(MAX_CONNECTIONS)
    .execute()
  let challenge: string | undefined
  const { found, unread } = those(keyring, rows, ({ webhook_verify_token }) => {
    challenge ??= challengeOf(query, webhook_verify_token)
    return challenge !== undefined
  })
  if (found.length > 0 && challenge !== undefined) return c.text(challenge)
  throw unread ?? new AppError('forbidden', 'The verify token does not fit')
}

/** Connections with credentials of which something holds. One that no key opens keeps none of the others from being found. */
function those(
  keyring: WebhookDeps['keyring'],
  rows: readonly ConnectionRow[],
  holds: (credentials: WhatsAppCredentials) => boolean,
): { readonly found: ConnectionRow[]; readonly unread: AppError | undefined } {
  let unread: AppError | undefined
  const found = rows.filter((row) => {
    try {
      return holds(credentialsOf(keyring, WhatsAppCredentials, row))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      unread = error
      return false
    }
  })
  return { found, unread }
}
