import type { Clock } from '../../time/clock.ts'

/** Lowest limit, in milliseconds of event loop lateness. */
const LEAST_MS = 50
/** Highest limit where no request has a `tmax`, in milliseconds. */
const MOST_MS = 250
/**
 * How long after the start nothing is shed, in milliseconds: compiling and loading make the loop late, not the load.
 */
const STARTING_MS = 15_000
/** The limit is this many times the usual lateness of the event loop. */
const USUAL_TIMES = 4
/** Longer `tmax` values count as this, in milliseconds: one odd request must not move the average. */
const MOST_TMAX_MS = 1_000
/** Weight of the newest value in the moving averages; they follow about a hundred requests. */
const NEWEST = 0.01

/**
 * How late the event loop may be before requests are shed. A configured value is used as it is. By default a slow
 * machine may be later than a quick one: four times its usual lateness, from 50 ms up to half of the time that
 * exchanges wait, because later answers are useless.
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

  /** The limit in milliseconds; Infinity while the process starts. */
  get limitMs(): number {
    if (this.#setMs !== undefined) return this.#setMs
    if (this.#clock.elapsedMs() - this.#startMs < STARTING_MS) return Number.POSITIVE_INFINITY
    const tmaxMs = this.#usualTmaxMs
    const mostMs = tmaxMs === undefined ? MOST_MS : (tmaxMs - this.#networkMarginMs) / 2
    return Math.max(LEAST_MS, Math.min(mostMs, this.#usualLagMs * USUAL_TIMES))
  }

  /** Whether a request is shed while the event loop is late by `lagMs` milliseconds. */
  isTooLate(lagMs: number): boolean {
    this.#usualLagMs += (lagMs - this.#usualLagMs) * NEWEST
    return lagMs > this.limitMs
  }

  /** Learns how long exchanges wait, from the `tmax` of a request, in milliseconds. */
  learnTmax(tmaxMs: number | undefined): void {
    if (tmaxMs === undefined || tmaxMs <= 0) return
    const boundedMs = Math.min(tmaxMs, MOST_TMAX_MS)
    const before = this.#usualTmaxMs ?? boundedMs
    this.#usualTmaxMs = before + (boundedMs - before) * NEWEST
  }
}
