import { hash, timingSafeEqual } from 'node:crypto'
import type { Micros } from '../../money.ts'

/** Which notice of a seat turns a hold into spend. */
export type BillingNotice = 'billing' | 'win'

/** All that settling a bid takes, carried by its notice addresses. */
export interface NoticeToken {
  /** The process start that made the bid, and the bid's number there. */
  readonly owner: string
  readonly seq: number
  /** Wall clock of the bid. */
  readonly issuedMs: number
  readonly seat: string
  /** Its budget scopes follow from it. */
  readonly campaign: string
  /** Micros of our own money; 0 for a bid of a test, which is never held or billed. */
  readonly held: Micros
  /** CPM micros of the bid, in the bid's currency. */
  readonly price: number
  readonly currency: string
  readonly billOn: BillingNotice
}

/** A secret and the short name its tokens carry, of letters and digits. */
export interface TokenKey {
  readonly id: string
  readonly secret: string
}

export interface NoticeTokens {
  sign(token: NoticeToken): string
  /** Undefined for anything that was not signed with one of the keys, or not exactly as it is. */
  verify(text: string): NoticeToken | undefined
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** 96 bits of the MAC: far beyond guessing over a network, and whole in base64. */
const MAC_CHARS = 16
const MAX_CHARS = 512
const RADIX = 36

/**
 * Signs with the first key, verifies with any: to rotate, put a new key in front and drop the old one when its last
 * bids can no longer be billed. The token is text of URL-safe characters, fields and MAC joined by dots.
 */
export function createNoticeTokens(keys: readonly [TokenKey, ...TokenKey[]]): NoticeTokens {
  const macs = new Map(keys.map(({ id, secret }) => [id, createMac(secret)]))
  const [{ id: keyId }] = keys
  const mac = createMac(keys[0].secret)
  return {
    sign(token) {
      const fields = write(keyId, token)
      return `${fields}.${mac(fields)}`
    },
    verify(text) {
      if (text.length > MAX_CHARS || !/^[\w.-]+$/.test(text)) return undefined
      const end = text.lastIndexOf('.')
      const fields = text.slice(0, end)
      const expected = macs.get(fields.slice(0, fields.indexOf('.')))?.(fields)
      if (expected === undefined || !isSame(text.slice(end + 1), expected)) return undefined
      return readFields(fields)
    },
  }
}

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes, which cost less than half of `createHmac`. The key block is the
 * secret's digest in hexadecimal: 64 characters, exactly one block, and its inner pad is ASCII, so the inner message can
 * be hashed as a string.
 */
function createMac(secret: string): (message: string) => string {
  const block = Buffer.from(hash('sha256', secret, 'hex'), 'latin1')
  const innerPad = Buffer.from(block.map((byte) => byte ^ 0x36)).toString('latin1')
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return (message) => {
    outer.write(hash('sha256', innerPad + message, 'binary'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'base64url').slice(0, MAC_CHARS)
  }
}

function isSame(given: string, expected: string): boolean {
  return (
    given.length === expected.length &&
    timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'))
  )
}

function write(keyId: string, token: NoticeToken): string {
  const { owner, seq, issuedMs, held, price, currency, billOn, seat, campaign } = token
  return (
    `${keyId}.${owner}.${seq.toString(RADIX)}.${issuedMs.toString(RADIX)}.${held.toString(RADIX)}.` +
    `${price.toString(RADIX)}.${currency}.${billOn === 'win' ? 'w' : 'b'}.${seat}.${campaign}`
  )
}

const FIELDS = 10

/** Only for fields whose MAC is right. */
function readFields(fields: string): NoticeToken | undefined {
  const parts = fields.split('.')
  if (parts.length !== FIELDS) return undefined
  const [
    ,
    owner = '',
    seq = '',
    issued = '',
    held = '',
    price = '',
    currency = '',
    bill,
    seat = '',
    campaign = '',
  ] = parts
  return {
    owner,
    seq: Number.parseInt(seq, RADIX),
    issuedMs: Number.parseInt(issued, RADIX),
    held: Number.parseInt(held, RADIX) as Micros,
    price: Number.parseInt(price, RADIX),
    currency,
    billOn: bill === 'w' ? 'win' : 'billing',
    seat,
    campaign,
  }
}
