import type { Clock } from '../../../../time/clock.ts'
import { type RedisClient, reach } from './redis-client.ts'

/** The number of bids in one page of bits (8 KB). */
const BIDS_PER_PAGE = 1 << 16
/** How long settled bids are kept, in seconds. A bill repeated after that is booked again, which is safe. */
const KEEP_S = 12 * 3_600
/** How long settled bids are gathered before they are written together; shorter than the time until a line reports the spend. */
const GATHER_MS = 20
/** The number of bids in one hash of amounts; small hashes are stored compactly by Redis. */
const BIDS_PER_HASH = 128
/** The most settled bids that wait while Redis is unreachable; further ones are dropped. */
const MAX_WAITING = 100_000

/** A settled bid of an owner; without an amount it was settled at its full price. */
interface SettledBid {
  readonly owner: string
  readonly seq: number
  readonly amount: number | undefined
}

/**
 * Notes which bids their owners have settled, and for how much if less than the bid's price. Once an owner is gone, this
 * shows whether a bill was booked by the owner already, was not booked yet, or is higher than what was booked.
 */
export class RedisSettledBids {
  readonly #clock: Clock
  readonly #client: RedisClient
  #waiting: SettledBid[] = []
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

  /** Micros for which the owner settled the bid; Infinity for the bid's full price, undefined if it was not settled. */
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

  /** Writes the waiting bids. Those that cannot be written are tried again with the next {@link put}. */
  async write(): Promise<void> {
    const settled = this.#waiting
    if (settled.length === 0) return
    this.#waiting = []
    try {
      const keys = new Set(settled.flatMap(({ owner, seq }) => [hashOf(owner, seq), pageOf(owner, seq)]))
      await Promise.all([
        // In order: if a bid was settled twice, the later amount is the higher and must win.
        ...settled.flatMap(({ owner, seq, amount }) => [
          ...(amount === undefined
            ? []
            : [this.#client.hset(hashOf(owner, seq), String(seq % BIDS_PER_HASH), amount)]),
          this.#client.setbit(pageOf(owner, seq), seq % BIDS_PER_PAGE, 1),
        ]),
        ...[...keys].map((key) => this.#client.expire(key, KEEP_S)),
      ])
    } catch {
      this.#waiting = [...settled, ...this.#waiting].slice(0, MAX_WAITING)
    }
  }
}

const hashOf = (owner: string, seq: number): string =>
  `bidwarden:{mail:${owner}}:amounts:${Math.floor(seq / BIDS_PER_HASH)}`
const pageOf = (owner: string, seq: number): string =>
  `bidwarden:{mail:${owner}}:settled:${Math.floor(seq / BIDS_PER_PAGE)}`
