/** The share of all bills that may be late without being counted: a few always are. */
const TOLERATED_SHARE = 0.01
/** How many late bills beyond that share a scope may have before it becomes strict. */
const TOLERATED_BILLS = 4
/** The most doublings of the time of distrust: from the fifth distrust on it is 2⁴ = 16 generations. */
const MAX_DOUBLINGS = 4

/**
 * The money that is set aside for late bills: bills of bids that had counted as lost, or that this process does not know.
 * The statistics of how bids end do not cover them. So as much as late bills came to lately is set aside for further ones,
 * and when there are many of them the scope becomes strict. It stays strict for one generation of statistics after the last
 * late bill, and twice as long each time that this happens again, so that a seat which behaves well only until it is trusted
 * gains little.
 */
export class LateBillReserve {
  /** Micros that are set aside for further late bills. */
  micros = 0
  #number = 0
  #distrusts = 0
  #strictUntilMs: number | undefined

  /** Set while the scope is strict for its late bills: until when (elapsed ms), and how often that has happened. */
  get distrust(): Distrust | undefined {
    if (this.#strictUntilMs === undefined) return undefined
    return { untilMs: this.#strictUntilMs, times: this.#distrusts }
  }

  /** Subtracts the tolerated share of a slot's bills (number and micros). */
  pass(billed: number, billedMicros: number): void {
    this.#number = Math.max(0, this.#number - TOLERATED_SHARE * billed)
    this.micros = this.#number === 0 ? 0 : Math.max(0, this.micros - TOLERATED_SHARE * billedMicros)
  }

  /**
   * Adds a late bill.
   *
   * @param amount micros
   * @param nowMs elapsed ms
   * @param generationMs how long a generation of statistics lasts
   * @returns whether the scope becomes strict by this bill
   */
  add(amount: number, nowMs: number, generationMs: number): boolean {
    this.micros += amount
    this.#number += 1
    const wasTrusted = this.#strictUntilMs === undefined
    if (wasTrusted && this.#number <= TOLERATED_BILLS) return false
    if (wasTrusted) this.#distrusts += 1
    const forMs = generationMs * 2 ** Math.min(MAX_DOUBLINGS, this.#distrusts - 1)
    this.#strictUntilMs = Math.max(this.#strictUntilMs ?? 0, nowMs + forMs)
    return wasTrusted
  }

  /** Ends the time of distrust when it is over; late bills are then counted from 0 again. */
  step(nowMs: number): void {
    if (this.#strictUntilMs === undefined || nowMs < this.#strictUntilMs) return
    this.#strictUntilMs = undefined
    this.#number = 0
    this.micros = 0
  }

  /** Continues the distrust of an earlier start of this process. */
  restore({ untilMs, times }: Distrust): void {
    this.#strictUntilMs = untilMs
    this.#distrusts = times
  }
}

export interface Distrust {
  /** Elapsed ms; wall-clock ms where it is kept for a later start. */
  readonly untilMs: number
  /** How often the scope has become strict for its late bills. */
  readonly times: number
}
