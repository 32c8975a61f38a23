import type { Clock } from '../../clock.ts'
import { type RedisClient, reach } from './redis-client.ts'

/** Bids on one page, a bit each: 8 KB. */
const BIDS_PER_PAGE = 1 << 16
/** How long a bill may still be repeated. Afterwards it would be booked again, which is the safe side. */
const KEEP_S = 12 * 3_600
/** Marks of this time travel together; well before the line that reports their spend. */
const GATHER_MS = 20
/** Marks that wait while Redis is away; beyond that they are not made. */
const MAX_WAITING = 100_000

/**
 * Which bids their owners have settled. When an owner is gone, that tells a repeated bill, which is in its books already,
 * from one that nobody has booked.
 */
export class RedisMarks {
  readonly #clock: Clock
  readonly #client: RedisClient
  #waiting: (readonly [owner: string, seq: number])[] = []
  #isDue = false

  constructor(clock: Clock, client: RedisClient) {
    this.#clock = clock
    this.#client = client
  }

  put(owner: string, seq: number): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push([owner, seq])
    if (this.#isDue) return
    this.#isDue = true
    this.#clock.after(GATHER_MS, () => {
      this.#isDue = false
      this.#write()
    })
  }

  async has(owner: string, seq: number): Promise<boolean> {
    return (await reach(() => this.#client.getbit(pageOf(owner, seq), seq % BIDS_PER_PAGE))) === 1
  }

  /** What cannot be written goes with the next that is put. */
  async #write(): Promise<void> {
    const marks = this.#waiting
    this.#waiting = []
    try {
      const pages = new Set(marks.map(([owner, seq]) => pageOf(owner, seq)))
      await Promise.all([
        ...marks.map(([owner, seq]) => this.#client.setbit(pageOf(owner, seq), seq % BIDS_PER_PAGE, 1)),
        ...[...pages].map((page) => this.#client.expire(page, KEEP_S)),
      ])
    } catch {
      this.#waiting = [...marks, ...this.#waiting].slice(0, MAX_WAITING)
    }
  }
}

const pageOf = (owner: string, seq: number): string =>
  `bidwarden:{mail:${owner}}:settled:${Math.floor(seq / BIDS_PER_PAGE)}`
