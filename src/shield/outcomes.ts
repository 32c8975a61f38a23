/** Ages of open bids are told apart in so many steps; a time to live is shorter than all of them together. */
export const AGES = 64
/** A generation of what is known ends after so many slots: about sixteen times to live. */
const GENERATION_SLOTS = 1024

/** How the bids of complete cohorts ended, by age. */
interface Counts {
  /** Bids that were open when they reached the age. */
  readonly reached: Float64Array
  /** Of these, billed at that age. */
  readonly billed: Float64Array
  /** Of these, billed at that age or later. */
  readonly billedLater: Float64Array
}

const counts = (): Counts => ({
  reached: new Float64Array(AGES + 1),
  billed: new Float64Array(AGES + 1),
  billedLater: new Float64Array(AGES + 1),
})

/** How bids ended of which everything is known, in this generation and the one before. */
export class Outcomes {
  #young = counts()
  #old = counts()
  #slots = 0

  /** Takes in a cohort, a step of age each: how many were open, and how many of these were billed. */
  learn(reached: Uint32Array, billed: Uint32Array): void {
    let later = 0
    for (let age = AGES; age >= 0; age--) {
      later += billed[age] ?? 0
      add(this.#young.reached, age, reached[age] ?? 0)
      add(this.#young.billed, age, billed[age] ?? 0)
      add(this.#young.billedLater, age, later)
    }
  }

  /** A slot has passed. */
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

  /** The share of bids open at that age that were billed while they had it. */
  hazard(age: number): number {
    const reached = this.#sum('reached', age)
    return reached === 0 ? 0 : this.#sum('billed', age) / reached
  }

  /**
   * An upper limit for the chance that a bid that is open at that age will be billed, wrong with a probability of at most
   * e^-doubt: where n trials of mean m gave x, Chernoff's bound says m ≤ x + doubt + √(doubt² + 2·x·doubt).
   */
  chance(age: number, doubt: number): number {
    const reached = this.#sum('reached', age)
    if (reached === 0) return 1
    const billed = this.#sum('billedLater', age)
    return Math.min(1, (billed + doubt + Math.sqrt(doubt * doubt + 2 * billed * doubt)) / reached)
  }

  #sum(what: keyof Counts, age: number): number {
    return (this.#young[what][age] ?? 0) + (this.#old[what][age] ?? 0)
  }
}

function add(to: Float64Array, at: number, amount: number): void {
  to[at] = (to[at] ?? 0) + amount
}

/**
 * The chance by age, as upper limits. A bid in the step `age` may be nearly a step younger than the bids that were
 * counted there, or nearly a step older: the highest of the three counts, whenever in its slot it was made.
 */
export function chancesByAge(outcomes: Outcomes, doubt: number): Float64Array {
  const plain = Float64Array.from({ length: AGES + 1 }, (_, age) => outcomes.chance(age, doubt))
  const at = (age: number): number => plain[age] ?? 0
  return plain.map((chance, age) => (age === 0 ? chance : Math.max(at(age - 1), chance, at(age + 1))))
}
