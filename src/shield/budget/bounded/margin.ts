import type { Expectation } from './cohorts.ts'

/**
 * How far bills may exceed their expected cost, in micros, except with a probability of e^-`negLogProbability`: the line
 * over the variance at which an exponential supermartingale with this λ (per micro) has grown to e^negLogProbability.
 * It holds for all moments of a slot at once, if λ was chosen before the slot began.
 */
export function margin({ variance, price }: Expectation, lambda: number, negLogProbability: number): number {
  const atNoVariance = negLogProbability / lambda
  // Without this line a λ that is far too high for the price would give 0 × ∞, which is NaN.
  if (variance === 0) return atNoVariance
  return atNoVariance + lambda * growth(lambda * price) * variance
}

/** The λ for which the margin is smallest, or nearly so, if the bids are those of `expectation` or cost as much. */
export function bestLambda({ variance, price }: Expectation, negLogProbability: number): number {
  return 1 / (price / 3 + Math.sqrt(variance / (2 * negLogProbability)))
}

/**
 * (e^x − 1 − x) / x², with x = λ × price. Times λ² × variance it is the share of a bid in the supermartingale's
 * exponent.
 */
function growth(x: number): number {
  // For small x the difference would lose its digits: the series is 1/2 + x/6 + x²/24 + …, which is below.
  return x < 1e-3 ? 0.5 + x / 5 : (Math.expm1(x) - x) / (x * x)
}

/**
 * The λ in use. It must be older than the present slot of every group of bids that it bounds. So a new one is put to use
 * only when every other group has begun a slot since it was chosen.
 */
export class Lambda<Group> {
  /** Per micro. With 0, before the first was chosen, every margin is infinite. */
  now = 0
  #next = 0
  readonly #awaited = new Set<Group>()

  /**
   * A group begins a slot.
   *
   * @param best chooses a λ; undefined while there are no bids to choose it for
   */
  begin(group: Group, groups: readonly Group[], best: () => number | undefined): void {
    this.#awaited.delete(group)
    if (this.#awaited.size > 0) return
    this.now = this.#next
    this.#next = best() ?? this.#next
    for (const other of groups) if (other !== group) this.#awaited.add(other)
    if (this.#awaited.size === 0) this.now = this.#next
  }
}
