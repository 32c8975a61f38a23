import { hash, timingSafeEqual } from 'node:crypto'
import type { Micros } from '../../../money.ts'

export type NoticeKind = 'win' | 'billing' | 'loss'

/** The kind of notice that turns the holds of a seat into spend. */
export type BillingNotice = Exclude<NoticeKind, 'loss'>

/** Everything needed to settle a bid; each of its notice addresses carries it. */
export interface NoticeToken {
  /** Owner that made the bid, and the bid's number there. */
  readonly owner: string
  readonly seq: number
  /** When the bid was made, by the wall clock. */
  readonly issuedMs: number
  readonly seat: string
  /** Id of the campaign; the bid's scopes follow from it. */
  readonly campaign: string
  /** Micros held, in our own currency. 0 for a test bid, which is never held or billed. */
  readonly held: Micros
  /** Price of the bid: CPM micros in the bid's currency. */
  readonly price: number
  readonly currency: string
  readonly billOn: BillingNotice
}

/** A secret, and the short name that its tokens carry (letters and digits). */
export interface TokenKey {
  readonly id: string
  readonly secret: string
}

/** Result of verifying a token. */
export type VerifiedToken =
  | { readonly is: 'genuine'; readonly token: NoticeToken }
  /** The token was signed for another kind of notice. Who saw one address of a bid cannot use the others. */
  | { readonly is: 'other_kind'; readonly token: NoticeToken }
  /** The text was not signed with one of the keys, or was changed. */
  | { readonly is: 'forged' }

export interface NoticeTokens {
  /** Returns the token as text, for each kind of notice. */
  sign(token: NoticeToken): Readonly<Record<NoticeKind, string>>
  verify(kind: NoticeKind, text: string): VerifiedToken
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/**
 * Length of a tag, in base64 characters: 84 bits, which cannot be guessed over a network. Three tags fit into the
 * digest's 43 characters.
 */
const TAG_CHARS = 14
/** First character of each kind's tag in the digest. */
const TAG_AT: Readonly<Record<NoticeKind, number>> = { win: 0, billing: TAG_CHARS, loss: 2 * TAG_CHARS }
const KINDS: readonly NoticeKind[] = ['win', 'billing', 'loss']
/** Separates these digests from every other use of the secret, such as the earlier tag that served all kinds. */
const PURPOSE = 'notice by kind:'
const FORGED: VerifiedToken = { is: 'forged' }
const MAX_CHARS = 512
const RADIX = 36

/**
 * Signs with the first key and verifies with any. To rotate, put a new key first, and remove the old one when its last
 * bids can no longer be billed.
 * A token is URL-safe text: fields and tag joined by dots. The tags of the three kinds are disjoint parts of one HMAC
 * of the fields. Without the secret they are independent random numbers, so one tag reveals nothing about another, and
 * a bid costs one HMAC instead of three.
 */
export function createNoticeTokens(keys: readonly [TokenKey, ...TokenKey[]]): NoticeTokens {
  const digests = new Map(keys.map(({ id, secret }) => [id, createMac(secret)]))
  const [{ id: keyId }] = keys
  const digest = createMac(keys[0].secret)
  return {
    sign(token) {
      const fields = write(keyId, token)
      const all = digest(fields)
      const textOf = (kind: NoticeKind) => `${fields}.${tagOf(all, kind)}`
      return { win: textOf('win'), billing: textOf('billing'), loss: textOf('loss') }
    },
    verify(kind, text) {
      if (text.length > MAX_CHARS || !/^[\w.@-]+$/.test(text)) return FORGED
      const end = text.lastIndexOf('.')
      const [fields, tag] = [text.slice(0, end), text.slice(end + 1)]
      const all = digests.get(fields.slice(0, fields.indexOf('.')))?.(fields)
      if (all === undefined) return FORGED
      const isMeant = isSame(tag, tagOf(all, kind))
      if (!isMeant && !KINDS.some((other) => isSame(tag, tagOf(all, other)))) return FORGED
      const token = readFields(fields)
      return token ? { is: isMeant ? 'genuine' : 'other_kind', token } : FORGED
    },
  }
}

const tagOf = (digest: string, kind: NoticeKind): string =>
  digest.slice(TAG_AT[kind], TAG_AT[kind] + TAG_CHARS)

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes, at less than half the cost of `createHmac`. The key block is the
 * hexadecimal digest of purpose and secret: 64 characters, exactly one block. Its inner pad is ASCII, so the inner
 * message can be hashed as a string.
 */
function createMac(secret: string): (message: string) => string {
  const block = Buffer.from(hash('sha256', PURPOSE + secret, 'hex'), 'latin1')
  const innerPad = Buffer.from(block.map((byte) => byte ^ 0x36)).toString('latin1')
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return (message) => {
    outer.write(hash('sha256', innerPad + message, 'binary'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'base64url')
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

/** Reads the fields of a token; only call it with a verified MAC. */
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
