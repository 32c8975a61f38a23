import { randomUUID } from 'node:crypto'
import type { Org } from '../../organisations.ts'
import type { FeedNews } from './news.ts'

/**
 * So much of what has happened is kept, for those who come back after their connection has broken. A bid may keep an
 * explanation of 8 KiB in memory, so this is 32 MiB at the very worst.
 */
const KEPT = 4_096

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
  /** Another one at each start, so that ids of an earlier one are known to be that. */
  #epoch = ''

  /** Whether somebody reads. */
  get isOn(): boolean {
    return this.#epoch !== ''
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
    this.#epoch = randomUUID().slice(0, 8)
  }

  /** Forgets everything. */
  stop(): void {
    this.#epoch = ''
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

  /** Id of an entry as readers see it. */
  idOf(number: number): string {
    return `${this.#epoch}-${number}`
  }

  /** Number of the entry with this id; undefined for one of another start, or of nobody. */
  numberOf(id: string): number | undefined {
    const [, epoch, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(id) ?? []
    return epoch === this.#epoch && number !== undefined ? Number(number) : undefined
  }
}
