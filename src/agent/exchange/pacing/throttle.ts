import { HOUR_MS } from './traffic-curve.ts'

/** The figures of a paced campaign's budget, over all processes, and the plan of the hour. */
export interface Progress {
  /**
   * Micros that the campaign has spent in its whole life, plus what this process holds for it: it grows as bids cost
   * money.
   */
  readonly ever: number
  /** Micros of the budget that were used since the plan of this hour was made. */
  readonly usedInHour: number
  /** Micros that are left of the budget. */
  readonly left: number
  /** The micros that the plan of the hour assigns to the time from `fromMs` to `endMs` (wall clock). */
  readonly plan: { readonly micros: number; readonly fromMs: number; readonly endMs: number }
  readonly isShort: boolean
}

/**
 * Why the share is what it is. `learning`: the cost of a bid is not known yet. `on_plan`. `short_of_traffic`: even all
 * traffic is too little. `spent_out`: nothing is left of the budget. `store_away`: the store is unreachable, so the
 * share stays.
 */
export type Why = 'learning' | 'on_plan' | 'short_of_traffic' | 'spent_out' | 'store_away'

/** The time over which the rate of chances to bid is averaged, in milliseconds. Traffic changes within an hour. */
export const RATE_MS = 300_000
/** The time over which the cost of a bid is averaged, in milliseconds. */
const COST_MS = HOUR_MS
/**
 * How many bids are assumed to have cost their full price before real ones are known. Most bids lose and cost nothing.
 */
const PRIOR_BIDS = 2
/** The number of bids after which the cost of a bid counts as known. */
const KNOWN_BIDS = 50
/** The time within which a lag behind the hour's plan is made up, in milliseconds. */
const CATCH_UP_MS = 600_000
/** The slowest and fastest rate of spend while catching up, relative to the plan's rate. */
const [SLOWEST, FASTEST] = [0.75, 1.5]
/** The largest factor by which one step changes the share. */
const STEP = 2
const FIRST_SHARE = 0.1
const LEAST_SHARE = 0.001

/**
 * The share of its chances to bid that a campaign takes: the one that would spend at the planned rate, given the rate
 * of chances in this process and what the budget lost per bid of this process. If several processes share a budget,
 * each attributes the loss of all of them to its own bids: with a third of the bids, a bid seems to cost three times as
 * much, and the resulting share is the one that all of them together need. So no process has to know of the others.
 */
export class Throttle {
  share = FIRST_SHARE
  why: Why = 'learning'
  /** The last share above 0. */
  #before = FIRST_SHARE
  /** Chances, and chances taken, since the last step. */
  #chances = 0
  #bids = 0
  #price = 0
  /** Moving averages: chances and the milliseconds in which they came, money and the bids that cost it. */
  #rate = { chances: 0, ms: 0 }
  #cost = { micros: 0, bids: 0 }
  #everBids = 0
  #steppedMs: number
  #ever: number | undefined
  /** Grows by the share with each chance; the chance with which it reaches the threshold is taken. */
  #credit = 1
  #threshold = 1
  readonly #random: () => number

  constructor(elapsedMs: number, random: () => number) {
    this.#steppedMs = elapsedMs
    this.#random = random
  }

  /**
   * Counts a chance to bid, and says whether to take it. The chances taken are spread evenly, with some randomness, so
   * that they do not follow a rhythm of the traffic.
   * @param cost the most micros that winning would cost
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

  /**
   * Micros that the present traffic could cost in an hour if every chance were taken; Infinity while that is unknown.
   */
  get mostPerHour(): number {
    const { chances, ms } = this.#rate
    if (chances === 0 || this.#everBids < KNOWN_BIDS) return Number.POSITIVE_INFINITY
    return (chances / ms) * this.#costPerBid() * HOUR_MS
  }

  /** Sets the share anew. While nothing is known of the budget (undefined), the share stays and nothing is learned. */
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
    // After the budget was spent out, it starts again with the share that it had before.
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
    // The first step comes before the first chance, when no price is known yet.
    if (this.#cost.bids === 0 && this.#price > 0)
      this.#cost = { micros: PRIOR_BIDS * this.#price, bids: PRIOR_BIDS }
    // After a time without figures, the first one says nothing about the bids in between.
    if (this.#ever !== undefined) {
      const keptCost = Math.exp(-passedMs / COST_MS)
      this.#cost.micros = this.#cost.micros * keptCost + (ever - this.#ever)
      this.#cost.bids = this.#cost.bids * keptCost + bids
    }
    this.#ever = ever
  }

  /**
   * The average cost of a bid, at least a thousandth of the price: released holds make the average fall, for a time
   * even below 0.
   */
  #costPerBid(): number {
    const { micros, bids } = this.#cost
    return Math.max(micros / bids, this.#price / 1_000)
  }
}

/** The present rate of spend in micros per millisecond: the plan's rate, adjusted to catch up with the plan. */
function rateOf({ plan: { micros, fromMs, endMs }, usedInHour }: Progress, wallMs: number): number {
  const planned = micros / (endMs - fromMs)
  const behind = planned * (wallMs - fromMs) - usedInHour
  const rate = planned + behind / CATCH_UP_MS
  return Math.min(Math.max(rate, SLOWEST * planned), FASTEST * planned)
}
