/** The share of a lease that is used. It keeps a process within its lease even if clocks run 5 % too fast or too slow. */
const LEASE_SHARE = 0.85

/** How long a purse may be used without an answer from the store. */
export class Lease {
  #endsMs = 0
  #forMs = Number.POSITIVE_INFINITY

  isOver(nowMs: number): boolean {
    return nowMs >= this.#endsMs
  }

  /** Whether it is time to renew it. */
  isLate(nowMs: number): boolean {
    return this.#endsMs - nowMs < (this.#forMs * LEASE_SHARE * 2) / 3
  }

  /**
   * Starts a lease of `forMs` milliseconds.
   *
   * @param fromMs when the answered line was first sent (elapsed ms)
   */
  renew(fromMs: number, forMs: number): void {
    this.#forMs = forMs
    this.#endsMs = fromMs + forMs * LEASE_SHARE
  }

  end(): void {
    this.#endsMs = 0
  }
}
