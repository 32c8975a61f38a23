import type { Cancel, Clock } from '../../src/time/clock.ts'

interface Timer {
  readonly atMs: number
  readonly task: () => void
}

/** Time that moves only when told to. Timers run in the order they are due, ties in the order they were set. */
export class FakeClock implements Clock {
  #elapsedMs = 0
  #wallOffsetMs: number
  /** In the order in which they run. */
  readonly #timers: Timer[] = []

  constructor(startMs = Date.UTC(2026, 10, 20, 12)) {
    this.#wallOffsetMs = startMs
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#elapsedMs
  }

  elapsedMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = { atMs: this.#elapsedMs + delayMs, task }
    this.#timers.splice(this.#placeOf(timer), 0, timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** Behind all that are due by then; halving finds it, since hours of fake time set a million timers. */
  #placeOf({ atMs }: Timer): number {
    let [from, to] = [0, this.#timers.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#timers[middle]?.atMs ?? atMs) <= atMs) from = middle + 1
      else to = middle
    }
    return from
  }

  /** Moves both clocks forward, running every timer that comes due on the way. */
  advance(byMs: number): void {
    const untilMs = this.#elapsedMs + byMs
    for (let next = this.#timers[0]; next && next.atMs <= untilMs; next = this.#timers[0]) {
      this.#timers.shift()
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs)
      next.task()
    }
    this.#elapsedMs = untilMs
  }

  /** As a blocked event loop would: time passes, and only then the timers run that came due. */
  stall(forMs: number): void {
    this.#elapsedMs += forMs
    this.advance(0)
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }
}

/** The same time, with the wall clock set ahead. */
export const aheadOf = (clock: Clock, byMs: number): Clock => ({
  nowMs: () => clock.nowMs() + byMs,
  elapsedMs: () => clock.elapsedMs(),
  after: (delayMs, task) => clock.after(delayMs, task),
})
