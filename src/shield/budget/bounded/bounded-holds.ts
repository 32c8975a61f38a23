import type { HoldTerms } from '../hold-terms.ts'
import type { HoldMode, HoldModeNow } from '../protocol/hold-mode.ts'
import type { KeptClass } from './kept-outcomes.ts'
import type { Distrust } from './late-bill-reserve.ts'
import { type Remembered, RequiredReserve, type WeighedHold } from './required-reserve.ts'

export interface HoldToWeigh extends WeighedHold {
  readonly number: number
  readonly queue: { readonly terms: HoldTerms }
}

/** What an earlier start knew. */
export interface Earlier {
  readonly kept?: readonly Remembered[]
  readonly distrust?: Distrust | undefined
}

/** How a hold ended without spend. */
export type Unspent = 'lost' | 'lapsed' | 'withdrawn'

/**
 * The open auction bids of a bounded scope, and the micros of its purse that are set aside for them; how many these must be
 * is computed by {@link RequiredReserve}. Only part of their prices is set aside, since most are never billed. Holds
 * of platform calls are not among them: those are almost always spent, so they are set aside in full.
 */
export class BoundedHolds {
  /** Micros of the purse that are set aside for these holds. */
  setAside = 0
  readonly #reserve: RequiredReserve
  /** Holds with a lower number were made before the scope became bounded and are set aside in full. */
  readonly #from: number
  /** Micros set aside for holds whose lease ended. The store has forfeited them; bills of those holds use them up. */
  #forfeited = 0

  /** @param earlier what an earlier start knew */
  constructor(maxOverspendProbability: number, from: number, { kept = [], distrust }: Earlier = {}) {
    this.#reserve = new RequiredReserve(maxOverspendProbability, undefined, kept, distrust)
    this.#from = from
  }

  set mode(mode: HoldMode) {
    this.#reserve.bound(mode.is === 'bounded' ? mode.maxOverspendProbability : undefined)
  }

  /** Micros by which the prices may exceed what is set aside, once that is earned. */
  set mostAllowance(micros: number) {
    this.#reserve.mostAllowance = micros
  }

  /** Micros by which they may exceed it now. */
  get allowance(): number {
    return this.#reserve.allowance
  }

  /** Set while bills are late too often, and for some time afterwards. */
  get distrust(): Distrust | undefined {
    return this.#reserve.distrust
  }

  get modeNow(): HoldModeNow {
    return this.#reserve.modeNow
  }

  /** What is known now of how bids end, for a later start. */
  kept(wallMs: number): KeptClass[] {
    return this.#reserve.kept(wallMs)
  }

  /** How often those statistics were discarded, since more bids were billed than they predicted. */
  get distrusts(): number {
    return this.#reserve.distrusts
  }

  /** Sum of the prices of these holds, in micros. */
  get prices(): number {
    return this.#reserve.prices
  }

  /** Micros that the reserve needs beyond what is set aside; negative when more than needed is set aside. */
  get lack(): number {
    return this.#reserve.needed - this.setAside
  }

  /**
   * Changes what is set aside to what is needed; an increase is limited by `balance` (micros).
   *
   * @returns micros to take from the balance; negative when micros go back to it
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

  /** Micros that one more hold takes from the balance, including what the present holds lack. */
  costOf(amount: number, terms: HoldTerms | undefined): number {
    if (terms?.onExpiry !== 'release') return amount + Math.max(0, this.lack)
    return Math.max(0, this.#reserve.neededWith(amount, terms.ttlMs) - this.setAside)
  }

  add(hold: HoldToWeigh): true {
    this.#reserve.add(hold)
    return true
  }

  /**
   * Ends a hold as billed with `amount` micros.
   *
   * @param paid micros of earlier bills of this hold; see {@link billPart}
   * @returns micros of the bill that come out of what was set aside
   */
  bill(hold: HoldToWeigh, amount: number, paid: number): number {
    this.#reserve.bill(hold, paid)
    // No more than is left of its own price: the rest of what is set aside is for other bids.
    const covered = Math.min(amount, hold.micros - paid, this.setAside)
    this.setAside -= covered
    return covered
  }

  /**
   * Books a bill that may be followed by a higher one: the hold stays open, and its reserve shrinks by the bill.
   *
   * @returns micros of the bill that come out of what was set aside
   */
  billPart(amount: number): number {
    const covered = Math.min(amount, this.setAside)
    this.setAside -= covered
    this.#reserve.billPart(amount)
    return covered
  }

  /**
   * Ends a hold without spend.
   *
   * @param how `lapsed` where its time is over; `withdrawn` for a bid that was never sent, which is not learned from
   */
  release(hold: HoldToWeigh, how: Unspent): true {
    if (how === 'lost') this.#reserve.lose(hold)
    else if (how === 'lapsed') this.#reserve.lapse(hold)
    else this.#reserve.withdraw(hold)
    return true
  }

  /**
   * Books a bill of a hold that has ended without spend.
   *
   * @param isAwaited whether its time was over and no notice had come
   * @param most micros of the bill that may be paid from what was set aside
   * @returns micros of the bill that come out of what was set aside
   */
  billLate(
    hold: HoldToWeigh,
    amount: number,
    nowMs: number,
    { isAwaited, most }: { readonly isAwaited: boolean; readonly most: number },
  ): number {
    this.#reserve.step(nowMs)
    if (!isAwaited || !this.#reserve.billLapsed(hold)) {
      this.#reserve.billUnheld(amount, nowMs, hold)
      return 0
    }
    const covered = Math.min(amount, hold.micros, most, this.setAside)
    this.setAside -= covered
    return covered
  }

  /** Counts a bill of a bid that is not one of these holds, so that nothing was set aside for it. */
  billUnheld(amount: number, nowMs: number): void {
    this.#reserve.billUnheld(amount, nowMs)
  }

  /** The lease ended: the store has forfeited what was set aside, and will book it as spend. */
  forfeit(): void {
    this.#forfeited += this.setAside
    this.setAside = 0
    this.#reserve.clear()
  }

  /** @returns micros of a bill for a forfeited hold that go beyond what the store has forfeited */
  beyondForfeit({ micros }: HoldToWeigh, amount: number): number {
    const covered = Math.min(amount, micros, this.#forfeited)
    this.#forfeited -= covered
    return amount - covered
  }
}
