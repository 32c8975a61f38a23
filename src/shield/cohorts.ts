import { AGES, Outcomes } from './outcomes.ts'

/** Cohorts that are kept: every age a hold can have, and one to be complete in. */
const KEPT = AGES + 2

/** What the open bids of one price class are expected to cost from the beginning of this slot on, in micros. */
export interface Expectation {
  cost: number
  /** Of the cost, in micros². */
  variance: number
  /** The highest price among them. */
  price: number
}

/** The open holds of one price class, by the slot they were made in, and how those before them ended. */
export class Cohorts {
  readonly outcomes = new Outcomes()
  /** The chance by age that an open bid will be billed. */
  chances: Float64Array = new Float64Array(AGES + 1).fill(1)
  readonly #open = new Uint32Array(KEPT)
  readonly #money = new Float64Array(KEPT)
  readonly #squares = new Float64Array(KEPT)
  /** By cohort and age. */
  readonly #reached = new Uint32Array(KEPT * (AGES + 1))
  readonly #billed = new Uint32Array(KEPT * (AGES + 1))
  #price = 0
  /** Prices of holds that nobody has ended although their time is over: still held in full. */
  overdue = 0

  add(slot: number, price: number): void {
    const at = slot % KEPT
    this.#change(at, price, 1)
    this.#reached[at * (AGES + 1)] = (this.#reached[at * (AGES + 1)] ?? 0) + 1
    this.#price = Math.max(this.#price, price)
  }

  /** Ends a hold made in `slot`, which is `now − slot` slots old. */
  end(slot: number, price: number, now: number, isBilled: boolean): void {
    if (now - slot > AGES) {
      this.overdue = Math.max(0, this.overdue - price)
      return
    }
    const at = slot % KEPT
    this.#change(at, price, -1)
    const cell = at * (AGES + 1) + (now - slot)
    if (isBilled) this.#billed[cell] = (this.#billed[cell] ?? 0) + 1
  }

  /** Ends a hold whose bid was never sent: it says nothing about how bids end. */
  withdraw(slot: number, price: number, now: number): void {
    this.end(slot, price, now, false)
    if (now - slot > AGES) return
    const row = (slot % KEPT) * (AGES + 1)
    for (let age = 0; age <= now - slot; age++) {
      this.#reached[row + age] = (this.#reached[row + age] ?? 0) - 1
    }
  }

  /** Bills of the slot `now`, and how many what is known says. */
  count(now: number): { billed: number; expected: number } {
    const sum = { billed: 0, expected: 0 }
    for (let age = 0; age <= Math.min(AGES, now); age++) {
      const cell = ((now - age) % KEPT) * (AGES + 1) + age
      sum.billed += this.#billed[cell] ?? 0
      const reached = this.#reached[cell] ?? 0
      if (reached > 0) sum.expected += reached * this.outcomes.hazard(age)
    }
    return sum
  }

  /**
   * Begins the slot `now`, the one after the last.
   *
   * @param learnFrom cohorts of earlier slots say nothing
   */
  begin(now: number, learnFrom: number): void {
    for (let age = 1; age <= Math.min(AGES, now); age++) {
      const at = (now - age) % KEPT
      this.#reached[at * (AGES + 1) + age] = this.#open[at] ?? 0
    }
    const complete = now - AGES - 1
    if (complete < 0) return
    const at = complete % KEPT
    const row = at * (AGES + 1)
    const reached = this.#reached.subarray(row, row + AGES + 1)
    const billed = this.#billed.subarray(row, row + AGES + 1)
    if (complete >= learnFrom && (reached[0] ?? 0) > 0) this.outcomes.learn(reached, billed)
    this.outcomes.age()
    this.overdue += this.#money[at] ?? 0
    this.#open[at] = 0
    this.#money[at] = 0
    this.#squares[at] = 0
    reached.fill(0)
    billed.fill(0)
  }

  /** Adds what the holds that are open at the beginning of the slot `now` are expected to cost. */
  expect(now: number, sum: Expectation): void {
    let any = false
    for (let age = 0; age <= Math.min(AGES, now); age++) {
      const at = (now - age) % KEPT
      if (this.#open[at] === 0) continue
      const chance = this.chances[age] ?? 1
      sum.cost += chance * (this.#money[at] ?? 0)
      sum.variance += varianceOf(chance) * (this.#squares[at] ?? 0)
      any = true
    }
    if (any) sum.price = Math.max(sum.price, this.#price)
    else this.#price = 0
  }

  /** Forgets the open holds, not what was learned. */
  clear(): void {
    for (const each of [this.#open, this.#money, this.#squares, this.#reached, this.#billed]) each.fill(0)
    this.overdue = 0
  }

  #change(at: number, price: number, by: 1 | -1): void {
    this.#open[at] = (this.#open[at] ?? 0) + by
    const isEmpty = this.#open[at] === 0
    // Squares may be beyond what is exact; an empty cohort is exactly nothing.
    this.#money[at] = isEmpty ? 0 : (this.#money[at] ?? 0) + by * price
    this.#squares[at] = isEmpty ? 0 : Math.max(0, (this.#squares[at] ?? 0) + by * price * price)
  }
}

/** The highest variance of a bill of price 1 whose chance is at most `chance`. */
export const varianceOf = (chance: number): number => (chance < 0.5 ? chance * (1 - chance) : 0.25)
