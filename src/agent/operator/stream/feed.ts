import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Org } from '../../organisations.ts'
import type { FeedNews } from './news.ts'

/**
 * So much of what has happened is kept, for those who come back after their connection has broken. A bid may keep an
 * explanation of 8 KiB in memory, so this is 32 MiB at the very worst.
 */
const KEPT = 4_096

/** A number becomes an id by itself: each is another block. */
const ONE_BLOCK = 'aes-128-ecb'
const BLOCK_BYTES = 16
/** Before the number a block has nothing; a text that is no id decrypts to something there. */
const NUMBER_AT = 8
const NOTHING = Buffer.alloc(NUMBER_AT)

export interface FeedEntry {
  /** In the order of happening, without gaps. */
  readonly number: number
  readonly news: FeedNews
  /** As it is sent, by the organisation that reads it. */
  readonly texts: Map<Org, string>
}

/** The latest news, in memory. While nobody reads, nothing is kept. */
export class Feed {
  readonly #ring: FeedEntry[] = []
  #last = 0
  /** Encrypts the numbers in ids; another one at each start, so that ids of an earlier one are known to be that. */
  #secret: Buffer | undefined

  /** Whether somebody reads. */
  get isOn(): boolean {
    return this.#secret !== undefined
  }

  /** Number of the latest entry; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Adds news; costs nothing but this call while nobody reads. */
  push(news: FeedNews): void {
    if (!this.isOn) return
    this.#last += 1
    this.#ring[this.#last % KEPT] = { number: this.#last, news, texts: new Map() }
  }

  start(): void {
    this.#secret = randomBytes(BLOCK_BYTES)
  }

  /** Forgets everything. */
  stop(): void {
    this.#secret = undefined
    this.#last = 0
    this.#ring.length = 0
  }

  /** The entries after that number and up to another; undefined where one of them is not kept any more. */
  between(after: number, upTo: number): FeedEntry[] | undefined {
    if (after > upTo || after < this.#last - KEPT) return undefined
    const entries: FeedEntry[] = []
    for (let number = after + 1; number <= upTo; number++) {
      const entry = this.#ring[number % KEPT]
      if (entry?.number === number) entries.push(entry)
    }
    return entries
  }

  /** Id of an entry as readers see it. It does not tell them how much happens that they may not see. */
  idOf(number: number): string {
    const block = Buffer.alloc(BLOCK_BYTES)
    block.writeBigUInt64BE(BigInt(number), NUMBER_AT)
    return this.#secret
      ? createCipheriv(ONE_BLOCK, this.#secret, null).update(block).toString('base64url')
      : ''
  }

  /** Number of the entry with this id; undefined for one of another start, or of nobody. */
  numberOf(id: string): number | undefined {
    const sealed = Buffer.from(/^[\w-]{22}$/.test(id) ? id : '', 'base64url')
    if (!this.#secret || sealed.length !== BLOCK_BYTES) return undefined
    const block = createDecipheriv(ONE_BLOCK, this.#secret, null).setAutoPadding(false).update(sealed)
    return block.subarray(0, NUMBER_AT).equals(NOTHING) ? Number(block.readBigUInt64BE(NUMBER_AT)) : undefined
  }
}
