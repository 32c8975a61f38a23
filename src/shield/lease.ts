/** Share of a lease that is used: clocks that run 5 % apart in either direction may not make the process the later one. */
const LEASE_SHARE = 0.85

/** How long a purse may be used without a word from the store. */
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

  /** @param fromMs when the line was sent first that was answered */
  renew(fromMs: number, forMs: number): void {
    this.#forMs = forMs
    this.#endsMs = fromMs + forMs * LEASE_SHARE
  }

  end(): void {
    this.#endsMs = 0
  }
}
