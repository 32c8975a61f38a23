import { type KeptCurve, PriceCurve, type PriceFinding, stepsOf } from './price-curve.ts'

/** What became of one bid. Prices are CPM units of the budgets' currency. */
export interface JudgedBid {
  readonly price: number
  /** What the impression was worth: the price without shading. */
  readonly worth: number
  readonly isWon: boolean
  /** The lowest price that would have won; undefined where the exchange did not say it. */
  readonly lowest: number | undefined
}

/** What is learned of one class of slots, as it is kept over restarts. */
export interface KeptShades {
  readonly byPrice: KeptCurve
  readonly byShare: KeptCurve
  readonly favour: number
  readonly worth: number
}

/** What the class has learned, for people. */
export interface ShadesShown {
  readonly auctions: number
  readonly isLearning: boolean
  readonly follows: 'price' | 'worth'
  /** A bid of the mean worth, and what would be bid for it; undefined while the class is learning. */
  readonly typical: { readonly worth: number; readonly price: number } | undefined
  /** Probability of winning by CPM, or by share of the worth. */
  readonly curve: readonly { readonly at: number; readonly chance: number }[]
}

/** Shades that are considered: from the whole worth down to a fifth of it, in steps of 2 %. */
const SHADES = Float64Array.from({ length: 41 }, (_, i) => (50 - i) / 50)
const OFFSETS = SHADES.map(stepsOf)
export const LEAST_SHADE = SHADES.at(-1) ?? 1
/** Bids are the whole worth until this many auctions count … */
const ENOUGH_AUCTIONS = 30
/** … and this many of them were won, or their lowest price is known. */
const ENOUGH_WON = 10
/**
 * How fast the share of bids that try another price falls, in auctions: it is a third after this many, and a half
 * before the first, since little is known then.
 */
const TRIALS_AT_FIRST = 10
/** The share of bids that try another price never falls below this. */
const LEAST_TRIALS = 0.03
/**
 * A trial bids between 0.7 and 1.3 times the best price: this part of it, and up to {@link TRIAL_OVER} of it more.
 * Prices further away cost more than they teach.
 */
const TRIAL_FROM = 0.7
const TRIAL_OVER = 0.6
/** About how many of the latest auctions decide which of the two curves predicts better, and give the mean worth. */
const JUDGED_BY = 500
/** The curve of shares is used until the curve of prices predicts better by this sum of log likelihoods. */
const CLEARLY = 3
/** A curve is judged by the chance that it gave to prices within this factor of the lowest one, up or down. */
const NEAR = 1.1
/** Points of the curve that is shown to people. */
const POINTS = 13

/**
 * How much of its worth to bid for slots of one class. Two curves are learned: the lowest winning price as such, and as a share of
 * what the impression is worth to us, since some users are worth more to everybody. The curve that has predicted better
 * which bids win is used.
 */
export class ClassShades {
  readonly #byPrice = new PriceCurve()
  readonly #byShare = new PriceCurve()
  /** By how much the curve of shares predicts better than the curve of prices, as a sum of log likelihoods. */
  #favour = 0
  /** Mean worth, as a logarithm. */
  #logWorth = Number.NaN
  readonly #chances = new Float64Array(SHADES.length)

  get isEmpty(): boolean {
    return this.#byPrice.auctions === 0
  }

  get isLearning(): boolean {
    return this.#byPrice.auctions < ENOUGH_AUCTIONS || this.#byPrice.informed < ENOUGH_WON
  }

  /** The share of bids that try another price. */
  get trials(): number {
    return Math.max(LEAST_TRIALS, TRIALS_AT_FIRST / (TRIALS_AT_FIRST * 2 + this.#byPrice.auctions))
  }

  /**
   * The share of its worth to bid: the one with the highest expected gain, (worth − price) × P(win). No price below the
   * floor is considered.
   *
   * @param worth CPM units above 0
   * @param floor the lowest price that may be bid, at most the worth
   */
  best(worth: number, floor: number): number {
    const chances = this.#chances
    if (this.#isByShare) this.#byShare.chancesFrom(1, OFFSETS, chances)
    else this.#byPrice.chancesFrom(worth, OFFSETS, chances)
    const least = floor / worth
    let [best, most] = [1, 0]
    for (let i = 0; i < SHADES.length; i++) {
      const shade = Math.max(SHADES[i] ?? 1, least)
      const gain = (1 - shade) * (chances[i] ?? 0)
      if (gain > most) [best, most] = [shade, gain]
      if (shade === least) break
    }
    return best
  }

  /** The shade of a trial, around the best one. @param luck from 0 up to 1 */
  trial(worth: number, floor: number, luck: number): number {
    return Math.min(1, this.best(worth, floor) * (TRIAL_FROM + TRIAL_OVER * luck))
  }

  learn({ price, worth, isWon, lowest }: JudgedBid): void {
    const finding = findingOf(price, isWon, lowest)
    const at = finding === 'exact' ? (lowest ?? price) : price
    if (!this.isLearning) this.#judge(finding, at, worth)
    this.#byPrice.observe(finding, at)
    this.#byShare.observe(finding, at / worth)
    const log = Math.log(worth)
    this.#logWorth = Number.isNaN(this.#logWorth) ? log : this.#logWorth + (log - this.#logWorth) / JUDGED_BY
  }

  #judge(finding: PriceFinding, at: number, worth: number): void {
    const told = (curve: PriceCurve, cpm: number): number => {
      const chance =
        finding === 'exact' ? curve.chanceAt(cpm * NEAR) - curve.chanceAt(cpm / NEAR) : curve.chanceAt(cpm)
      return Math.log(Math.min(0.999, Math.max(0.001, finding === 'lost' ? 1 - chance : chance)))
    }
    const better = told(this.#byShare, at / worth) - told(this.#byPrice, at)
    this.#favour += better - this.#favour / JUDGED_BY
  }

  get #isByShare(): boolean {
    return this.#favour > -CLEARLY
  }

  shown(): ShadesShown {
    const { auctions } = this.#byPrice
    const isByShare = this.#isByShare
    const worth = Math.exp(this.#logWorth)
    const points = (isByShare ? this.#byShare : this.#byPrice).points(POINTS)
    return {
      auctions: Math.round(auctions),
      isLearning: this.isLearning,
      follows: isByShare ? 'worth' : 'price',
      typical: this.isLearning ? undefined : { worth, price: worth * this.best(worth, 0) },
      curve: auctions === 0 ? [] : points.map(({ cpm, chance }) => ({ at: cpm, chance })),
    }
  }

  kept(): KeptShades {
    const [byPrice, byShare] = [this.#byPrice.kept(), this.#byShare.kept()]
    return { byPrice, byShare, favour: this.#favour, worth: Math.exp(this.#logWorth) }
  }

  restore({ byPrice, byShare, favour, worth }: KeptShades): void {
    this.#byPrice.restore(byPrice)
    this.#byShare.restore(byShare)
    this.#favour = favour
    this.#logWorth = Math.log(worth)
  }
}

/** What a bid tells about the lowest price. A reported one that contradicts the outcome of the bid is ignored. */
function findingOf(price: number, isWon: boolean, lowest: number | undefined): PriceFinding {
  if (lowest !== undefined && (isWon ? lowest <= price : lowest >= price)) return 'exact'
  return isWon ? 'won' : 'lost'
}
