import type { Credit } from '../protocol/store.ts'

/** The most answered lines that are remembered, so that a credit finds the booking it takes back. */
const REPORTS_KEPT = 256

/** Credits of a purse (spend proven not to have happened) that wait for the next line to the store. */
export class Credits {
  #credits: { readonly amount: number; readonly spentAt: number }[] = []
  #reports: { readonly before: number; readonly bookedAtMs: number }[] = []

  get any(): boolean {
    return this.#credits.length > 0
  }

  /**
   * Adds a credit of `amount` micros.
   *
   * @param spentAt the number of the next hold at the time of the spend
   */
  add(amount: number, spentAt: number): void {
    this.#credits.push({ amount, spentAt })
  }

  /** All spend before the hold of this number was in an answered line. */
  get reportedBefore(): number {
    return this.#reports.at(-1)?.before ?? 0
  }

  /** Remembers that a line with all spend before hold number `before` was booked at `bookedAtMs` (store's clock). */
  remember(before: number, bookedAtMs: number): void {
    this.#reports.push({ before, bookedAtMs })
    if (this.#reports.length > REPORTS_KEPT) this.#reports.shift()
  }

  forget(): void {
    this.#credits = []
  }

  /**
   * Removes and returns the credits whose spend was in an answered line. A credit whose line is no longer remembered is
   * dropped: the money stays spent.
   */
  take(): Credit[] {
    const booked: Credit[] = []
    this.#credits = this.#credits.filter(({ amount, spentAt }) => {
      const report = this.#reports.find(({ before }) => before > spentAt)
      if (report) booked.push({ amount, bookedAtMs: report.bookedAtMs })
      return !report && this.#reports.length < REPORTS_KEPT
    })
    return booked
  }
}
