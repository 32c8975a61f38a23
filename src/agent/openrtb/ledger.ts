import type { Micros } from '../../money.ts'
import type { BudgetManager, Ending, HoldTerms, Scope } from '../../shield/index.ts'
import { BidHolds } from './bid-holds.ts'

/** The part of the shield that bids and their notices work with. All of it is synchronous. */
export interface BidLedger {
  /** Whether the amount could be held in all scopes now. */
  fits(scopes: readonly Scope[], amount: Micros): boolean
  /** Sets the amount aside in all scopes or in none, for the bid of that number; false for none. */
  hold(seq: number, scopes: readonly Scope[], amount: Micros, terms: HoldTerms): boolean
  /** Turns the hold of a bid into spend, whether it is still open or not; `unknown` for one that is not known. */
  settle(seq: number, amount: Micros): Ending
  release(seq: number): Ending
  /** Books a bill for a bid that has no hold here. The same id again books nothing. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending
}

/** The bids' ledger on the budgets of this process. */
export function createBidLedger(budget: BudgetManager): BidLedger {
  const holds = new BidHolds()
  return {
    fits: (scopes, amount) => budget.canSpend(scopes, amount) === undefined,
    hold(seq, scopes, amount, terms) {
      const opened = budget.open(scopes, amount, terms)
      if (opened.is !== 'held') return false
      holds.put(seq, opened)
      return true
    },
    settle(seq, amount) {
      const hold = holds.get(seq)
      return hold ? budget.settle(hold, amount) : 'unknown'
    },
    release(seq) {
      const hold = holds.get(seq)
      return hold ? budget.release(hold) : 'unknown'
    },
    addSpend: (id, scopes, amount) => budget.addSpend(id, scopes, amount),
  }
}
