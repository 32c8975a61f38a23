import type { Credit } from './store/store.ts'

/** Answers to reports that are remembered, so that a credit finds the spend it takes back. */
const REPORTS_KEPT = 256

/** Spend of a purse that is proven not to have happened, until the store is told which of its bookings to take back. */
export class Credits {
  #credits: { readonly amount: number; readonly spentAt: number }[] = []
  #reports: { readonly before: number; readonly bookedAtMs: number }[] = []

  get any(): boolean {
    return this.#credits.length > 0
  }

  /** @param spentAt the number that the next hold had when it was spent */
  add(amount: number, spentAt: number): void {
    this.#credits.push({ amount, spentAt })
  }

  /** Spend from before the hold of this number was reported, unless something is under way. */
  get reportedBefore(): number {
    return this.#reports.at(-1)?.before ?? 0
  }

  /** Spend from before the hold of this number was booked then. */
  remember(before: number, bookedAtMs: number): void {
    this.#reports.push({ before, bookedAtMs })
    if (this.#reports.length > REPORTS_KEPT) this.#reports.shift()
  }

  forget(): void {
    this.#credits = []
  }

  /** Credits whose spend was in an answered line. One whose line is forgotten is given up: the money stays spent. */
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
