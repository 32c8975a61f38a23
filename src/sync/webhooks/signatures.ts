import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** A webhook as it came, byte for byte. */
export interface Delivery {
  /** Names in lower case. */
  readonly headers: (name: string) => string | undefined
  readonly body: Buffer
}

export type Checked =
  | { readonly is: 'genuine' /** The same for every repetition of a delivery. */; readonly eventId: string }
  | { readonly is: 'forged' }

const FORGED: Checked = { is: 'forged' }
/** How far a signed time may be from ours, in both directions. */
const TOLERANCE_MS = 300_000

const same = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

/** Bytes of a key of Standard Webhooks, by its specification. */
const MIN_STANDARD_BYTES = 24
/** Characters of a key that Meta signs with; its app secrets have 32. */
export const MIN_HUB_CHARS = 16

/** The key in `whsec_` and base64; undefined for one that is too short to keep anybody out, or not base64 at all. */
export function standardKey(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '')
  const key = Buffer.from(text, 'base64')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && key.length >= MIN_STANDARD_BYTES ? key : undefined
}

export const hubKey = (secret: string): string | undefined =>
  secret.trim().length >= MIN_HUB_CHARS ? secret : undefined

/** Standard Webhooks (Resend, by way of Svix): secret `whsec_` and base64; any of several `v1` signatures may match. */
export function checkStandard({ headers, body }: Delivery, secret: string, nowMs: number): Checked {
  const id = headers('svix-id') ?? headers('webhook-id')
  const timestamp = headers('svix-timestamp') ?? headers('webhook-timestamp')
  const signatures = headers('svix-signature') ?? headers('webhook-signature')
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return FORGED
  if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return FORGED
  const key = standardKey(secret)
  if (!key) return FORGED
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const matches = signatures.split(' ').some((entry) => {
    const [version, signature = ''] = entry.split(',')
    return version === 'v1' && same(Buffer.from(signature, 'base64'), expected)
  })
  return matches ? { is: 'genuine', eventId: id } : FORGED
}

/** `X-Hub-Signature-256` (Meta): the app secret over the body. Deliveries have no id, so their content names them. */
export function checkHub({ headers, body }: Delivery, secret: string): Checked {
  const [scheme, signature = ''] = (headers('x-hub-signature-256') ?? '').split('=')
  const key = hubKey(secret)
  if (scheme !== 'sha256' || key === undefined) return FORGED
  const expected = createHmac('sha256', key).update(body).digest()
  return same(Buffer.from(signature, 'hex'), expected)
    ? { is: 'genuine', eventId: hash('sha256', body) }
    : FORGED
}
