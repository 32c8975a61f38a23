import { type Micros, micros } from '../../money.ts'
import type { BudgetManager, Ending, Hold, HoldTerms, Scope } from '../../shield/index.ts'
import { BidHolds } from './bid-holds.ts'

/** The part of the shield that bids and their notices work with. All of it is synchronous. */
export interface BidLedger {
  /** Whether the amount could be held in all scopes now. */
  fits(scopes: readonly Scope[], amount: Micros, seat: Payer): boolean
  /** Sets the amount aside in all scopes or in none, for the bid of that number; false for none. */
  hold(seq: number, scopes: readonly Scope[], amount: Micros, seat: Payer): boolean
  /** The store's answer that a hold failed for the lack of, once: after it the same hold may succeed. */
  takeShortage(): Promise<void> | undefined
  /** Turns the hold of a bid into spend, whether it is still open or not; `unknown` for one that is not known. */
  settle(seq: number, amount: Micros): Ending
  release(seq: number): Ending
  /** The hold of a bid that is neither settled nor released; its time may be over. */
  openHold(seq: number): Hold | undefined
  /** Frees the hold of a bid that was never sent, which is no loss. */
  withdraw(seq: number): void
  /** Books a bill for a bid that has no hold here. The same id again books nothing. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending
  /** Micros held for the open bids of a seat. */
  heldFor(seat: string): Micros
  /** To be told of every hold whose time was over; false for one that is not of a bid here. */
  expired(hold: Hold): boolean
}

/** The seat that a bid is made for, and how long its money is held. */
interface Payer {
  readonly id: string
  readonly hold: HoldTerms
}

/** The bids' ledger on the budgets of this process. */
export function createBidLedger(budget: BudgetManager): BidLedger {
  const holds = new BidHolds()
  /** Micros by seat, which is also the id that the holds carry. */
  const held = new Map<string, { micros: number }>()
  const free = ({ id, micros: amount }: Hold): boolean => {
    const ofSeat = held.get(id)
    if (ofSeat) ofSeat.micros -= amount
    return ofSeat !== undefined
  }
  const release = (seq: number, how: 'lost' | 'withdrawn'): Ending => {
    const hold = holds.get(seq)
    if (!hold) return 'unknown'
    const ending = budget.release(hold, how)
    if (ending === 'released') free(hold)
    return ending
  }
  let shortage: Promise<void> | undefined
  return {
    fits: (scopes, amount, { hold }) => budget.canSpend(scopes, amount, hold) === undefined,
    hold(seq, scopes, amount, { id, hold: terms }) {
      const opened = budget.open(scopes, amount, terms, id)
      if (opened.is === 'short') shortage = opened.drawn
      if (opened.is !== 'held') return false
      holds.put(seq, opened)
      const ofSeat = held.get(id)
      if (ofSeat) ofSeat.micros += amount
      else held.set(id, { micros: amount })
      return true
    },
    takeShortage() {
      const taken = shortage
      shortage = undefined
      return taken
    },
    settle(seq, amount) {
      const hold = holds.get(seq)
      if (!hold) return 'unknown'
      const ending = budget.settle(hold, amount)
      if (ending === 'settled') free(hold)
      return ending
    },
    release: (seq) => release(seq, 'lost'),
    openHold(seq) {
      const hold = holds.get(seq)
      return hold?.state === 'open' ? hold : undefined
    },
    withdraw(seq) {
      release(seq, 'withdrawn')
    },
    addSpend: (id, scopes, amount) => budget.addSpend(id, scopes, amount),
    heldFor: (seat) => micros(held.get(seat)?.micros ?? 0),
    expired: free,
  }
}
