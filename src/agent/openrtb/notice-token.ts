import { hash, timingSafeEqual } from 'node:crypto'
import type { Micros } from '../../money.ts'

export type NoticeKind = 'win' | 'billing' | 'loss'

/** Which notice of a seat turns a hold into spend. */
export type BillingNotice = Exclude<NoticeKind, 'loss'>

/** All that settling a bid takes, carried by each of its notice addresses. */
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

/** What a text at an address of some kind is. */
export type VerifiedToken =
  | { readonly is: 'genuine'; readonly token: NoticeToken }
  /** It was signed for another kind: whoever saw one address of a bid may not speak through the others. */
  | { readonly is: 'other_kind'; readonly token: NoticeToken }
  /** It was not signed with one of the keys, or not exactly as it is. */
  | { readonly is: 'forged' }

export interface NoticeTokens {
  /** The text for each kind of address. */
  sign(token: NoticeToken): Readonly<Record<NoticeKind, string>>
  verify(kind: NoticeKind, text: string): VerifiedToken
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** 84 bits of the digest for each kind: far beyond guessing over a network, and three fit into its 43 characters. */
const TAG_CHARS = 14
/** Where the tag of a kind begins in the digest's base64. */
const TAG_AT: Readonly<Record<NoticeKind, number>> = { win: 0, billing: TAG_CHARS, loss: 2 * TAG_CHARS }
const KINDS: readonly NoticeKind[] = ['win', 'billing', 'loss']
/** Keeps digests apart from those of any other use of the secret, such as the one tag that once served all kinds. */
const PURPOSE = 'notice by kind:'
const FORGED: VerifiedToken = { is: 'forged' }
const MAX_CHARS = 512
const RADIX = 36

/**
 * Signs with the first key, verifies with any: to rotate, put a new key in front and drop the old one when its last
 * bids can no longer be billed. The token is text of URL-safe characters, fields and tag joined by dots.
 *
 * The tags of the kinds are disjoint parts of one HMAC of the fields: to whoever does not know the secret such parts are
 * independent random numbers, so that one tells nothing of another, and a bid costs one HMAC instead of three.
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
      if (text.length > MAX_CHARS || !/^[\w.-]+$/.test(text)) return FORGED
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
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes, which cost less than half of `createHmac`. The key block is the
 * digest of purpose and secret in hexadecimal: 64 characters, exactly one block, and its inner pad is ASCII, so the inner message can
 * be hashed as a string.
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
