import type { Clock } from './clock.ts'

/** An average number of calls over a time; after a pause they may be made all at once. */
export interface PaceLimit {
  readonly calls: number
  readonly windowMs: number
}

/** Limits the rate of one caller by the generic cell rate algorithm, which needs one number only. */
export class Pace {
  readonly #clock: Clock
  readonly #limit: PaceLimit
  /** Theoretical arrival time: when all counted calls would have come at the steady rate, in milliseconds. */
  #paidUntilMs = 0

  constructor(clock: Clock, limit: PaceLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /**
   * Counts a call that costs as much as `cost` calls, unless that is too much. Returns the milliseconds to wait, or 0 when it
   * was counted. A call that costs more than a whole window is admitted after a pause, and followed by as long a wait.
   */
  take(cost: number): number {
    const { calls, windowMs } = this.#limit
    const nowMs = this.#clock.elapsedMs()
    const paidUntilMs = Math.max(nowMs, this.#paidUntilMs) + (cost * windowMs) / calls
    const tooMuchMs = paidUntilMs - nowMs - windowMs
    if (tooMuchMs > 0 && this.#paidUntilMs > nowMs) return Math.min(tooMuchMs, this.#paidUntilMs - nowMs)
    this.#paidUntilMs = paidUntilMs
    return 0
  }
}
