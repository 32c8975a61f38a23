import { LRUCache } from 'lru-cache'
import { atMost } from '../cache-size.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { Pace, type PaceLimit } from '../time/pace.ts'

/** How much one caller may ask for. A request for many things counts as several calls. */
export interface CallerLimit extends PaceLimit {
  /** Most calls of a caller being answered at the same time. */
  readonly atOnce: number
  /** Most callers remembered; a dropped one starts again. Keys are few, but addresses may be many. */
  readonly callers: number
}

interface CallerUse {
  readonly pace: Pace
  /** Number of calls that are being answered. */
  underWay: number
}

/** `Retry-After` of a caller with too many open calls, in milliseconds. */
const RETRY_MS = 100

/** Limits each caller (a key or an address), so that one with endless calls does not take the time of the others. */
export class CallerLimiter {
  readonly #clock: Clock
  readonly #limit: CallerLimit
  readonly #callers: LRUCache<string, CallerUse>

  constructor(clock: Clock, limit: CallerLimit) {
    this.#clock = clock
    this.#limit = limit
    this.#callers = new LRUCache(atMost(limit.callers))
  }

  /** Number of callers remembered now. */
  get size(): number {
    return this.#callers.size
  }

  /**
   * Admits a call and returns the function to call when it is over. Throws 429 when the caller has asked for too much.
   */
  enter(who: string): () => void {
    const use = this.#of(who)
    if (use.underWay >= this.#limit.atOnce) {
      const detail = `${this.#limit.atOnce} calls of this caller are being answered`
      throw new AppError('rate_limited', detail, { afterMs: RETRY_MS })
    }
    this.charge(who, 1)
    use.underWay += 1
    let isOver = false
    return () => {
      if (!isOver) use.underWay -= 1
      isOver = true
    }
  }

  /** Counts `cost` calls for a request. Throws 429 when that is too much. */
  charge(who: string, cost: number): void {
    const waitMs = this.#of(who).pace.take(cost)
    if (waitMs === 0) return
    const { calls, windowMs } = this.#limit
    const detail = `A caller may make ${calls} calls in ${windowMs / 1000} s, and a call that asks for many things counts as several`
    throw new AppError('rate_limited', detail, { afterMs: waitMs })
  }

  #of(who: string): CallerUse {
    const known = this.#callers.get(who)
    if (known) return known
    const use = { pace: new Pace(this.#clock, this.#limit), underWay: 0 }
    this.#callers.set(who, use)
    return use
  }
}
