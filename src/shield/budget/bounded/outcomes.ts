/** The number of age steps (slots) that are told apart; together they are longer than {@link weighedMsOf}. */
export const AGES = 128
/** The shortest slot, in milliseconds, so that a short time to live does not cause work more often. */
const MIN_SLOT_MS = 50

/** The least time, in ms, for which a bid is still weighed after its hold ended: notices may be under way that long. */
const MIN_GRACE_MS = 2_000

/** How long a bid with this time to live is weighed: a quarter longer than it is held, since some bills come late. */
export const weighedMsOf = (ttlMs: number): number => ttlMs + Math.max(MIN_GRACE_MS, ttlMs / 4)

/** How long a step of age is for holds with this time to live. */
export const slotMsOf = (ttlMs: number): number =>
  Math.max(MIN_SLOT_MS, Math.ceil(weighedMsOf(ttlMs) / (AGES - 1)))

/** The number of slots of one generation of statistics: about sixteen times as long as a bid is weighed. */
const GENERATION_SLOTS = 16 * AGES

/** How long a generation of statistics lasts. */
export const generationMsOf = (ttlMs: number): number => GENERATION_SLOTS * slotMsOf(ttlMs)

/** The age, in milliseconds, at which counts are dropped: two generations. */
export const forgottenAfterMs = (ttlMs: number): number => 2 * generationMsOf(ttlMs)

/**
 * The θ that an upper limit may use: `THETAS` of them, from `MAX_THETA` down by factors of `THETA_RATIO`. The limits of
 * all of them hold at the same time, so the choice may depend on the counts. The largest θ is for counts near 0.
 */
const [THETAS, MAX_THETA, THETA_RATIO] = [20, 6, 1.5]

/** How many passed-up bids are taken back by one bid that is billed at the last age or later. */
const LATE_WEIGHT = 100

/** How the bids of complete cohorts ended, as counts by age. */
interface Counts {
  /** Bids that were open when they reached the age. */
  readonly reached: Float64Array
  /** Those of them that were billed at that age. */
  readonly billed: Float64Array
  /** Those of them that were billed at that age or later. */
  readonly billedLater: Float64Array
}

/** The bids that reached each age, and those that were billed at it. */
interface KeptGeneration {
  readonly reached: readonly number[]
  readonly billed: readonly number[]
}

/** What is kept of {@link Outcomes} over a restart. */
export interface KeptCounts {
  /** How many slots the younger generation has lasted. */
  readonly slots: number
  readonly young: KeptGeneration
  readonly old: KeptGeneration
}

const counts = (): Counts => ({
  reached: new Float64Array(AGES + 1),
  billed: new Float64Array(AGES + 1),
  billedLater: new Float64Array(AGES + 1),
})

/** Statistics of how bids of complete cohorts ended, over this generation and the one before. */
export class Outcomes {
  #young = counts()
  #old = counts()
  #slots = 0

  /** Adds a complete cohort. Both arrays are by age: bids that were open at that age, and bids billed at it. */
  learn(reached: Uint32Array, billed: Uint32Array): void {
    learnInto(this.#young, reached, billed)
  }

  /** A bid that has counted as lost was billed: it counts as billed at the last age. */
  learnLate(): void {
    if (this.#sum('reached', 0) === 0) return
    const { reached, billed, billedLater } = this.#young
    add(billed, AGES, 1)
    for (let age = 0; age <= AGES; age++) {
      add(billedLater, age, 1)
      // A bid whose loss was told before did not count at later ages.
      reached[age] = Math.max(reached[age] ?? 0, billedLater[age] ?? 0)
    }
  }

  /** Undefined while no bid is known. */
  get kept(): KeptCounts | undefined {
    if (this.#sum('reached', 0) === 0) return undefined
    const generation = ({ reached, billed }: Counts) => ({ reached: [...reached], billed: [...billed] })
    return { slots: this.#slots, young: generation(this.#young), old: generation(this.#old) }
  }

  /** Begins with what was kept, `slotsAgo` slots later. */
  restore({ slots, young, old }: KeptCounts, slotsAgo: number): void {
    this.forget()
    if (!(slotsAgo >= 0 && slotsAgo < 2 * GENERATION_SLOTS)) return
    learnInto(this.#young, young.reached, young.billed)
    learnInto(this.#old, old.reached, old.billed)
    this.#slots = Math.min(slots, GENERATION_SLOTS)
    for (let slot = 0; slot < slotsAgo; slot++) this.age()
  }

  /** Call once per slot; starts a new generation when the present one is over. */
  age(): void {
    this.#slots += 1
    if (this.#slots < GENERATION_SLOTS) return
    this.#slots = 0
    this.#old = this.#young
    this.#young = counts()
  }

  forget(): void {
    this.#young = counts()
    this.#old = counts()
    this.#slots = 0
  }

  /** Bids that nobody ended in all the time they were weighed: each could have been billed. Late ones weigh against them. */
  get passedUp(): number {
    return Math.max(0, this.#sum('reached', AGES) - LATE_WEIGHT * this.#sum('billed', AGES))
  }

  /** The share (0..1) of the bids open at that age that were billed at that age. */
  hazard(age: number): number {
    const reached = this.#sum('reached', age)
    return reached === 0 ? 0 : this.#sum('billed', age) / reached
  }

  /**
   * An upper limit of the chance (0..1) that a bid open at that age will be billed. The probability that it is ever wrong
   * while the counts grow is at most e^-`negLogProbability`. For n bids, of which x were billed, and any θ fixed before,
   * exp(n·chance·(1 − e^-θ) − θ·x) is a supermartingale, so it stays below 1 / probability by Ville's inequality.
   */
  chance(age: number, negLogProbability: number): number {
    const reached = this.#sum('reached', age)
    if (reached === 0) return 1
    const billed = this.#sum('billedLater', age)
    const l = negLogProbability + Math.log(THETAS)
    const theta = nearestTheta(Math.log1p(Math.sqrt((2 * l) / billed) + l / billed))
    return Math.min(1, (l + theta * billed) / (reached * -Math.expm1(-theta)))
  }

  #sum(what: keyof Counts, age: number): number {
    return (this.#young[what][age] ?? 0) + (this.#old[what][age] ?? 0)
  }
}

/** @param wanted a θ above 0 */
function nearestTheta(wanted: number): number {
  const step = Math.round(Math.log(MAX_THETA / Math.min(wanted, MAX_THETA)) / Math.log(THETA_RATIO))
  return MAX_THETA / THETA_RATIO ** Math.min(step, THETAS - 1)
}

function learnInto(into: Counts, reached: ArrayLike<number>, billed: ArrayLike<number>): void {
  let later = 0
  for (let age = AGES; age >= 0; age--) {
    later += billed[age] ?? 0
    add(into.reached, age, reached[age] ?? 0)
    add(into.billed, age, billed[age] ?? 0)
    add(into.billedLater, age, later)
  }
}

function add(to: Float64Array, at: number, amount: number): void {
  to[at] = (to[at] ?? 0) + amount
}

/**
 * Upper limits of the chance by age. A bid of age `age` may be almost one step younger or older than the bids that were
 * counted at that age, so the highest value of the three ages around it is used.
 */
export function chancesByAge(outcomes: Outcomes, negLogProbability: number): Float64Array {
  const plain = Float64Array.from({ length: AGES + 1 }, (_, age) => outcomes.chance(age, negLogProbability))
  const at = (age: number): number => plain[age] ?? 0
  return plain.map((chance, age) => (age === 0 ? chance : Math.max(at(age - 1), chance, at(age + 1))))
}
