/** Share of the expected bills that is not counted as missing; without it chance alone would make the sum grow for ever. */
const IGNORED_SHARE = 0.02

/**
 * The money that is set aside for missing bills: those that were expected by now and have not come. (A bill that comes when
 * nothing is set aside for it any more is a late bill, see `late-bill-reserve.ts`.) A seat that keeps notices back, or becomes
 * slower, makes its won bids look lost: an open bid weighs less with every slot in which no bill for it comes. So what is
 * missing stays set aside, until it has come or the statistics have learned the new delays.
 */
export class MissingBillReserve {
  /** Micros that are set aside. */
  micros = 0

  /** Adds one slot: micros of bills that the statistics expected in it, and that came. */
  pass(expected: number, billed: number): void {
    this.micros = Math.max(0, this.micros + expected * (1 - IGNORED_SHARE) - billed)
  }

  forget(): void {
    this.micros = 0
  }
}
