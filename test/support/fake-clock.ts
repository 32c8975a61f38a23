import type { Cancel, Clock } from '../../src/clock.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly task: () => void
}

/** Time that moves only when told to. Timers run in the order they are due, ties in the order they were set. */
export class FakeClock implements Clock {
  #elapsedMs = 0
  #wallOffsetMs: number
  #timers: Timer[] = []
  #order = 0

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
    const timer = { atMs: this.#elapsedMs + delayMs, order: this.#order++, task }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Moves both clocks forward, running every timer that comes due on the way. */
  advance(byMs: number): void {
    const untilMs = this.#elapsedMs + byMs
    for (let next = this.#nextDue(untilMs); next; next = this.#nextDue(untilMs)) {
      const due = next
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#elapsedMs = Math.max(this.#elapsedMs, due.atMs)
      due.task()
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

  #nextDue(untilMs: number): Timer | undefined {
    return this.#timers
      .filter((timer) => timer.atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
  }
}
