import { AGES, Outcomes } from './outcomes.ts'

/** The number of cohorts (slots) that are kept: one for every age a hold can have, and one that is complete. */
const KEPT = AGES + 2
/** The number of cohorts that are counted as one in the statistics of how bids end. */
const ROW_SLOTS = 4
const ROWS = Math.floor((AGES + 1) / ROW_SLOTS) + 2
/** The number of slots without a bid after which all cohorts are complete. */
export const SLOTS_TO_END = AGES + 2 + ROW_SLOTS

/** The expected cost, in micros, of the bids that are open at the beginning of the present slot. */
export interface Expectation {
  cost: number
  /** Variance of the cost, in micros². */
  variance: number
  /** The highest price of these bids, in micros. */
  price: number
}

/** The bills of one slot, and what the statistics expected. */
export interface Bills {
  /** Numbers of bids. */
  billed: number
  expected: number
  billedMicros: number
  expectedMicros: number
}

/** The open holds of one price class, grouped by the slot in which they were made, and how earlier ones ended. */
export class Cohorts {
  readonly outcomes = new Outcomes()
  /** Upper limit of the chance (0..1) that an open bid will be billed, by age in slots. */
  chances: Float64Array = new Float64Array(AGES + 1).fill(1)
  readonly #open = new Uint32Array(KEPT)
  readonly #money = new Float64Array(KEPT)
  readonly #squares = new Float64Array(KEPT)
  /** Of the open ones, those whose hold has ended without a notice: their number, and their micros. */
  readonly #lapsed = new Uint32Array(KEPT)
  readonly #lapsedMoney = new Float64Array(KEPT)
  /** Counts by row and age: bids that were open at that age, and bids billed at that age. */
  readonly #reached = new Uint32Array(ROWS * (AGES + 1))
  readonly #billed = new Uint32Array(ROWS * (AGES + 1))
  #price = 0
  /** The present slot: bills expected of the bids that were open when it began, bids added since, and bills that came. */
  #expected = { bids: 0, micros: 0 }
  #added = { bids: 0, micros: 0 }
  #paid = { bids: 0, micros: 0 }
  /** Micros of holds that should have expired but were not ended yet; they are held in full. */
  overdue = 0

  add(slot: number, price: number): void {
    this.#change(slot % KEPT, price, 1)
    const cell = cellOf(slot, 0)
    this.#reached[cell] = (this.#reached[cell] ?? 0) + 1
    this.#price = Math.max(this.#price, price)
    this.#added.bids += 1
    this.#added.micros += price
  }

  /** Ends a hold made in `slot`; its age is `now − slot` slots. */
  end(slot: number, price: number, now: number, isBilled: boolean): void {
    if (now - slot > AGES) {
      this.overdue = Math.max(0, this.overdue - price)
      return
    }
    this.#change(slot % KEPT, price, -1)
    if (!isBilled) return
    const cell = cellOf(slot, now - slot)
    this.#billed[cell] = (this.#billed[cell] ?? 0) + 1
    this.#paid.bids += 1
    this.#paid.micros += price
  }

  /** Notes that a hold expired without a notice. Its bid is weighed until its cohort is complete. */
  lapse(slot: number, price: number, now: number): void {
    if (now - slot > AGES) {
      this.overdue = Math.max(0, this.overdue - price)
      return
    }
    this.#changeLapsed(slot % KEPT, price, 1)
  }

  /**
   * Books the bill of a bid whose hold has ended.
   *
   * @returns false where it is no longer weighed
   */
  billLapsed(slot: number, price: number, now: number): boolean {
    if (now - slot > AGES || this.#lapsed[slot % KEPT] === 0) return false
    this.#changeLapsed(slot % KEPT, price, -1)
    this.end(slot, price, now, true)
    return true
  }

  /** Ends a hold whose bid was never sent: it is taken out of the statistics. */
  withdraw(slot: number, price: number, now: number): void {
    this.end(slot, price, now, false)
    const age = now - slot
    if (age > AGES) return
    for (let each = 0; each <= age; each++) {
      const cell = cellOf(slot, each)
      this.#reached[cell] = (this.#reached[cell] ?? 0) - 1
    }
    if (age === 0) {
      this.#added.bids -= 1
      this.#added.micros -= price
    } else {
      const hazard = this.outcomes.hazard(age)
      this.#expected.bids -= hazard
      this.#expected.micros -= hazard * price
    }
  }

  /** Adds the bills of the present slot, which ends, to `sum`. */
  count(sum: Bills): void {
    const hazard = this.outcomes.hazard(0)
    sum.billed += this.#paid.bids
    sum.billedMicros += this.#paid.micros
    sum.expected += this.#expected.bids + this.#added.bids * hazard
    sum.expectedMicros += this.#expected.micros + this.#added.micros * hazard
  }

  /**
   * Begins the slot `now`, which must follow the last one.
   *
   * @param learnFrom cohorts of slots before this one are left out of the statistics
   * @returns the prices, in micros, of the bids that are too old to be weighed from now on
   */
  begin(now: number, learnFrom: number): number {
    this.#forgetBills()
    for (let age = 1; age <= Math.min(AGES, now); age++) {
      const at = (now - age) % KEPT
      const open = this.#open[at] ?? 0
      if (open === 0) continue
      const cell = cellOf(now - age, age)
      this.#reached[cell] = (this.#reached[cell] ?? 0) + open
      const hazard = this.outcomes.hazard(age)
      this.#expected.bids += open * hazard
      this.#expected.micros += (this.#money[at] ?? 0) * hazard
    }
    const complete = now - AGES - 1
    if (complete < 0) return 0
    if ((complete + 1) % ROW_SLOTS === 0) this.#learn(complete, learnFrom)
    this.outcomes.age()
    const at = complete % KEPT
    const money = this.#money[at] ?? 0
    this.overdue += money - (this.#lapsedMoney[at] ?? 0)
    for (const each of [this.#open, this.#money, this.#squares, this.#lapsed, this.#lapsedMoney]) each[at] = 0
    return money
  }

  /** Learns from the row whose last cohort is `last`. */
  #learn(last: number, learnFrom: number): void {
    const row = cellOf(last, 0)
    const reached = this.#reached.subarray(row, row + AGES + 1)
    const billed = this.#billed.subarray(row, row + AGES + 1)
    const first = last + 1 - ROW_SLOTS
    if (first >= learnFrom && (reached[0] ?? 0) > 0) this.outcomes.learn(reached, billed)
    reached.fill(0)
    billed.fill(0)
  }

  /** Adds the expectation of the holds that are open at the beginning of the slot `now` to `sum`. */
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

  /** Drops the open holds and keeps the statistics. */
  clear(): void {
    for (const each of [this.#open, this.#money, this.#squares, this.#lapsed, this.#lapsedMoney]) each.fill(0)
    for (const each of [this.#reached, this.#billed]) each.fill(0)
    this.overdue = 0
    this.#forgetBills()
  }

  #forgetBills(): void {
    this.#expected = { bids: 0, micros: 0 }
    this.#added = { bids: 0, micros: 0 }
    this.#paid = { bids: 0, micros: 0 }
  }

  #changeLapsed(at: number, price: number, by: 1 | -1): void {
    this.#lapsed[at] = (this.#lapsed[at] ?? 0) + by
    this.#lapsedMoney[at] = (this.#lapsedMoney[at] ?? 0) + by * price
  }

  #change(at: number, price: number, by: 1 | -1): void {
    this.#open[at] = (this.#open[at] ?? 0) + by
    const isEmpty = this.#open[at] === 0
    // Sums of squares can exceed the exact integers; an empty cohort is set to exactly 0.
    this.#money[at] = isEmpty ? 0 : (this.#money[at] ?? 0) + by * price
    this.#squares[at] = isEmpty ? 0 : Math.max(0, (this.#squares[at] ?? 0) + by * price * price)
  }
}

/** Where the counts of the cohort `slot` at this age are kept. */
const cellOf = (slot: number, age: number): number => (Math.floor(slot / ROW_SLOTS) % ROWS) * (AGES + 1) + age

/** The highest variance of a bill of price 1 whose chance to be billed is at most `chance`. */
export const varianceOf = (chance: number): number => (chance < 0.5 ? chance * (1 - chance) : 0.25)
