/** This share of the expected bills is not counted as missing; otherwise chance alone would make the sum grow for ever. */
const LET_GO = 0.02

/**
 * The bills that were expected and have not come, in micros. A seat that keeps notices back, or becomes slower, makes its
 * won bids look lost: an open bid weighs less with every slot in which no bill for it comes. So what is missing stays
 * set aside, until it has come or the statistics have learned the new delays.
 */
export class MissingBills {
  micros = 0

  /** Adds one slot: micros of bills that the statistics expected in it, and that came. */
  pass(expected: number, billed: number): void {
    this.micros = Math.max(0, this.micros + expected * (1 - LET_GO) - billed)
  }

  forget(): void {
    this.micros = 0
  }
}
