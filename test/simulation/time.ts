import type { Cancel, Clock } from '../../src/time/clock.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  task: (() => void) | undefined
}

/** More links than any chain of promises here has: after so many turns nothing is under way but what waits for an event. */
export const TURNS = 12
/** The same for chains that go through the Redis store. */
export const REDIS_TURNS = 60

/** True time. It moves only from event to event; what is due at the same time happens in the order it was set. */
export class VirtualTime {
  nowMs = 0
  /** A binary heap, the next event first. */
  readonly #events: Event[] = []
  #order = 0
  readonly #turns: number

  /** @param turns see {@link TURNS} */
  constructor(turns: number) {
    this.#turns = turns
  }

  at(atMs: number, task: () => void): Cancel {
    const event: Event = { atMs: Math.max(Math.ceil(atMs), this.nowMs), order: this.#order++, task }
    this.#push(event)
    return () => {
      event.task = undefined
    }
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.at(this.nowMs + delayMs, task)
  }

  /**
   * Lets everything happen that is due until then. `goesOn` is asked after every event and the promises it moved; false
   * ends it there.
   */
  async runUntil(untilMs: number, goesOn: () => boolean): Promise<void> {
    for (let next = this.#events[0]; next && next.atMs <= untilMs; next = this.#events[0]) {
      this.#pop()
      const { task } = next
      if (!task) continue
      this.nowMs = next.atMs
      task()
      await this.settleDown()
      if (!goesOn()) return
    }
    this.nowMs = untilMs
  }

  /** Runs every promise that can go on without an event. */
  async settleDown(): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await undefined
  }

  #push(event: Event): void {
    const heap = this.#events
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || isBefore(above, event)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#events
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const right = heap[child + 1]
      let below = heap[child]
      if (!below) break
      if (right && isBefore(right, below)) {
        below = right
        child += 1
      }
      if (isBefore(last, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** The clocks of one process. Its elapsed time runs a little fast or slow; its date may be set by anyone. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime
  readonly #rate: number
  readonly #bornMs: number
  /** What this process has not done yet because it stood still. */
  #stalledUntilMs = 0
  #dead = false
  wallOffsetMs: number

  /** @param rate 1.05 for a clock that gains a twentieth */
  constructor(time: VirtualTime, rate: number, wallOffsetMs: number) {
    this.#time = time
    this.#rate = rate
    this.#bornMs = time.nowMs
    this.wallOffsetMs = wallOffsetMs
  }

  elapsedMs(): number {
    return (this.#time.nowMs - this.#bornMs) * this.#rate
  }

  nowMs(): number {
    return this.wallOffsetMs + this.#time.nowMs
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.#time.at(Math.ceil(this.#time.nowMs + delayMs / this.#rate), () => this.run(task))
  }

  /** Something happens to this process: now, or when it runs again, or never. */
  run(task: () => void): void {
    if (this.#dead) return
    if (this.#time.nowMs < this.#stalledUntilMs) this.#time.at(this.#stalledUntilMs, () => this.run(task))
    else task()
  }

  /** The true time at which so much of this clock's has passed from now. */
  trueMs(forMs: number): number {
    return this.#time.nowMs + forMs / this.#rate
  }

  get isStalled(): boolean {
    return this.#time.nowMs < this.#stalledUntilMs
  }

  stall(forMs: number): void {
    this.#stalledUntilMs = this.#time.nowMs + forMs
  }

  stop(): void {
    this.#dead = true
  }
}
