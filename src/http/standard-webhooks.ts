import { createHmac, timingSafeEqual } from 'node:crypto'

/** Bytes of a key of Standard Webhooks, by its specification. */
const MIN_KEY_BYTES = 24

/** The signed text: id of the delivery, time of sending in seconds, and the body byte for byte. */
export interface Signed {
  readonly id: string
  readonly timestamp: string
  readonly body: string | Buffer
}

/** Reads a key written as `whsec_` and base64; undefined if it is too short or not base64. */
export function standardKey(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '')
  const key = Buffer.from(text, 'base64')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && key.length >= MIN_KEY_BYTES ? key : undefined
}

const digestOf = ({ id, timestamp, body }: Signed, key: Buffer): Buffer =>
  createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()

/** The header `webhook-signature`: one signature with each key, so that the receiver can change keys at any time. */
export const standardSignature = (signed: Signed, keys: readonly Buffer[]): string =>
  keys.map((key) => `v1,${digestOf(signed, key).toString('base64')}`).join(' ')

/** Whether one of the signatures in a header was made with the key. */
export function isStandardSignature(signed: Signed, key: Buffer, header: string): boolean {
  const expected = digestOf(signed, key)
  return header.split(' ').some((entry) => {
    const [version, signature = ''] = entry.split(',')
    const given = Buffer.from(signature, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}
