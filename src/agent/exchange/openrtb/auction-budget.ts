import { type Micros, micros } from '../../../money.ts'
import type {
  BudgetManager,
  Ending,
  Hold,
  HoldTerms,
  Room,
  Scope,
  Short,
  Veto,
} from '../../../shield/index.ts'
import { BidHolds } from './bid-holds.ts'

/** Why money was not held; `budget_unknown` where the store has not yet said whether there is any. */
export type Lack = 'over_budget' | 'budget_unknown' | 'stopped'

/** Why money cannot be held, and what that says of other amounts. */
export interface HoldRefusal extends Room {
  readonly lack: Lack
}

/** The budgets as bids of auctions and their notices use them. All methods are synchronous. */
export interface AuctionBudget {
  /** Ends all holds whose time is over. */
  expire(): void
  /** Why the amount cannot be held in all scopes now, as far as this process knows; undefined where it can. */
  refusal(scopes: readonly Scope[], amount: Micros, seat: HoldingSeat): HoldRefusal | undefined
  /**
   * Holds the amount in all scopes for the bid numbered `seq`. If one of the scopes refuses, holds nothing and returns
   * why.
   */
  hold(seq: number, scopes: readonly Scope[], amount: Micros, seat: HoldingSeat): Lack | undefined
  /** Whether as many bids are kept as allowed. Ended bids on a page with open ones count as well. */
  readonly isFull: boolean
  /** Number of bids that the kept pages have room for. */
  readonly size: number
  /** Returns, once, the pending store request that a failed hold needs. When it resolves the same hold may succeed. */
  takeShortage(): Promise<void> | undefined
  /**
   * Turns `amount` of a bid's hold into spend, whether the hold is still open or not. Returns `unknown` for an unknown
   * bid. The rest of an open hold stays held until its time is over, since a higher bill may follow.
   */
  settle(seq: number, amount: Micros): Ending
  release(seq: number): Ending
  /** The hold of a bid that was neither settled nor released; its time may be over. */
  openHold(seq: number): Hold | undefined
  /** Frees the hold of a bid that was never sent. It does not count as a loss. */
  withdraw(seq: number): void
  /** Books a bill for a bid without a hold in this process. Booking the same id again has no effect. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending
  /** Micros held for the open bids of a seat. */
  heldFor(seat: string): Micros
  /** Has to be called with every hold whose time is over. Returns false for a hold that is not of a bid here. */
  expired(hold: Hold): boolean
}

/** The seat that a bid is made for, and how long its bids are held. */
interface HoldingSeat {
  readonly id: string
  readonly hold: HoldTerms
}

/**
 * Holds and settles the money of auctions' bids in the budgets of this process.
 * @param currency ISO 4217 code of all holds
 * @param maxBids most bids kept in memory
 */
export function createAuctionBudget(budget: BudgetManager, currency: string, maxBids: number): AuctionBudget {
  const holds = new BidHolds()
  /** Micros held by seat; the seat is also the id of its holds. */
  const held = new Map<string, { micros: number }>()
  const free = ({ id }: Hold, amount: number): boolean => {
    const ofSeat = held.get(id)
    if (ofSeat) ofSeat.micros -= amount
    return ofSeat !== undefined
  }
  const release = (seq: number, how: 'lost' | 'withdrawn'): Ending => {
    const hold = holds.get(seq)
    if (!hold) return 'unknown'
    const ending = budget.release(hold, how)
    if (ending === 'released') free(hold, hold.micros)
    return ending
  }
  let shortage: Promise<void> | undefined
  return {
    expire: () => budget.expire(),
    refusal(scopes, amount, { hold }) {
      // Amounts of two currencies cannot be added, so a budget in another currency pays for nothing.
      const scope = scopes.find((one) => one.limits.length > 0 && one.currency !== currency)
      if (scope) return { scope, micros: -1, untilMs: Number.POSITIVE_INFINITY, lack: 'over_budget' }
      const veto = budget.canSpend(scopes, amount, hold)
      return veto && { ...budget.roomAfter(veto), lack: lackOf(veto) }
    },
    hold(seq, scopes, amount, { id, hold: terms }) {
      const opened = budget.open(scopes, amount, terms, id)
      if (opened.is === 'short') shortage = opened.drawn
      if (opened.is !== 'held') return lackOf(opened)
      holds.put(seq, opened)
      const ofSeat = held.get(id)
      if (ofSeat) ofSeat.micros += amount
      else held.set(id, { micros: amount })
      return undefined
    },
    get isFull() {
      return holds.isFull(maxBids)
    },
    get size() {
      return holds.size
    },
    takeShortage() {
      const taken = shortage
      shortage = undefined
      return taken
    },
    settle(seq, amount) {
      const hold = holds.get(seq)
      if (!hold) return 'unknown'
      const { rest } = hold
      const ending = budget.settlePart(hold, amount)
      if (ending === 'settled') free(hold, hold.state === 'open' ? amount : rest)
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
    expired: (hold) => free(hold, hold.rest),
  }
}

function lackOf({ is }: Veto | Short): Lack {
  switch (is) {
    case 'over_budget':
      return 'over_budget'
    case 'short':
    case 'store_away':
      return 'budget_unknown'
    case 'kill_switch':
    case 'paused':
      return 'stopped'
  }
}
