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
import { Slices } from '../../time/slices.ts'
import { type ConnectionRow, credentialsOf, verifyDigests } from '../connections.ts'
import { type Base, MESSAGE_PLATFORM } from '../conversions.ts'
import { formerNumbers } from '../former-numbers.ts'
import { applyStatuses, type Signer } from './statuses.ts'

type WebhookDeps = Pick<Base, 'store' | 'keyring'>
type TakerDeps = Pick<Base, 'store' | 'keyring' | 'clock' | 'meter'>

/** Longest body that WhatsApp sends. */
const MAX_BYTES = 3 * 1024 * 1024
/** Webhooks that are worked on at once; nobody who calls here has a key. */
const MAX_AT_ONCE = 32
const NO_ROOM_MS = 1_000
/** Bytes of bodies that are being read or worked on. A place is taken by what has come, never by what a head announces. */
const MAX_HELD_BYTES = MAX_AT_ONCE * MAX_BYTES
/** Milliseconds for a body to come; Meta sends it with the head. */
const BODY_MS = 10_000
/** Connections of several organisations may have the same number or token. */
const MAX_CONNECTIONS = 1_000
const SIGNATURE_CHARS = 'sha256='.length + 64

const forged = () => new AppError('forbidden', 'The signature does not fit')

const noRoom = () =>
  new AppError('rate_limited', 'Too many webhooks are worked on now', { afterMs: NO_ROOM_MS })

/** Reads the body, or ends the connection where it does not come. */
async function readInTime(clock: Base['clock'], c: Ctx, hold: (bytes: number) => void): Promise<Buffer> {
  const cancel = clock.after(BODY_MS, () => c.env.incoming.destroy())
  try {
    return await readBytes(c, MAX_BYTES, hold)
  } finally {
    cancel()
  }
}

/** Takes what WhatsApp tells. Nothing is parsed before the signature of the bytes fits. */
export function webhookTaker(deps: TakerDeps): (c: Ctx) => Promise<Response> {
  const { clock } = deps
  let underWay = 0
  let heldBytes = 0
  const work = async (body: Buffer, signature: string) => {
    if (underWay >= MAX_AT_ONCE) throw noRoom()
    underWay += 1
    try {
      const signers = await signersOf(deps, body, signature)
      await applyStatuses(deps, signers, statusesIn(await jsonOf(textOf(body))))
    } finally {
      underWay -= 1
    }
  }
  return async (c) => {
    const signature = header(c, 'x-hub-signature-256')
    if (signature?.length !== SIGNATURE_CHARS) throw forged()
    let ownBytes = 0
    const hold = (bytes: number) => {
      if (heldBytes + bytes > MAX_HELD_BYTES) throw noRoom()
      heldBytes += bytes
      ownBytes += bytes
    }
    try {
      await work(await readInTime(clock, c, hold), signature)
      return c.body(null, 200)
    } finally {
      heldBytes -= ownBytes
    }
  }
}

/** Numbers, also former ones, whose app has signed these bytes; throws where there are none. */
async function signersOf(deps: TakerDeps, body: Buffer, signature: string): Promise<Signer[]> {
  const { store, keyring } = deps
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
  const former = await formerNumbers(deps, numbers, MAX_CONNECTIONS)
  // Most numbers of a webhook have one app, whose secret is tried once.
  const tried = new Map<string, boolean>()
  const slices = new Slices()
  const hasSigned = async (secret: string | null | undefined): Promise<boolean> => {
    if (secret == null) return false
    if (slices.isOver) await slices.next()
    const signed = tried.get(secret) ?? isSigned(body, signature, secret)
    tried.set(secret, signed)
    return signed
  }
  let unread: AppError | undefined
  const found: Signer[] = []
  for (const row of rows) {
    const known = readable(keyring, row)
    if (known.is === 'unread') unread = known.error
    else if (await hasSigned(known.credentials.app_secret)) found.push({ ...row, sentBeforeMs: null })
  }
  for (const { secret, changed_ms, ...number } of former)
    if (await hasSigned(secret)) found.push({ ...number, sentBeforeMs: changed_ms })
  if (found.length > 0) return found
  // The number may belong to one of these connections, so WhatsApp is asked to try again.
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

/** The connections whose credentials pass a test. Credentials that no key opens are passed over. */
function those(
  keyring: WebhookDeps['keyring'],
  rows: readonly ConnectionRow[],
  holds: (credentials: WhatsAppCredentials) => boolean,
): { readonly found: ConnectionRow[]; readonly unread: AppError | undefined } {
  let unread: AppError | undefined
  const found = rows.filter((row) => {
    const known = readable(keyring, row)
    if (known.is === 'credentials') return holds(known.credentials)
    unread = known.error
    return false
  })
  return { found, unread }
}

type Readable =
  | { readonly is: 'credentials'; readonly credentials: WhatsAppCredentials }
  | { readonly is: 'unread'; readonly error: AppError }

function readable(keyring: WebhookDeps['keyring'], row: ConnectionRow): Readable {
  try {
    return { is: 'credentials', credentials: credentialsOf(keyring, WhatsAppCredentials, row) }
  } catch (error) {
    if (error instanceof AppError) return { is: 'unread', error }
    throw error
  }
}
