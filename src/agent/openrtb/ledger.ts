import type { Micros } from '../../money.ts'
import type { BudgetManager, Ending, HoldTerms, Scope } from '../../shield/index.ts'

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

const RADIX = 36

/**
 * Short on purpose: below 13 characters V8 keeps a joined text as one small string, and hundreds of thousands of these
 * are alive.
 */
const holdId = (seq: number): string => `o${seq.toString(RADIX)}`

/** The bids' ledger on the budgets of this process. */
export function createBidLedger(budget: BudgetManager): BidLedger {
  return {
    fits: (scopes, amount) => budget.canSpend(scopes, amount) === undefined,
    hold: (seq, scopes, amount, terms) => budget.hold(holdId(seq), scopes, amount, terms).is === 'held',
    settle: (seq, amount) => budget.settle(holdId(seq), amount),
    release: (seq) => budget.release(holdId(seq)),
    addSpend: (id, scopes, amount) => budget.addSpend(id, scopes, amount),
  }
}
