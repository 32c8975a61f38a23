/** Lowest price that a curve distinguishes from lower ones, in CPM units. */
const LOWEST_CPM = 0.001
/** Width of a step as a natural logarithm: each step is five per cent above the one before. */
const STEP = 0.05
/** Number of steps of a curve, which reach up to 10⁵ CPM units. Prices above count as the highest. */
const STEPS = 369
/** Number of auctions that a curve remembers: each new one makes the earlier ones count a 4,000th less. */
const MEMORY = 4_000
/** Weight of what is assumed before anything is known, in auctions. */
const ASSUMED = 1
/** The curve is fitted again after this many auctions while fewer than {@link FEW} count … */
const FIT_EVERY = 16
/** … and after this many from then on, since each one then changes little. */
const FIT_LATER_EVERY = 64
const FEW = 500
/** Rounds of expectation maximisation in one fit. The next fit goes on from its result, so a few are enough. */
const FITS = 3
/** Rounds for a curve that is restored and has no shape to go on from. */
const FITS_OF_NEW = 100
/** When one auction weighs more than this, all weights are scaled down, long before doubles lose their precision. */
const MAX_WEIGHT = 1e9

/**
 * What one auction tells about its lowest winning price. `won`: it is at most the price of the bid. `lost`: it is above
 * that. `exact`: it is known.
 */
export type PriceFinding = 'won' | 'lost' | 'exact'

/** Weights of auctions by step of the price; sparse, since most steps have none. */
type Weights = readonly (readonly [step: number, weight: number])[]

/** What a curve has to keep to go on after a restart. The latest auction weighs 1. */
export interface KeptCurve {
  readonly won: Weights
  readonly lost: Weights
  readonly exact: Weights
}

/**
 * The distribution of the lowest price that would have won. Most auctions give only a bound of it: at most the bid's
 * price if the bid won, above it if the bid lost. Expectation maximisation finds the likeliest distribution; after each
 * round it is smoothed over neighbouring steps, since a sample is rougher than what it was drawn from (Silverman's EMS).
 * Memory is fixed: six numbers for each of {@link STEPS} steps of five per cent.
 */
export class PriceCurve {
  readonly #won = new Float64Array(STEPS + 1)
  readonly #lost = new Float64Array(STEPS + 1)
  readonly #exact = new Float64Array(STEPS)
  /** Probability that the lowest winning price lies in a step. */
  readonly #density = new Float64Array(STEPS)
  /** Probability that the lowest winning price lies below a step. */
  readonly #below = new Float64Array(STEPS + 1)
  /** Weight of the next auction; it grows, so that earlier ones count less. */
  #weight = 1
  #sum = 0
  #wonSum = 0
  #logSum = 0
  #unfitted = 0
  readonly #assumedNow = new Float64Array(STEPS)
  #assumedAt = Number.NaN

  /** Number of auctions that count; older ones count in part. */
  get auctions(): number {
    return this.#sum / this.#weight
  }

  /** As {@link auctions}, of those that were won or whose lowest winning price is known. */
  get informed(): number {
    return this.#wonSum / this.#weight
  }

  /**
   * @param cpm the price of the bid, or with `exact` the lowest that would have won; CPM units above 0
   */
  observe(finding: PriceFinding, cpm: number): void {
    this.#weight *= MEMORY / (MEMORY - 1)
    this.#put(finding, finding === 'exact' ? stepOf(cpm) : edgeOf(cpm), this.#weight)
    if (this.#weight > MAX_WEIGHT) this.#rescale()
    this.#unfitted += 1
    if (this.#unfitted >= (this.auctions < FEW ? FIT_EVERY : FIT_LATER_EVERY)) this.#fit(FITS)
  }

  /** The probability that a bid of this price wins. */
  chanceAt(cpm: number): number {
    const at = Math.min(STEPS, Math.max(0, Math.log(cpm / LOWEST_CPM) / STEP))
    return this.#chanceAtStep(at)
  }

  /** As {@link chanceAt}, for prices that lie `offsets` steps from this one (see {@link stepsOf}); fills `chances`. */
  chancesFrom(cpm: number, offsets: Float64Array, chances: Float64Array): void {
    const at = Math.log(cpm / LOWEST_CPM) / STEP
    for (let i = 0; i < offsets.length; i++) {
      chances[i] = this.#chanceAtStep(Math.min(STEPS, Math.max(0, at + (offsets[i] ?? 0))))
    }
  }

  #chanceAtStep(at: number): number {
    const step = Math.floor(at)
    const below = this.#below[step] ?? 1
    return below + (at - step) * (this.#density[step] ?? 0)
  }

  /** At most `count` prices over the range in which the chance of winning rises from about 0 to 1, and the chance at each. */
  points(count: number): { cpm: number; chance: number }[] {
    if (this.#unfitted > 0) this.#fit(FITS)
    const from = this.#below.findIndex((below) => below > 0.01)
    const to = this.#below.findIndex((below) => below > 0.99)
    const first = Math.max(0, from - 1)
    const last = to < 0 ? STEPS : to
    const steps = Array.from({ length: count }, (_, i) =>
      Math.round(first + ((last - first) * i) / (count - 1)),
    )
    return [...new Set(steps)].map((step) => ({
      cpm: LOWEST_CPM * Math.exp(step * STEP),
      chance: this.#below[step] ?? 1,
    }))
  }

  kept(): KeptCurve {
    const sparse = (weights: Float64Array): Weights => {
      const found: [number, number][] = []
      for (const [step, weight] of weights.entries()) {
        const now = Math.round((weight / this.#weight) * 1_000) / 1_000
        if (now > 0) found.push([step, now])
      }
      return found
    }
    return { won: sparse(this.#won), lost: sparse(this.#lost), exact: sparse(this.#exact) }
  }

  /** Replaces what is known. Steps that do not exist are left out. */
  restore({ won, lost, exact }: KeptCurve): void {
    for (const weights of [this.#won, this.#lost, this.#exact]) weights.fill(0)
    this.#weight = 1
    this.#sum = 0
    this.#wonSum = 0
    this.#logSum = 0
    const isNew = !this.#density.some((one) => one > 0)
    const all = { won, lost, exact }
    for (const finding of FINDINGS) {
      for (const [step, weight] of all[finding]) this.#put(finding, step, weight)
    }
    this.#fit(isNew ? FITS_OF_NEW : FITS)
  }

  #put(finding: PriceFinding, step: number, weight: number): void {
    const weights = { won: this.#won, lost: this.#lost, exact: this.#exact }[finding]
    const before = weights[step]
    if (before === undefined) return
    weights[step] = before + weight
    this.#sum += weight
    this.#logSum += step * weight
    if (finding !== 'lost') this.#wonSum += weight
  }

  #rescale(): void {
    const by = 1 / this.#weight
    for (const weights of [this.#won, this.#lost, this.#exact]) {
      for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) * by
    }
    this.#sum *= by
    this.#wonSum *= by
    this.#logSum *= by
    this.#weight = 1
  }

  /** Moves the curve towards the likeliest one for what was seen. */
  #fit(rounds: number): void {
    this.#unfitted = 0
    if (this.#sum === 0) return
    const assumed = this.#assumed()
    if (!this.#density.some((one) => one > 0)) this.#density.set(assumed)
    for (let round = 0; round < rounds; round++) this.#round(assumed)
    sumUp(this.#density, this.#below)
  }

  /**
   * What is assumed before anything is known: every price up to the geometric mean of the prices seen is equally likely
   * to be the lowest that wins, and higher ones are rarer.
   */
  #assumed(): Float64Array {
    const middle = Math.round(this.#logSum / this.#sum)
    if (middle === this.#assumedAt) return this.#assumedNow
    this.#assumedAt = middle
    const assumed = this.#assumedNow
    for (let i = 0; i < STEPS; i++) assumed[i] = Math.exp(-Math.abs(i - middle) * STEP)
    const sum = assumed.reduce((a, b) => a + b, 0)
    for (let i = 0; i < STEPS; i++) assumed[i] = (assumed[i] ?? 0) / sum
    return assumed
  }

  #round(assumed: Float64Array): void {
    const [density, below] = [this.#density, this.#below]
    const [won, lost, exact] = [this.#won, this.#lost, this.#exact]
    sumUp(density, below)
    const next = SCRATCH
    // An auction that was won is spread over all steps below its price in proportion to the curve so far …
    let above = 0
    for (let i = STEPS - 1; i >= 0; i--) {
      const weight = won[i + 1] ?? 0
      if (weight > 0) above += weight / Math.max(below[i + 1] ?? 1, 1e-9)
      next[i] = above
    }
    // … and one that was lost over all steps above.
    let under = 0
    const prior = ASSUMED * this.#weight
    for (let i = 0; i < STEPS; i++) {
      const weight = lost[i] ?? 0
      if (weight > 0) under += weight / Math.max(1 - (below[i] ?? 0), 1e-9)
      const share = (next[i] ?? 0) + under
      next[i] = (density[i] ?? 0) * share + (exact[i] ?? 0) + prior * (assumed[i] ?? 0)
    }
    let sum = 0
    for (let i = 0; i < STEPS; i++) sum += next[i] ?? 0
    for (let i = 0; i < STEPS; i++) {
      const [left, right] = [next[Math.max(0, i - 1)] ?? 0, next[Math.min(STEPS - 1, i + 1)] ?? 0]
      density[i] = ((next[i] ?? 0) * 0.5 + (left + right) * 0.25) / sum
    }
  }
}

/** Working memory of a fit. Curves are fitted one at a time, so they share it. */
const SCRATCH = new Float64Array(STEPS)

const FINDINGS: readonly PriceFinding[] = ['won', 'lost', 'exact']

function sumUp(density: Float64Array, below: Float64Array): void {
  let sum = 0
  for (let i = 0; i < STEPS; i++) {
    below[i] = sum
    sum += density[i] ?? 0
  }
  below[STEPS] = sum
}

const positionOf = (cpm: number): number => Math.log(cpm / LOWEST_CPM) / STEP
const clamped = (step: number, most: number): number => Math.min(most, Math.max(0, step))
/** The step in which a price lies. */
const stepOf = (cpm: number): number => clamped(Math.floor(positionOf(cpm)), STEPS - 1)
/** The nearest boundary of two steps. */
const edgeOf = (cpm: number): number => clamped(Math.round(positionOf(cpm)), STEPS)

/** Steps from a price to one that is `factor` times as high. */
export const stepsOf = (factor: number): number => Math.log(factor) / STEP
