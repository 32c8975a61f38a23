/** The rise of the win rate, as a factor, that is to be detected. */
const RISE = 1.25
/** Threshold of the sum: without any change a false alarm comes at most once in e^14 slots. */
const ALARM = 14

/**
 * Detects that more bids are billed than the statistics expect, with Page's cumulative sum for counts. Chernoff's and
 * Bernstein's bounds assume that this does not happen: it does if the win rate rises or wins come in clumps.
 */
export class Drift {
  #sum = 0

  /** Adds one slot: its bills, and the expected number of bills. True when recent bills are too many for chance. */
  isRising(billed: number, expected: number): boolean {
    this.#sum = Math.max(0, this.#sum + billed * Math.log(RISE) - expected * (RISE - 1))
    return this.#sum > ALARM
  }

  forget(): void {
    this.#sum = 0
  }
}
