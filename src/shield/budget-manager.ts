import { strict as assert } from 'node:assert'
import type { Clock } from '../clock.ts'
import type { Micros } from '../money.ts'
import { Budgets, type BudgetsOptions } from './budgets.ts'
import { Hold, HoldQueue, type HoldTerms } from './hold.ts'
import { HoldIndex } from './hold-index.ts'
import type { Scope } from './scope.ts'
import { type ScopeStats, statsOf } from './stats.ts'
import type { Short, Veto } from './veto.ts'

export type HoldResult =
  | Hold
  | { readonly is: 'repeated'; readonly hold: Hold }
  | { readonly is: 'id_reused'; readonly hold: Hold }
  | Short
  | Veto

/** What a verb did to a hold. `already` and `unknown` moved no money. */
export type Ending = 'settled' | 'settled_late' | 'released' | 'credited' | 'already' | 'unknown'

export interface BudgetManagerOptions extends BudgetsOptions {
  /** At least so many of the latest holds are remembered after their end, so that a repeated verb is recognised. */
  readonly rememberEnded?: number
  /** Called for every hold that ended by its time. */
  readonly onExpired?: (hold: Hold) => void
}

const DEFAULT_REMEMBERED = 8_000
/** Of spend that was never held: it waits nowhere. */
const NEVER_HELD = new HoldQueue({ ttlMs: 0, onExpiry: 'settle' })

/**
 * Holds on the budgets of this process. Every hold comes out of the purses of its scopes, in one synchronous step: between
 * a check and its deduction nothing else can run. What is in the purses was granted by the store, which sees to it that
 * for every scope and limit, over all processes, spend in the window plus whatever may still be spent ≤ limit.
 */
export class BudgetManager extends Budgets {
  readonly #clock: Clock
  readonly #onExpired: ((hold: Hold) => void) | undefined
  readonly #holds: HoldIndex
  readonly #queues: HoldQueue[] = []
  #nextHold = 1

  constructor(options: BudgetManagerOptions) {
    super(options, () => this.#nextHold)
    this.#clock = options.clock
    this.#onExpired = options.onExpired
    this.#holds = new HoldIndex(options.rememberEnded ?? DEFAULT_REMEMBERED)
  }

  /** Undefined when `amount` could be held on all scopes now as far as is known here, else the first reason why not. */
  canSpend(scopes: readonly Scope[], amount: Micros, terms?: HoldTerms): Veto | undefined {
    const nowMs = this.#clock.elapsedMs()
    const veto = this.couldDraw(scopes, amount, nowMs, terms)
    if (veto?.is !== 'over_budget' || !this.#sweep(nowMs)) return veto
    return this.couldDraw(scopes, amount, nowMs, terms)
  }

  /**
   * Sets `amount` aside in every scope, or in none. The same id and amount again returns the same hold and moves
   * nothing; the same id with another amount is refused.
   */
  hold(id: string, scopes: readonly Scope[], amount: Micros, terms: HoldTerms): HoldResult {
    const earlier = this.#holds.get(id)
    if (earlier) return { is: earlier.micros === amount ? 'repeated' : 'id_reused', hold: earlier }

    const opened = this.open(scopes, amount, terms, id)
    if (opened.is === 'held') this.#holds.add(opened)
    return opened
  }

  /** Like {@link hold}, waiting for the store where it has to be asked. */
  async holdSoon(
    id: string,
    scopes: readonly Scope[],
    amount: Micros,
    terms: HoldTerms,
  ): Promise<Exclude<HoldResult, Short>> {
    for (;;) {
      const result = this.hold(id, scopes, amount, terms)
      if (result.is !== 'short') return result
      await result.drawn
    }
  }

  /**
   * Sets `amount` aside in every scope, or in none, for a caller that keeps the hold itself and never asks twice: no id
   * is looked up or remembered, which is most of what a hold costs.
   */
  open(scopes: readonly Scope[], amount: Micros, terms: HoldTerms, id = ''): Hold | Short | Veto {
    const nowMs = this.#clock.elapsedMs()
    for (const { purse } of scopes) if (terms.ttlMs > purse.longestHoldMs) purse.lengthen(terms.ttlMs)
    let veto = this.draw(scopes, amount, nowMs, terms)
    // A hold whose time is over may be what is in the way; only then is it worth looking.
    if (veto?.is === 'over_budget' && this.#sweep(nowMs)) veto = this.draw(scopes, amount, nowMs, terms)
    if (veto) return veto

    assert(areDistinct(scopes), `${id} names a scope twice`)

    // From here on the hold succeeds.
    const queue = this.#queueFor(terms)
    const hold = new Hold(id, this.#nextHold++, scopes, amount, nowMs + terms.ttlMs, queue)
    for (const { purse } of scopes) purse.take(amount, hold)
    queue.push(hold)
    return hold
  }

  /**
   * Turns a hold into spend of `amount`, in the windows from now on; the rest is free again. More than was held, or a
   * bill for a released hold, is booked all the same (the money is gone) and counts as overdraft where no room is left.
   */
  settle(which: Hold | string, amount: Micros): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    const nowMs = this.#clock.elapsedMs()
    // Its time is over although nobody has looked: the store may have counted its money as spent, and freed it since.
    if (hold.state === 'open' && hold.expiresAtMs <= nowMs) this.#expire(hold, nowMs)
    return this.#settle(hold, amount, nowMs)
  }

  #settle(hold: Hold, amount: number, nowMs: number): Ending {
    if (hold.state === 'settled') return 'already'
    const late = hold.state === 'released'
    if (!late) hold.queue.remove(hold)
    hold.state = 'settled'
    hold.spent = amount
    hold.settledBefore = this.#nextHold++
    let uncovered = late
    for (const scope of hold.scopes) {
      scope.spent += amount
      if (late) scope.purse.spendUnheld(amount, nowMs)
      else if (hold.number >= scope.purse.firstHold) scope.purse.settle(hold.micros, amount, nowMs, hold)
      // The store has counted the hold itself as spent when the lease ended.
      else scope.purse.settleForfeited(hold, amount, nowMs)
      uncovered ||= amount > hold.micros
    }
    // Whether it is an overdraft, only the store knows.
    if (uncovered) this.link.draw(hold.scopes)
    return late ? 'settled_late' : 'settled'
  }

  /** A hold of `isRecorded` is on the disk now: only from here on anything may be done with it. */
  recorded({ scopes, number }: Hold): void {
    for (const { purse } of scopes) purse.recorded(number)
  }

  /** Frees all of a hold; `withdrawn` says that nothing was bid with it after all. */
  release(which: Hold | string, how: 'lost' | 'withdrawn' = 'lost'): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'open') return 'already'
    hold.queue.remove(hold)
    hold.state = 'released'
    for (const { purse } of hold.scopes) {
      if (hold.number >= purse.firstHold) purse.release(hold.micros, hold, how)
    }
    return 'released'
  }

  /** Takes back the spend of a settled hold that is proven not to have happened. */
  credit(which: Hold | string): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'settled') return 'already'
    for (const scope of hold.scopes) {
      scope.spent -= hold.spent
      if (hold.number >= scope.purse.firstHold) scope.purse.credit(hold.spent, hold.settledBefore)
    }
    hold.state = 'released'
    hold.spent = 0
    return 'credited'
  }

  /** Books spend that was never held. The same id again books nothing. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending {
    if (this.#holds.get(id)) return 'already'
    assert(areDistinct(scopes), `${id} names a scope twice`)
    const nowMs = this.#clock.elapsedMs()
    const hold = new Hold(id, this.#nextHold++, scopes, amount, nowMs, NEVER_HELD)
    hold.state = 'settled'
    hold.spent = amount
    hold.settledBefore = this.#nextHold++
    this.#holds.add(hold)
    for (const scope of scopes) {
      scope.spent += amount
      scope.purse.spendUnheld(amount, nowMs)
    }
    this.link.draw(scopes)
    return 'settled'
  }

  /** Ends every hold whose time is over. Called by a timer, and before any refusal for lack of money. */
  expire(): void {
    this.#sweep(this.#clock.elapsedMs())
  }

  /** The hold of that id, open or remembered. */
  find(id: string): Hold | undefined {
    return this.#holds.get(id)
  }

  /** How many holds are open or remembered. */
  get size(): number {
    return this.#holds.size
  }

  /** As of the store's last answer; {@link refresh} brings a new one. */
  stats(scope: Scope): ScopeStats {
    this.expire()
    return statsOf(scope)
  }

  /** Asks the store how these scopes stand. Undefined when it has answered already. */
  refresh(scopes: Iterable<Scope> = this.scopes): Promise<void> | undefined {
    return this.link.refresh(scopes)
  }

  /**
   * Tells the store everything and gives back what is not held. What is held stays counted there until it cannot be
   * billed any more.
   */
  close(): Promise<void> {
    this.expire()
    return this.link.close()
  }

  /** An id finds a hold while it is remembered; the hold itself is good for as long as somebody keeps it. */
  #resolve(which: Hold | string): Hold | undefined {
    return typeof which === 'string' ? this.#holds.get(which) : which
  }

  /** A handful of terms are in use, each from configuration. */
  #queueFor(wanted: HoldTerms): HoldQueue {
    const { ttlMs, onExpiry, isRecorded = false } = wanted
    for (const queue of this.#queues) {
      const { terms } = queue
      if (terms.ttlMs === ttlMs && terms.onExpiry === onExpiry && (terms.isRecorded ?? false) === isRecorded)
        return queue
    }
    const queue = new HoldQueue({ ttlMs, onExpiry, isRecorded })
    this.#queues.push(queue)
    return queue
  }

  /** Ends the holds whose time is over; false when there was none. */
  #sweep(nowMs: number): boolean {
    let swept = false
    for (const queue of this.#queues) {
      for (let hold = queue.first; hold && hold.expiresAtMs <= nowMs; hold = queue.first) {
        this.#expire(hold, nowMs)
        swept = true
      }
    }
    return swept
  }

  #expire(hold: Hold, nowMs: number): void {
    if (hold.queue.terms.onExpiry === 'settle') this.#settle(hold, hold.micros, nowMs)
    else this.release(hold)
    this.#onExpired?.(hold)
  }
}

/** A scope that paid twice for one bid would pass its limit unseen. */
function areDistinct(scopes: readonly Scope[]): boolean {
  for (let i = 1; i < scopes.length; i++) {
    for (let k = 0; k < i; k++) if (scopes[i] === scopes[k]) return false
  }
  return true
}
