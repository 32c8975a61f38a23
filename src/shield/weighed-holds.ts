import { BoundedReserve, type WeighedHold } from './bounded-reserve.ts'
import type { HoldTerms } from './hold.ts'
import type { HoldMode, HoldModeNow } from './hold-mode.ts'

export interface HoldToWeigh extends WeighedHold {
  readonly number: number
  readonly queue: { readonly terms: HoldTerms }
}

/**
 * The open holds of a bounded scope that are not set aside in full: bids in auctions, which are released unless they are
 * billed. What a platform was asked to spend is not weighed: it is all but certain.
 */
export class WeighedHolds {
  /** Micros of the purse that are set aside for them. */
  setAside = 0
  readonly #reserve: BoundedReserve
  /** Holds with a lower number were taken in full. */
  readonly #from: number
  /** What was set aside for holds whose lease ended; the store counts it, and their bills come out of it. */
  #forfeited = 0

  constructor(maxOverspendProbability: number, from: number) {
    this.#reserve = new BoundedReserve(maxOverspendProbability)
    this.#from = from
  }

  set mode(mode: HoldMode) {
    this.#reserve.bound(mode.is === 'bounded' ? mode.maxOverspendProbability : undefined)
  }

  get modeNow(): HoldModeNow {
    return this.#reserve.modeNow
  }

  /** The prices of all of them. */
  get prices(): number {
    return this.#reserve.prices
  }

  /** What they need and have not, in micros; negative for what is to spare. */
  get lack(): number {
    return this.#reserve.needed - this.setAside
  }

  /**
   * Sets aside what is needed, as far as the balance goes, or less than before.
   *
   * @returns micros that leave the balance; negative for what goes back to it
   */
  level(balance: number): number {
    const moved = Math.min(this.lack, balance)
    this.setAside += moved
    return moved
  }

  weighs({ number, queue }: HoldToWeigh): boolean {
    return queue.terms.onExpiry === 'release' && number >= this.#from
  }

  step(nowMs: number): void {
    this.#reserve.step(nowMs)
  }

  /** Micros that a further hold takes, with what those before it lack. */
  costOf(amount: number, terms: HoldTerms | undefined): number {
    if (terms?.onExpiry !== 'release') return amount + Math.max(0, this.lack)
    return Math.max(0, this.#reserve.neededWith(amount, terms.ttlMs) - this.setAside)
  }

  add(hold: HoldToWeigh): true {
    this.#reserve.add(hold)
    return true
  }

  /** @returns how much of the bill was set aside, which is not any more */
  bill(hold: HoldToWeigh, amount: number): number {
    this.#reserve.bill(hold)
    const covered = Math.min(amount, hold.micros, this.setAside)
    this.setAside -= covered
    return covered
  }

  /** @param how a bid that was never sent says nothing about how bids end */
  release(hold: HoldToWeigh, how: 'lost' | 'withdrawn'): true {
    if (how === 'lost') this.#reserve.lose(hold)
    else this.#reserve.withdraw(hold)
    return true
  }

  /** The lease ended: the store has what was set aside, and books it as spend. */
  forfeit(): void {
    this.#forfeited += this.setAside
    this.setAside = 0
    this.#reserve.clear()
  }

  /** @returns how much of a bill for a forfeited hold the store does not count yet */
  beyondForfeit({ micros }: HoldToWeigh, amount: number): number {
    const covered = Math.min(amount, micros, this.#forfeited)
    this.#forfeited -= covered
    return amount - covered
  }
}
