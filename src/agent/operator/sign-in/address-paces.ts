import { LRUCache } from 'lru-cache'
import { atMost } from '../../../cache-size.ts'
import type { Clock } from '../../../time/clock.ts'
import { Pace, type PaceLimit } from '../../../time/pace.ts'

/** Most addresses whose calls are counted; of more, those that called longest ago begin anew. */
const MAX_ADDRESSES = 1_000

/** Counts what each address does before anybody knows who it is. */
export class AddressPaces {
  readonly #clock: Clock
  readonly #limit: PaceLimit
  readonly #paces = new LRUCache<string, Pace>(atMost(MAX_ADDRESSES))

  constructor(clock: Clock, limit: PaceLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** Counts one. Returns the milliseconds to wait; 0 when it is within the limit. */
  take(address: string): number {
    const pace = this.#paces.get(address) ?? new Pace(this.#clock, this.#limit)
    this.#paces.set(address, pace)
    return pace.take(1)
  }
}
