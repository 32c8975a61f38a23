import type { HoldModeNow } from '../protocol/hold-mode.ts'
import { type Bills, Cohorts, type Expectation, SLOTS_TO_END, varianceOf } from './cohorts.ts'
import { Drift } from './drift.ts'
import { earnedAllowance } from './earned-allowance.ts'
import type { KeptClass } from './kept-outcomes.ts'
import { type Distrust, LateBillReserve } from './late-bill-reserve.ts'
import { bestLambda, Lambda, margin } from './margin.ts'
import { MissingBillReserve } from './missing-bill-reserve.ts'
import { AGES, chancesByAge, generationMsOf, slotMsOf } from './outcomes.ts'

const DAY_MS = 86_400_000

/** The hold of an auction bid: it is released unless it is billed. */
export interface WeighedHold {
  readonly micros: number
  readonly expiresAtMs: number
  readonly queue: { readonly terms: { readonly ttlMs: number } }
}

/** The holds with one time to live. Ages are counted in slots of this group. */
interface Group extends Expectation {
  readonly ttlMs: number
  readonly slotMs: number
  /** The present slot, and when it ends. Both are in terms of expiry times: elapsed ms plus the time to live. */
  slot: number
  endsAheadMs: number
  /** By price class; a class spans a factor of two. */
  readonly classes: Map<number, Cohorts>
  /** Sum of the prices of the open holds that are weighed, in micros. */
  open: number
  /** Sum of the prices of the holds that were billed since the slot began; `cost` still contains their expectation. */
  billed: number
  readonly drift: Drift
  readonly missing: MissingBillReserve
  learnFrom: number
}

/**
 * Computes how much must be set aside for the open bids of one scope, so that the probability that their bills exceed it
 * stays below a given bound.
 *
 * At the beginning of a slot every open bid is weighed with its price times an upper limit of its chance to be billed,
 * given that no notice has come by its age. New bids are added to that sum, bills are subtracted from it, and losses
 * count from the next slot on. Bills that are missing, and a margin for chance, are added. The result is never more than
 * the sum of all prices. docs/internals/bounded-holds.md has the assumptions and the proof.
 */
export class RequiredReserve {
  readonly #groups: Group[] = []
  readonly #weigh: typeof chancesByAge
  readonly #lambda = new Lambda<Group>()
  /** The probability of an overspend on any day; undefined while everything is held in full. */
  #maxProbability: number | undefined
  /** −ln of the probability that the margin of one slot, or one upper limit of a chance, is wrong. */
  #doubt = { margin: 0, chance: 0 }
  #drifted = false
  readonly #late = new LateBillReserve()
  /** Micros by which the prices of the open bids may exceed what is set aside, once that is earned. */
  mostAllowance = Number.POSITIVE_INFINITY
  /** Micros of bids that could have been billed and were not, when the latest slot began. */
  #passedUp = 0
  /** Micros of bills of holds that are still open; they are no longer held. */
  #paid = 0
  /** Statistics of an earlier start, for price classes in which no bid was made since. */
  readonly #kept: Remembered[]
  /** How often the statistics were discarded. */
  distrusts = 0

  /**
   * @param weigh computes the chance of a bill by age from how earlier bids ended
   * @param kept what an earlier start knew
   * @param distrust whether bills were late then
   */
  constructor(
    maxOverspendProbability: number,
    weigh = chancesByAge,
    kept: readonly Remembered[] = [],
    distrust?: Distrust,
  ) {
    this.#weigh = weigh
    this.#kept = [...kept]
    if (distrust) this.#late.restore(distrust)
    this.bound(maxOverspendProbability)
  }

  /** Micros by which prices may exceed what is set aside now: the most that can be billed without cover. */
  get allowance(): number {
    return earnedAllowance(this.mostAllowance, this.#passedUp)
  }

  /** Sets another bound; undefined holds everything in full while the statistics go on. */
  bound(maxOverspendProbability: number | undefined): void {
    this.#maxProbability = maxOverspendProbability
    this.#share()
    for (const group of this.#groups) this.#weighAnew(group)
  }

  /**
   * Splits the probability of an overspend on a day. The margins of all slots that begin on that day share half of it.
   * The upper limits of chances share the other half: one for each age, each time that the statistics begin anew, which
   * is at most once in the time that a bid is weighed.
   */
  #share(): void {
    if (this.#maxProbability === undefined) return
    let [slots, limits] = [0, 0]
    for (const { slotMs } of this.#groups) {
      slots += DAY_MS / slotMs + 1
      limits += (DAY_MS / (AGES * slotMs) + 1) * (AGES + 1)
    }
    const doubt = (statements: number) =>
      Math.log((2 * Math.max(1, statements)) / (this.#maxProbability ?? 1))
    this.#doubt = { margin: doubt(slots), chance: doubt(limits) }
  }

  /** Set while bills are late too often, and for some time afterwards. */
  get distrust(): Distrust | undefined {
    return this.#late.distrust
  }

  /** Sum of the prices of all bids that are weighed, open or ended not long ago, less their bills so far; micros. */
  get prices(): number {
    let sum = -this.#paid
    for (const { open, classes } of this.#groups) {
      sum += open
      for (const { overdue } of classes.values()) sum += overdue
    }
    return sum
  }

  get modeNow(): HoldModeNow {
    if (this.#late.distrust) return { is: 'strict', why: 'late_bills' }
    if (this.#maxProbability !== undefined && this.#knowsChances()) return { is: 'bounded' }
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

  /** What is known now, for a later start. */
  kept(wallMs: number): KeptClass[] {
    const known = this.#groups.flatMap(({ ttlMs, classes }) =>
      [...classes].flatMap(([priceClass, { outcomes }]) => {
        const { kept } = outcomes
        return kept ? [{ ttlMs, priceClass, atMs: wallMs, ...kept }] : []
      }),
    )
    return [...known, ...this.#kept.map(({ kept }) => kept)]
  }

  /** Moves all groups to the slot of `nowMs`. */
  step(nowMs: number): void {
    this.#late.step(nowMs)
    for (const group of this.#groups) {
      if (Math.ceil(nowMs + group.ttlMs) >= group.endsAheadMs) this.#pass(group, nowMs)
    }
  }

  /** Adds a new hold; {@link step} must have been called with the same time. */
  add({ micros: price, expiresAtMs, queue }: WeighedHold): void {
    const group = this.#groupOf(queue.terms.ttlMs, expiresAtMs)
    const cohorts = this.#cohortsOf(group, price, expiresAtMs - group.ttlMs)
    cohorts.add(Math.floor(expiresAtMs / group.slotMs), price)
    const chance = cohorts.chances[0] ?? 1
    group.cost += chance * price
    group.variance += varianceOf(chance) * price * price
    group.price = Math.max(group.price, price)
    group.open += price
  }

  /** Books a bill (micros) of a hold that may be billed higher: the hold is weighed as unbilled until it ends. */
  billPart(amount: number): void {
    this.#paid += amount
  }

  /**
   * Ends a hold as billed.
   *
   * @param paid micros of its bill that were booked by {@link billPart}
   */
  bill(hold: WeighedHold, paid = 0): void {
    this.#paid -= paid
    this.#billed(this.#end(hold, true), hold.micros)
  }

  #billed(group: Group, price: number): void {
    group.billed += price
    // The bound was exceeded. That is nearly impossible if the statistics are right, so they are taken to be wrong.
    if (
      this.#maxProbability !== undefined &&
      group.billed > group.cost + group.missing.micros + this.#margin(group)
    ) {
      this.#distrust(group)
    }
  }

  /** Ends a hold as lost. */
  lose(hold: WeighedHold): void {
    this.#end(hold, false)
  }

  /** Ends a hold that expired without a notice. Its bill may still come, so the bid is weighed a while longer. */
  lapse({ micros: price, expiresAtMs, queue }: WeighedHold): void {
    const group = this.#groupOf(queue.terms.ttlMs)
    this.#cohortsOf(group, price).lapse(Math.floor(expiresAtMs / group.slotMs), price, group.slot)
  }

  /**
   * Books the bill of a bid whose hold has ended; {@link step} must have been called with the same time.
   *
   * @returns false where it is no longer weighed, so that nothing is set aside for it: see {@link billUnheld}
   */
  billLapsed({ micros: price, expiresAtMs, queue }: WeighedHold): boolean {
    const group = this.#groupOf(queue.terms.ttlMs)
    const slot = Math.floor(expiresAtMs / group.slotMs)
    if (!this.#cohortsOf(group, price).billLapsed(slot, price, group.slot)) return false
    group.open -= price
    this.#billed(group, price)
    return true
  }

  /**
   * Counts a bill for which nothing was set aside.
   *
   * @param hold the hold of the bid; undefined if it is of another process, or forgotten
   */
  billUnheld(amount: number, nowMs: number, hold?: WeighedHold): void {
    const ttlMs = hold?.queue.terms.ttlMs ?? Math.max(0, ...this.#groups.map((group) => group.ttlMs))
    if (this.#late.add(amount, nowMs, generationMsOf(ttlMs)))
      for (const group of this.#groups) this.#distrust(group)
    if (!hold) return
    const group = this.#groups.find((one) => one.ttlMs === ttlMs)
    group?.classes.get(classOf(hold.micros))?.outcomes.learnLate()
  }

  /** Ends a hold whose bid was never sent. */
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

  /** Drops the open holds after a forfeit: the store counts their money now. */
  clear(): void {
    for (const group of this.#groups) {
      for (const cohorts of group.classes.values()) cohorts.clear()
      group.open = 0
      group.learnFrom = group.slot + 1
      group.missing.forget()
      this.#weighAnew(group)
    }
    this.#paid = 0
  }

  #needed(morePrice: number, moreCost: number, moreVariance: number, price: number): number {
    let prices = morePrice
    let overdue = 0
    const sum = { cost: moreCost + this.#late.micros, variance: moreVariance, price }
    let billed = 0
    for (const group of this.#groups) {
      prices += group.open
      sum.cost += group.cost + group.missing.micros
      sum.variance += group.variance
      sum.price = Math.max(sum.price, group.price)
      billed += group.billed
      for (const cohorts of group.classes.values()) overdue += cohorts.overdue
    }
    const all = prices + overdue - this.#paid
    if (this.#maxProbability === undefined || this.#late.distrust) return all
    const bound = Math.max(0, sum.cost + this.#margin(sum) - billed)
    return Math.min(all, Math.max(Math.ceil(bound) + overdue, all - this.allowance))
  }

  #margin(expectation: Expectation): number {
    return margin(expectation, this.#lambda.now, this.#doubt.margin)
  }

  /** The λ for the bids that are open now. */
  #bestLambda(): number | undefined {
    const sum = { cost: 0, variance: 0, price: 0 }
    for (const { variance, price } of this.#groups) {
      sum.variance += variance
      sum.price = Math.max(sum.price, price)
    }
    return sum.price > 0 ? bestLambda(sum, this.#doubt.margin) : undefined
  }

  #end({ micros: price, expiresAtMs, queue }: WeighedHold, isBilled: boolean): Group {
    const group = this.#groupOf(queue.terms.ttlMs)
    const slot = Math.floor(expiresAtMs / group.slotMs)
    this.#cohortsOf(group, price).end(slot, price, group.slot, isBilled)
    if (group.slot - slot <= AGES) group.open -= price
    return group
  }

  /** Moves a group through all slots up to now. */
  #pass(group: Group, nowMs: number): void {
    const { classes, drift } = group
    const nowSlot = Math.floor(Math.ceil(nowMs + group.ttlMs) / group.slotMs)
    // After this many slots all holds are overdue, so further slots change nothing.
    const last = Math.min(nowSlot, group.slot + SLOTS_TO_END)
    while (group.slot < last) {
      const sum: Bills = { billed: 0, expected: 0, billedMicros: 0, expectedMicros: 0 }
      for (const cohorts of classes.values()) cohorts.count(sum)
      group.missing.pass(sum.expectedMicros, sum.billedMicros)
      this.#late.pass(sum.billed, sum.billedMicros)
      if (this.#knows(group) && drift.isRising(sum.billed, sum.expected)) this.#distrust(group)
      group.slot += 1
      for (const cohorts of classes.values()) {
        group.open -= cohorts.begin(group.slot, group.learnFrom)
      }
    }
    group.slot = nowSlot
    group.endsAheadMs = (nowSlot + 1) * group.slotMs
    this.#weighAnew(group)
  }

  /** Discards the statistics: everything is held in full until enough bids made from now on have ended. */
  #distrust(group: Group): void {
    this.#drifted = true
    this.distrusts += 1
    for (const other of this.#kept.filter(({ kept }) => kept.ttlMs === group.ttlMs))
      this.#kept.splice(this.#kept.indexOf(other), 1)
    group.learnFrom = group.slot + 1
    group.drift.forget()
    group.missing.forget()
    for (const cohorts of group.classes.values()) cohorts.outcomes.forget()
    this.#weighAnew(group)
  }

  /** Computes cost, variance and highest price anew, as at the beginning of a slot. */
  #weighAnew(group: Group): void {
    group.cost = 0
    group.variance = 0
    group.price = 0
    group.billed = 0
    let number = 0
    for (const cohorts of group.classes.values()) {
      number += 1
      // Any number of classes may come: the shares 1/2, 1/6, 1/12, … of the probability sum up to all of it.
      const doubt = this.#doubt.chance + Math.log(number * (number + 1))
      if (this.#maxProbability !== undefined) cohorts.chances = this.#weigh(cohorts.outcomes, doubt)
      cohorts.expect(group.slot, group)
    }
    this.#passedUp = this.#passedUpOfAll()
    this.#lambda.begin(group, this.#groups, () => this.#bestLambda())
    if (this.#drifted && this.#knowsChances()) this.#drifted = false
  }

  #passedUpOfAll(): number {
    let sum = 0
    for (const { classes } of this.#groups)
      for (const [number, { outcomes }] of classes) sum += outcomes.passedUp * leastPriceOf(number)
    return sum
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
    const slotMs = slotMsOf(ttlMs)
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
      missing: new MissingBillReserve(),
      learnFrom: 0,
    }
    this.#groups.push(group)
    this.#share()
    return group
  }

  #cohortsOf({ classes, ttlMs, slotMs }: Group, price: number, nowMs = 0): Cohorts {
    const number = classOf(price)
    const known = classes.get(number)
    if (known) return known
    const cohorts = new Cohorts()
    classes.set(number, cohorts)
    const at = this.#kept.findIndex(({ kept }) => kept.ttlMs === ttlMs && kept.priceClass === number)
    const [earlier] = at < 0 ? [] : this.#kept.splice(at, 1)
    // It counts from the next slot on: the margin of this one was chosen without it.
    if (earlier) cohorts.outcomes.restore(earlier.kept, Math.ceil((nowMs - earlier.atElapsedMs) / slotMs))
    return cohorts
  }
}

/** What an earlier start knew, and when that was by the elapsed clock of this process. */
export interface Remembered {
  readonly kept: KeptClass
  readonly atElapsedMs: number
}

/** The price class: prices of one class differ by less than a factor of two. All above 2,147 units are one class. */
const classOf = (price: number): number => 32 - Math.clz32(Math.min(price, 0x7fffffff))

/** The lowest price of a class, in micros. */
const leastPriceOf = (number: number): number => (number === 0 ? 0 : 2 ** (number - 1))
