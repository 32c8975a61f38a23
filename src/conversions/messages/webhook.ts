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

/** The longest body that WhatsApp sends, in bytes. */
const MAX_BYTES = 3 * 1024 * 1024
/** The most webhooks processed at once: callers of this route have no key. */
const MAX_AT_ONCE = 32
/** After how many milliseconds a webhook that found no room may be sent again. */
const NO_ROOM_MS = 1_000
/** The most bytes of bodies in memory. Bytes count when they arrive; an announced length counts for nothing. */
const MAX_HELD_BYTES = MAX_AT_ONCE * MAX_BYTES
/** How long a body may take to arrive, in milliseconds; Meta sends it together with the headers. */
const BODY_MS = 10_000
/** The most connections with one number or token: those of several organisations may have the same. */
const MAX_CONNECTIONS = 1_000
/** Characters of a signature header: the name of the algorithm and a SHA-256 in hex. */
const SIGNATURE_CHARS = 'sha256='.length + 64

const forged = () => new AppError('forbidden', 'The signature does not fit')

const noRoom = () =>
  new AppError('rate_limited', 'Too many webhooks are worked on now', { afterMs: NO_ROOM_MS })

/** Reads the body. If it does not arrive in time, the connection is closed. */
async function readInTime(clock: Base['clock'], c: Ctx, hold: (bytes: number) => void): Promise<Buffer> {
  const cancel = clock.after(BODY_MS, () => c.env.incoming.destroy())
  try {
    return await readBytes(c, MAX_BYTES, hold)
  } finally {
    cancel()
  }
}

/** Makes the handler of WhatsApp's webhooks. Nothing is parsed before the signature of the body is verified. */
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

/** The numbers, former ones included, whose app has signed this body; throws if there are none. */
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
  // Most numbers of a webhook belong to one app, so each secret is tried once.
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
  // The number may belong to one of the connections that could not be decrypted, so WhatsApp is asked to try again.
  throw unread ?? forged()
}

/**
 * Answers WhatsApp's check of the webhook address: a caller that knows a connection's verify token gets the challenge
 * back.
 */
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
  let unread: AppError | undefined
  for (const row of rows) {
    const known = readable(keyring, row)
    if (known.is === 'unread') {
      unread = known.error
      continue
    }
    const challenge = challengeOf(query, known.credentials.webhook_verify_token)
    if (challenge !== undefined) return c.text(challenge)
  }
  throw unread ?? new AppError('forbidden', 'The verify token does not fit')
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
