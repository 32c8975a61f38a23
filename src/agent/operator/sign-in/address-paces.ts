import { LRUCache } from 'lru-cache'
import { atMost } from '../../../cache-size.ts'
import type { Clock } from '../../../time/clock.ts'
import { Pace, type PaceLimit } from '../../../time/pace.ts'

/** The most addresses whose calls are counted. Beyond that, the address that called longest ago is forgotten. */
const MAX_ADDRESSES = 1_000

/** Limits the calls of each address before the caller is known. */
export class AddressPaces {
  readonly #clock: Clock
  readonly #limit: PaceLimit
  readonly #paces = new LRUCache<string, Pace>(atMost(MAX_ADDRESSES))

  constructor(clock: Clock, limit: PaceLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** Counts one call. Returns the milliseconds to wait; 0 if it is within the limit. */
  take(address: string): number {
    const pace = this.#paces.get(address) ?? new Pace(this.#clock, this.#limit)
    this.#paces.set(address, pace)
    return pace.take(1)
  }
}
