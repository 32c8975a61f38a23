import type { Clock } from '../clock.ts'

/** No machine sheds below this lateness of its event loop, in milliseconds. */
const LEAST_MS = 50
/** The highest limit where no request says how long its exchange waits, in milliseconds. */
const MOST_MS = 250
/** Nothing is shed in the first milliseconds of a process: compiling and loading make it late, not the load. */
const STARTING_MS = 15_000
/** How many times its usual lateness an event loop may be late. */
const USUAL_TIMES = 4
/** Longer waits, in milliseconds, count as this: one odd request must not move the average. */
const MOST_TMAX_MS = 1_000
/** Weight of the newest of the averages: they follow some hundred requests. */
const NEWEST = 0.01

/**
 * How late the event loop may be before requests are answered without a bid. A value that is set holds as it is. By
 * default a slow machine may be later than a quick one: four times its usual lateness, from 50 ms up to half of the
 * time that exchanges wait, because later answers come to nothing.
 */
export class ShedLimit {
  readonly #clock: Clock
  readonly #setMs: number | undefined
  readonly #networkMarginMs: number
  readonly #startMs: number
  #usualLagMs = 0
  #usualTmaxMs: number | undefined

  constructor(clock: Clock, setMs: number | undefined, networkMarginMs: number) {
    this.#clock = clock
    this.#setMs = setMs
    this.#networkMarginMs = networkMarginMs
    this.#startMs = clock.elapsedMs()
  }

  /** The limit in milliseconds; infinite while the process starts. */
  get limitMs(): number {
    if (this.#setMs !== undefined) return this.#setMs
    if (this.#clock.elapsedMs() - this.#startMs < STARTING_MS) return Number.POSITIVE_INFINITY
    const tmaxMs = this.#usualTmaxMs
    const mostMs = tmaxMs === undefined ? MOST_MS : (tmaxMs - this.#networkMarginMs) / 2
    return Math.max(LEAST_MS, Math.min(mostMs, this.#usualLagMs * USUAL_TIMES))
  }

  /** Whether a request that comes while the event loop is this late is answered without a bid. */
  isTooLate(lagMs: number): boolean {
    this.#usualLagMs += (lagMs - this.#usualLagMs) * NEWEST
    return lagMs > this.limitMs
  }

  /** Learns from a request how long its exchange waits, in milliseconds. */
  learnTmax(tmaxMs: number | undefined): void {
    if (tmaxMs === undefined || tmaxMs <= 0) return
    const boundedMs = Math.min(tmaxMs, MOST_TMAX_MS)
    const before = this.#usualTmaxMs ?? boundedMs
    this.#usualTmaxMs = before + (boundedMs - before) * NEWEST
  }
}
