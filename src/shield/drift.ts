/** A rise of the win rate by this factor is looked for. */
const RISE = 1.25
/** Without any change, a false alarm comes once in e^14 slots or more seldom. */
const ALARM = 14

/**
 * Watches whether more bids are billed than what is known says: Page's cumulative sum for counts. It finds what Chernoff's
 * and Bernstein's bounds assume away, a win rate that rises or wins that come in clumps.
 */
export class Drift {
  #sum = 0

  /** Takes a slot in; true when the bills of late are too many for chance. */
  isRising(billed: number, expected: number): boolean {
    this.#sum = Math.max(0, this.#sum + billed * Math.log(RISE) - expected * (RISE - 1))
    return this.#sum > ALARM
  }

  forget(): void {
    this.#sum = 0
  }
}
