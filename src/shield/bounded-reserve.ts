import { Cohorts, type Expectation, varianceOf } from './cohorts.ts'
import { Drift } from './drift.ts'
import type { HoldModeNow } from './hold-mode.ts'
import { AGES, chancesByAge } from './outcomes.ts'

/** Every hold is a moment at which the reserve could turn out too small: so many of them a window may have. */
const HOLDS_PER_WINDOW = 2 ** 24
/** Slots are not shorter, so that a short time to live costs no work. */
const MIN_SLOT_MS = 50

/** An auction's hold: unless it is billed, it is released. */
export interface WeighedHold {
  readonly micros: number
  readonly expiresAtMs: number
  readonly queue: { readonly terms: { readonly ttlMs: number } }
}

/** The holds of one time to live. Ages are counted in its slots. */
interface Group extends Expectation {
  readonly ttlMs: number
  readonly slotMs: number
  /** The present slot, and when the next begins, on the clock that is ahead by the time to live. */
  slot: number
  endsAheadMs: number
  /** By price: a class spans a factor of two. */
  readonly classes: Map<number, Cohorts>
  /** Prices of all open holds that are weighed. */
  open: number
  /** Prices of holds that were billed since the slot began: part of what was expected then. */
  billed: number
  readonly drift: Drift
  learnFrom: number
}

/**
 * What must be set aside for the open bids of one scope, so that their bills exceed it with less than a given probability.
 *
 * At the beginning of a slot every open bid weighs its price times an upper limit of its chance to be billed, given that
 * no notice came by its age. Bids of the slot are added; what is billed in it comes out of the same sum, and losses count
 * from the next slot on. Above the sum comes the margin of Bernstein's inequality. It is never more than all prices.
 * ARCHITECTURE.md, “Bounded holds”, has the assumptions.
 */
export class BoundedReserve {
  readonly #groups: Group[] = []
  readonly #weigh: typeof chancesByAge
  /** −ln of the probability that a bound may be wrong; undefined while everything is held in full. */
  #doubt: number | undefined
  #drifted = false

  /** @param weigh the chance of a bill by age, from how bids ended before */
  constructor(maxOverspendProbability: number, weigh = chancesByAge) {
    this.#weigh = weigh
    this.bound(maxOverspendProbability)
  }

  /** Sets another bound; undefined holds everything in full and goes on learning. */
  bound(maxOverspendProbability: number | undefined): void {
    // Half of it for the margins, half for the upper limits of chances.
    this.#doubt =
      maxOverspendProbability === undefined
        ? undefined
        : Math.log((2 * HOLDS_PER_WINDOW) / maxOverspendProbability)
    for (const group of this.#groups) this.#weighAnew(group)
  }

  /** Prices of all open holds. */
  get prices(): number {
    let sum = 0
    for (const { open, classes } of this.#groups) {
      sum += open
      for (const { overdue } of classes.values()) sum += overdue
    }
    return sum
  }

  get modeNow(): HoldModeNow {
    if (this.#doubt !== undefined && this.#knowsChances()) return { is: 'bounded' }
    return { is: 'strict', why: this.#drifted ? 'win_rate_drifts' : 'few_outcomes' }
  }

  /** Micros to be set aside now. */
  get needed(): number {
    return this.#needed(0, 0, 0, 0)
  }

  /** Micros to be set aside if a hold of this price were added. */
  neededWith(price: number, ttlMs: number): number {
    const group = this.#groups.find((one) => one.ttlMs === ttlMs)
    const chance = group?.classes.get(classOf(price))?.chances[0] ?? 1
    return this.#needed(price, chance * price, varianceOf(chance) * price * price, price)
  }

  /** Brings ages up to date. */
  step(nowMs: number): void {
    for (const group of this.#groups) {
      if (Math.ceil(nowMs + group.ttlMs) >= group.endsAheadMs) this.#pass(group, nowMs)
    }
  }

  /** A hold taken just now; {@link step} was called with the time it was taken. */
  add({ micros: price, expiresAtMs, queue }: WeighedHold): void {
    const group = this.#groupOf(queue.terms.ttlMs, expiresAtMs)
    const cohorts = this.#cohortsOf(group, price)
    cohorts.add(Math.floor(expiresAtMs / group.slotMs), price)
    const chance = cohorts.chances[0] ?? 1
    group.cost += chance * price
    group.variance += varianceOf(chance) * price * price
    group.price = Math.max(group.price, price)
    group.open += price
  }

  bill(hold: WeighedHold): void {
    const group = this.#end(hold, true)
    group.billed += hold.micros
    // What the bound calls all but impossible: what is known of these bids is wrong.
    if (this.#doubt !== undefined && group.billed > group.cost + margin(group, this.#doubt)) {
      this.#distrust(group)
    }
  }

  /** A loss, or the end of the time to live. */
  lose(hold: WeighedHold): void {
    this.#end(hold, false)
  }

  /** A hold whose bid was never sent. */
  withdraw({ micros: price, expiresAtMs, queue }: WeighedHold): void {
    const group = this.#groupOf(queue.terms.ttlMs)
    const slot = Math.floor(expiresAtMs / group.slotMs)
    const isOverdue = group.slot - slot > AGES
    const cohorts = this.#cohortsOf(group, price)
    cohorts.withdraw(slot, price, group.slot)
    if (isOverdue) return
    const chance = cohorts.chances[group.slot - slot] ?? 1
    group.cost = Math.max(0, group.cost - chance * price)
    group.variance = Math.max(0, group.variance - varianceOf(chance) * price * price)
    group.open -= price
  }

  /** Forgets the open holds, whose money is the store's now. */
  clear(): void {
    for (const group of this.#groups) {
      for (const cohorts of group.classes.values()) cohorts.clear()
      group.open = 0
      group.learnFrom = group.slot + 1
      this.#weighAnew(group)
    }
  }

  #needed(morePrice: number, moreCost: number, moreVariance: number, price: number): number {
    let prices = morePrice
    let overdue = 0
    const sum = { cost: moreCost, variance: moreVariance, price }
    let billed = 0
    for (const group of this.#groups) {
      prices += group.open
      sum.cost += group.cost
      sum.variance += group.variance
      sum.price = Math.max(sum.price, group.price)
      billed += group.billed
      for (const cohorts of group.classes.values()) overdue += cohorts.overdue
    }
    if (this.#doubt === undefined) return prices + overdue
    const bound = Math.max(0, sum.cost + margin(sum, this.#doubt) - billed)
    return Math.min(prices, Math.ceil(bound)) + overdue
  }

  #end({ micros: price, expiresAtMs, queue }: WeighedHold, isBilled: boolean): Group {
    const group = this.#groupOf(queue.terms.ttlMs)
    const slot = Math.floor(expiresAtMs / group.slotMs)
    this.#cohortsOf(group, price).end(slot, price, group.slot, isBilled)
    if (group.slot - slot <= AGES) group.open -= price
    return group
  }

  /** Begins the slots up to now. */
  #pass(group: Group, nowMs: number): void {
    const { classes, drift } = group
    const nowSlot = Math.floor(Math.ceil(nowMs + group.ttlMs) / group.slotMs)
    // After a long silence nothing is open that could be told apart.
    const last = Math.min(nowSlot, group.slot + AGES + 2)
    while (group.slot < last) {
      let [billed, expected] = [0, 0]
      for (const cohorts of classes.values()) {
        const counted = cohorts.count(group.slot)
        billed += counted.billed
        expected += counted.expected
      }
      if (this.#knows(group) && drift.isRising(billed, expected)) this.#distrust(group)
      group.slot += 1
      for (const cohorts of classes.values()) {
        const overdue = cohorts.overdue
        cohorts.begin(group.slot, group.learnFrom)
        group.open -= cohorts.overdue - overdue
      }
    }
    group.slot = nowSlot
    group.endsAheadMs = (nowSlot + 1) * group.slotMs
    this.#weighAnew(group)
  }

  /** Everything is held in full until enough bids made from now on have ended. */
  #distrust(group: Group): void {
    this.#drifted = true
    group.learnFrom = group.slot + 1
    group.drift.forget()
    for (const cohorts of group.classes.values()) cohorts.outcomes.forget()
    this.#weighAnew(group)
  }

  /** The expectation as of the slot's beginning, which for this purpose is now. */
  #weighAnew(group: Group): void {
    group.cost = 0
    group.variance = 0
    group.price = 0
    group.billed = 0
    for (const cohorts of group.classes.values()) {
      if (this.#doubt !== undefined) cohorts.chances = this.#weigh(cohorts.outcomes, this.#doubt)
      cohorts.expect(group.slot, group)
    }
    if (this.#drifted && this.#knowsChances()) this.#drifted = false
  }

  #knows({ classes }: Group): boolean {
    for (const { chances } of classes.values()) if ((chances[0] ?? 1) < 1) return true
    return false
  }

  #knowsChances(): boolean {
    return this.#groups.some((group) => this.#knows(group))
  }

  #groupOf(ttlMs: number, expiresAtMs = 0): Group {
    for (const group of this.#groups) if (group.ttlMs === ttlMs) return group
    const slotMs = Math.max(MIN_SLOT_MS, Math.ceil(ttlMs / (AGES - 1)))
    const slot = Math.floor(expiresAtMs / slotMs)
    const group: Group = {
      ttlMs,
      slotMs,
      slot,
      endsAheadMs: (slot + 1) * slotMs,
      classes: new Map(),
      cost: 0,
      variance: 0,
      price: 0,
      open: 0,
      billed: 0,
      drift: new Drift(),
      learnFrom: 0,
    }
    this.#groups.push(group)
    return group
  }

  #cohortsOf({ classes }: Group, price: number): Cohorts {
    const number = classOf(price)
    const known = classes.get(number) ?? new Cohorts()
    classes.set(number, known)
    return known
  }
}

/** Prices of one class differ by less than a factor of two; what is beyond two thousand units is one class. */
const classOf = (price: number): number => 32 - Math.clz32(Math.min(price, 0x7fffffff))

/**
 * By how much bills may exceed what they are expected to cost, but for a probability of e^-doubt (Bernstein, for
 * independent bills of at most `price` each).
 */
function margin({ variance, price }: Expectation, doubt: number): number {
  const third = (price * doubt) / 3
  return third + Math.sqrt(third * third + 2 * variance * doubt)
}
