import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/**
 * The two keys with which an exchange encrypts and signs prices. They are key objects, so they cannot appear in a log
 * or an answer by accident.
 */
export interface PriceKeys {
  readonly encryption: KeyObject
  readonly integrity: KeyObject
}

/** How a seat's exchange encrypts the prices in its notices. */
export interface EncryptedPrices {
  /** Tried in order, so that notices from before a change of keys can still be read. */
  readonly keys: readonly PriceKeys[]
  /** Whether the encrypted price is micros for a thousand impressions (`cpm`) or for one. */
  readonly unit: 'cpm' | 'impression'
  /** The macro that the exchange replaces with an encrypted price. */
  readonly macro: string
  /** ISO 4217 code of all encrypted prices; undefined where they are in the bid's currency. */
  readonly currency?: string | undefined
}

const VECTOR_BYTES = 16
const PRICE_BYTES = 8
const SIGNATURE_BYTES = 4
const IMPRESSIONS_PER_CPM = 1000
/** 28 bytes in URL-safe base64. Padding is often left out, or written as dots. */
const SHAPE = /^[\w-]{38}(?:==|\.\.)?$/

/**
 * Decrypts and verifies a price by the scheme of Google's "Decrypt Price Confirmations", which other exchanges use as
 * well: 16 bytes of initialisation vector, 8 bytes of price (big-endian) xor HMAC-SHA-1(encryption key, vector), and
 * the first 4 bytes of HMAC-SHA-1(integrity key, price + vector).
 * @returns CPM micros; undefined for a text that was not made with one of the keys
 */
export function openPrice({ keys, unit }: EncryptedPrices, text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined
  const bytes = Buffer.from(text.slice(0, 38), 'base64url')
  for (const pair of keys) {
    const micros = decrypt(pair, bytes)
    if (micros !== undefined) return unit === 'cpm' ? micros : micros * IMPRESSIONS_PER_CPM
  }
  return undefined
}

function decrypt({ encryption, integrity }: PriceKeys, bytes: Buffer): number | undefined {
  const vector = bytes.subarray(0, VECTOR_BYTES)
  const pad = createHmac('sha1', encryption).update(vector).digest()
  const price = Buffer.alloc(PRICE_BYTES)
  for (let i = 0; i < PRICE_BYTES; i++) price[i] = (bytes[VECTOR_BYTES + i] ?? 0) ^ (pad[i] ?? 0)
  const signature = createHmac('sha1', integrity).update(price).update(vector).digest()
  const isGenuine = timingSafeEqual(
    bytes.subarray(VECTOR_BYTES + PRICE_BYTES),
    signature.subarray(0, SIGNATURE_BYTES),
  )
  return isGenuine ? Number(price.readBigInt64BE()) : undefined
}
