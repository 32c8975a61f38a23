import type { Clock } from '../../clock.ts'
import { type RedisClient, reach } from './redis-client.ts'

/** Bids on one page, a bit each: 8 KB. */
const BIDS_PER_PAGE = 1 << 16
/** How long a bill may still be repeated. Afterwards it would be booked again, which is the safe side. */
const KEEP_S = 12 * 3_600
/** Marks of this time travel together; well before the line that reports their spend. */
const GATHER_MS = 20
/** Bids in one hash of amounts: few enough for Redis to keep it packed. */
const BIDS_PER_HASH = 128
/** Marks that wait while Redis is away; beyond that they are not made. */
const MAX_WAITING = 100_000

/** What an owner has settled; without an amount all that its bid could cost. */
interface Mark {
  readonly owner: string
  readonly seq: number
  readonly amount: number | undefined
}

/**
 * Which bids their owners have settled, and at what price below the bid's own. When an owner is gone, that tells a repeated
 * bill, which is in its books already, from one that nobody has booked, or that is higher.
 */
export class RedisMarks {
  readonly #clock: Clock
  readonly #client: RedisClient
  #waiting: Mark[] = []
  #isDue = false

  constructor(clock: Clock, client: RedisClient) {
    this.#clock = clock
    this.#client = client
  }

  put(owner: string, seq: number, amount: number | undefined): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ owner, seq, amount })
    if (this.#isDue) return
    this.#isDue = true
    this.#clock.after(GATHER_MS, () => {
      this.#isDue = false
      this.write()
    })
  }

  /** Micros that the owner has settled the bid at; Infinity for all that it could cost, undefined when it has not. */
  async get(owner: string, seq: number): Promise<number | undefined> {
    const [amount, isSettled] = await reach(() =>
      Promise.all([
        this.#client.hget(hashOf(owner, seq), String(seq % BIDS_PER_HASH)),
        this.#client.getbit(pageOf(owner, seq), seq % BIDS_PER_PAGE),
      ]),
    )
    if (amount !== null) return Number(amount)
    return isSettled === 1 ? Number.POSITIVE_INFINITY : undefined
  }

  /** Writes what waits. What cannot be written goes with the next that is put. */
  async write(): Promise<void> {
    const marks = this.#waiting
    if (marks.length === 0) return
    this.#waiting = []
    try {
      const keys = new Set(marks.flatMap(({ owner, seq }) => [hashOf(owner, seq), pageOf(owner, seq)]))
      await Promise.all([
        // In their order: of two marks of a bid the later one is the higher.
        ...marks.flatMap(({ owner, seq, amount }) => [
          ...(amount === undefined
            ? []
            : [this.#client.hset(hashOf(owner, seq), String(seq % BIDS_PER_HASH), amount)]),
          this.#client.setbit(pageOf(owner, seq), seq % BIDS_PER_PAGE, 1),
        ]),
        ...[...keys].map((key) => this.#client.expire(key, KEEP_S)),
      ])
    } catch {
      this.#waiting = [...marks, ...this.#waiting].slice(0, MAX_WAITING)
    }
  }
}

const hashOf = (owner: string, seq: number): string =>
  `bidwarden:{mail:${owner}}:amounts:${Math.floor(seq / BIDS_PER_HASH)}`
const pageOf = (owner: string, seq: number): string =>
  `bidwarden:{mail:${owner}}:settled:${Math.floor(seq / BIDS_PER_PAGE)}`
