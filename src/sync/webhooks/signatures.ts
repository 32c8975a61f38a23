import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { isStandardSignature, standardKey } from '../../http/standard-webhooks.ts'

/** A received webhook, byte for byte. */
export interface ReceivedWebhook {
  /** Header by its name in lower case. */
  readonly headers: (name: string) => string | undefined
  readonly body: Buffer
}

export type Checked =
  | { readonly is: 'genuine' /** The same for every repetition of a delivery. */; readonly eventId: string }
  | { readonly is: 'forged' }

const FORGED: Checked = { is: 'forged' }
/** Largest difference between a signed time and ours, in milliseconds, in both directions. */
const TOLERANCE_MS = 300_000

const same = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

/** Fewest characters of a secret that Meta signs with; its app secrets have 32. */
export const MIN_HUB_CHARS = 16

export const hubKey = (secret: string): string | undefined =>
  secret.trim().length >= MIN_HUB_CHARS ? secret : undefined

/**
 * Checks Standard Webhooks (Resend, through Svix): secret `whsec_` and base64; one of several `v1` signatures has to
 * match.
 */
export function checkStandard({ headers, body }: ReceivedWebhook, secret: string, nowMs: number): Checked {
  const id = headers('svix-id') ?? headers('webhook-id')
  const timestamp = headers('svix-timestamp') ?? headers('webhook-timestamp')
  const signatures = headers('svix-signature') ?? headers('webhook-signature')
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return FORGED
  if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return FORGED
  const key = standardKey(secret)
  if (!key) return FORGED
  const isGenuine = isStandardSignature({ id, timestamp, body }, key, signatures)
  return isGenuine ? { is: 'genuine', eventId: id } : FORGED
}

/**
 * Checks `X-Hub-Signature-256` (Meta): HMAC of the body with the app secret. These webhooks have no id, so a hash of
 * the content serves as id.
 */
export function checkHub({ headers, body }: ReceivedWebhook, secret: string): Checked {
  const [scheme, signature = ''] = (headers('x-hub-signature-256') ?? '').split('=')
  const key = hubKey(secret)
  if (scheme !== 'sha256' || key === undefined) return FORGED
  const expected = createHmac('sha256', key).update(body).digest()
  return same(Buffer.from(signature, 'hex'), expected)
    ? { is: 'genuine', eventId: hash('sha256', body) }
    : FORGED
}
