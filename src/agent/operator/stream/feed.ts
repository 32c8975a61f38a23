import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Org } from '../../organisations.ts'
import type { FeedNews } from './news.ts'

/**
 * How many entries are kept, for readers that reconnect. A bid may contain an explanation of 8 KiB, so this is 32 MiB
 * at most.
 */
const KEPT = 4_096

/** Encrypts the number of an entry as one block, so that each id is independent of the others. */
const ONE_BLOCK = 'aes-128-ecb'
const BLOCK_BYTES = 16
/**
 * The offset of the number in its block. The bytes before it are zero; an invalid id decrypts to something else there.
 */
const NUMBER_AT = 8
const NOTHING = Buffer.alloc(NUMBER_AT)

export interface FeedEntry {
  /** Counts the entries in their order, without gaps. */
  readonly number: number
  readonly news: FeedNews
  /** The text of the event, by the organisation that reads it. */
  readonly texts: Map<Org, string>
}

/** The latest events, in memory. Nothing is kept while nobody reads. */
export class Feed {
  readonly #ring: FeedEntry[] = []
  #last = 0
  /** Encrypts numbers into ids. It is new at each start, so that ids of an earlier start are recognised as such. */
  #secret: Buffer | undefined

  /** Whether somebody reads. */
  get isOn(): boolean {
    return this.#secret !== undefined
  }

  /** Number of the latest entry; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Adds an event. While nobody reads, it does nothing. */
  push(news: FeedNews): void {
    if (!this.isOn) return
    this.#last += 1
    this.#ring[this.#last % KEPT] = { number: this.#last, news, texts: new Map() }
  }

  start(): void {
    this.#secret = randomBytes(BLOCK_BYTES)
  }

  /** Deletes all entries. */
  stop(): void {
    this.#secret = undefined
    this.#last = 0
    this.#ring.length = 0
  }

  /** The entries after one number and up to another; undefined if one of them is no longer kept. */
  between(after: number, upTo: number): FeedEntry[] | undefined {
    if (after > upTo || after < this.#last - KEPT) return undefined
    const entries: FeedEntry[] = []
    for (let number = after + 1; number <= upTo; number++) {
      const entry = this.#ring[number % KEPT]
      if (entry?.number === number) entries.push(entry)
    }
    return entries
  }

  /**
   * The id of an entry, as readers see it. It is encrypted, because counting ids would tell how much happens that a
   * reader may not see.
   */
  idOf(number: number): string {
    const block = Buffer.alloc(BLOCK_BYTES)
    block.writeBigUInt64BE(BigInt(number), NUMBER_AT)
    return this.#secret
      ? createCipheriv(ONE_BLOCK, this.#secret, null).update(block).toString('base64url')
      : ''
  }

  /** The number of the entry with this id; undefined for an id of another start, or an invalid one. */
  numberOf(id: string): number | undefined {
    const sealed = Buffer.from(/^[\w-]{22}$/.test(id) ? id : '', 'base64url')
    if (!this.#secret || sealed.length !== BLOCK_BYTES) return undefined
    const block = createDecipheriv(ONE_BLOCK, this.#secret, null).setAutoPadding(false).update(sealed)
    return block.subarray(0, NUMBER_AT).equals(NOTHING) ? Number(block.readBigUInt64BE(NUMBER_AT)) : undefined
  }
}
