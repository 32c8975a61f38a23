import { HOUR_MS } from './traffic-curve.ts'

/** What is known of the budget of a paced campaign, over all processes, and what is planned for the hour. */
export interface Progress {
  /** Micros that the campaign has ever spent, and what this process holds for it now: grows as its bids cost money. */
  readonly ever: number
  /** Micros of the budget that are used in this hour: since the plan was made. */
  readonly usedInHour: number
  /** Micros that are left of the budget. */
  readonly left: number
  /** What the plan of the hour gives it from `fromMs` to `endMs` (wall clock). */
  readonly plan: { readonly micros: number; readonly fromMs: number; readonly endMs: number }
  readonly isShort: boolean
}

/**
 * Why the share is what it is: what a bid costs is still `learning`; it is `on_plan`; even all of the traffic is too little
 * (`short_of_traffic`); nothing is `spent_out` of the budget; the store is away and the share stays (`store_away`).
 */
export type Why = 'learning' | 'on_plan' | 'short_of_traffic' | 'spent_out' | 'store_away'

/** Time over which the rate of chances to bid is averaged. Traffic changes within an hour. */
export const RATE_MS = 300_000
/** Time over which the cost of a bid taken part in is averaged. */
const COST_MS = HOUR_MS
/** Bids for which a bid is taken to cost its price, until there are others. Most bids lose and cost nothing. */
const PRIOR_BIDS = 2
/** Bids from which on the cost of a bid counts as known. */
const KNOWN_BIDS = 50
/** A lag behind the plan of the hour is made up for within this time. */
const CATCH_UP_MS = 600_000
/** How far the rate of spend may go from the plan's for that. */
const [SLOWEST, FASTEST] = [0.75, 1.5]
/** How far one step may change the share. */
const STEP = 2
const FIRST_SHARE = 0.1
const LEAST_SHARE = 0.001

/**
 * The share of its chances at which a campaign takes part. It is the share that would spend at the planned rate, by the
 * rate of chances of this process and by what the budget lost for each bid of this process. Where several processes share
 * a budget, the loss of all of them is put down to the bids of each: with a third of the bids a bid seems to cost three
 * times as much, and the share of each is what all of them together need. So none has to know of the others.
 */
export class Throttle {
  share = FIRST_SHARE
  why: Why = 'learning'
  /** The last share above zero. */
  #before = FIRST_SHARE
  /** Chances and participations since the last step. */
  #chances = 0
  #bids = 0
  #price = 0
  /** Averages that forget: chances and the milliseconds in which they came, money and the bids that cost it. */
  #rate = { chances: 0, ms: 0 }
  #cost = { micros: 0, bids: 0 }
  #everBids = 0
  #steppedMs: number
  #ever: number | undefined
  /** Grows by the share with each chance; a bid is made when it reaches the threshold. */
  #credit = 1
  #threshold = 1
  readonly #random: () => number

  constructor(elapsedMs: number, random: () => number) {
    this.#steppedMs = elapsedMs
    this.#random = random
  }

  /**
   * Counts a chance to bid, and says whether to take it. Bids are spread evenly over the chances, and a little by luck, so
   * that they fall in with no rhythm of the traffic.
   *
   * @param cost micros that winning would cost at most
   */
  take(cost: number): boolean {
    this.#chances += 1
    this.#price = cost
    this.#credit += this.share
    if (this.share < 1 && this.#credit < this.#threshold) return false
    this.#credit = Math.max(0, this.#credit - this.#threshold)
    this.#threshold = 0.85 + 0.3 * this.#random()
    this.#bids += 1
    this.#everBids += 1
    return true
  }

  /** Micros that the present traffic could cost in an hour if every chance were taken; Infinity while that is not known. */
  get mostPerHour(): number {
    const { chances, ms } = this.#rate
    if (chances === 0 || this.#everBids < KNOWN_BIDS) return Number.POSITIVE_INFINITY
    return (chances / ms) * this.#costPerBid() * HOUR_MS
  }

  /** Sets the share anew. While nothing is known of the budget (undefined) it stays, and nothing is learned. */
  step(elapsedMs: number, wallMs: number, progress: Progress | undefined): void {
    const passedMs = elapsedMs - this.#steppedMs
    this.#steppedMs = elapsedMs
    const [chances, bids] = [this.#chances, this.#bids]
    this.#chances = 0
    this.#bids = 0
    if (!progress) {
      this.#ever = undefined
      this.why = 'store_away'
      return
    }
    this.#learn(passedMs, chances, bids, progress.ever)
    if (progress.left <= 0) {
      this.share = 0
      this.why = 'spent_out'
      return
    }
    const most = (this.#rate.chances / this.#rate.ms) * this.#costPerBid()
    if (!(most > 0)) return
    const wanted = progress.isShort ? 1 : Math.min(1, rateOf(progress, wallMs) / most)
    // A budget that was spent out begins anew with the share that it had.
    const before = Math.max(this.#before, LEAST_SHARE)
    this.share = Math.min(Math.max(wanted, before / STEP), before * STEP, 1)
    this.#before = this.share
    if (this.#everBids < KNOWN_BIDS) this.why = 'learning'
    else this.why = progress.isShort || this.share >= 1 ? 'short_of_traffic' : 'on_plan'
  }

  #learn(passedMs: number, chances: number, bids: number, ever: number): void {
    const kept = Math.exp(-passedMs / RATE_MS)
    this.#rate.chances = this.#rate.chances * kept + chances
    this.#rate.ms = this.#rate.ms * kept + passedMs
    // The first step comes before the first chance, with no price yet.
    if (this.#cost.bids === 0 && this.#price > 0)
      this.#cost = { micros: PRIOR_BIDS * this.#price, bids: PRIOR_BIDS }
    // The first figure after a time without any says nothing of the bids in between.
    if (this.#ever !== undefined) {
      const keptCost = Math.exp(-passedMs / COST_MS)
      this.#cost.micros = this.#cost.micros * keptCost + (ever - this.#ever)
      this.#cost.bids = this.#cost.bids * keptCost + bids
    }
    this.#ever = ever
  }

  /** Holds that are released make the average fall, for a time even below zero: it never is less than a thousandth of a price. */
  #costPerBid(): number {
    const { micros, bids } = this.#cost
    return Math.max(micros / bids, this.#price / 1_000)
  }
}

/** Micros a millisecond at which to spend now: the plan's rate, and what it takes to catch up with the plan. */
function rateOf({ plan: { micros, fromMs, endMs }, usedInHour }: Progress, wallMs: number): number {
  const planned = micros / (endMs - fromMs)
  const behind = planned * (wallMs - fromMs) - usedInHour
  const rate = planned + behind / CATCH_UP_MS
  return Math.min(Math.max(rate, SLOWEST * planned), FASTEST * planned)
}
