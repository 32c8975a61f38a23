import { strict as assert } from 'node:assert'
import type { Clock } from '../clock.ts'
import { type Micros, micros } from '../money.ts'
import { Hold, HoldQueue, type HoldTerms } from './hold.ts'
import { HoldIndex } from './hold-index.ts'
import type { LimitSpec } from './limits.ts'
import { overBudget } from './over-budget.ts'
import { Scope } from './scope.ts'
import { type ScopeStats, statsOf } from './stats.ts'

/** Why no money was set aside. `scope` is the one that said no. */
export type Veto =
  | { readonly is: 'kill_switch'; readonly reason: string }
  | { readonly is: 'paused'; readonly scope: Scope; readonly reason: string }
  | {
      readonly is: 'over_budget'
      readonly scope: Scope
      readonly remaining: Micros
      /** Until the amount fits; Infinity for never. Exact while no hold is open in the scope. */
      readonly retryAfterMs: number
    }

export type HoldResult =
  | Hold
  | { readonly is: 'repeated'; readonly hold: Hold }
  | { readonly is: 'id_reused'; readonly hold: Hold }
  | Veto

/** What a verb did to a hold. `already` and `unknown` moved no money. */
export type Ending = 'settled' | 'settled_late' | 'released' | 'credited' | 'already' | 'unknown'

export type KillSwitch =
  | { readonly is: 'released' }
  | { readonly is: 'engaged'; readonly reason: string; readonly sinceMs: number }

export interface BudgetManagerOptions {
  readonly clock: Clock
  /** At least so many of the latest holds are remembered after their end, so that a repeated verb is recognised. */
  readonly rememberEnded?: number
  /** Called for every hold that ended by its time. */
  readonly onExpired?: (hold: Hold) => void
  /** Called when spend was booked that no limit had room for. */
  readonly onOverdraft?: (scope: Scope, amount: Micros) => void
}

const DEFAULT_REMEMBERED = 8_000
/** Of spend that was never held: it waits nowhere. */
const NEVER_HELD = new HoldQueue({ ttlMs: 0, onExpiry: 'settle' })

/**
 * Budgets of many scopes, and the holds on them. For every scope and limit, at every instant: spend in the window
 * plus open holds ≤ limit. Everything here is synchronous: between a check and its deduction nothing else can run.
 */
export class BudgetManager {
  readonly #clock: Clock
  readonly #options: BudgetManagerOptions
  readonly #scopes = new Map<string, Scope>()
  readonly #holds: HoldIndex
  readonly #queues: HoldQueue[] = []
  #killSwitch: KillSwitch = { is: 'released' }

  constructor(options: BudgetManagerOptions) {
    this.#clock = options.clock
    this.#options = options
    this.#holds = new HoldIndex(options.rememberEnded ?? DEFAULT_REMEMBERED)
  }

  /** Creates the scope or replaces the limits of the one there is; its spend and its holds stay. */
  define(name: string, currency: string, limits: readonly LimitSpec[]): Scope {
    const known = this.#scopes.get(name)
    if (known) {
      assert(known.currency === currency, `${name} is kept in ${known.currency}`)
      known.setLimits(limits)
      return known
    }
    const scope = new Scope(this.#clock, name, currency, limits)
    this.#scopes.set(name, scope)
    return scope
  }

  scope(name: string): Scope | undefined {
    return this.#scopes.get(name)
  }

  get scopes(): IterableIterator<Scope> {
    return this.#scopes.values()
  }

  get killSwitch(): KillSwitch {
    return this.#killSwitch
  }

  /** Refuses every hold from now on, until released. Open holds still end as they would. */
  engageKillSwitch(reason: string): void {
    this.#killSwitch = { is: 'engaged', reason, sinceMs: this.#clock.nowMs() }
  }

  releaseKillSwitch(): void {
    this.#killSwitch = { is: 'released' }
  }

  /** Undefined when `amount` could be held on all scopes now, else the first reason why not. */
  canSpend(scopes: readonly Scope[], amount: Micros): Veto | undefined {
    const nowMs = this.#clock.elapsedMs()
    const veto = this.#veto(scopes, amount, nowMs)
    if (veto?.is !== 'over_budget' || !this.#sweep(nowMs)) return veto
    return this.#veto(scopes, amount, nowMs)
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

  /**
   * Sets `amount` aside in every scope, or in none, for a caller that keeps the hold itself and never asks twice: no id
   * is looked up or remembered, which is most of what a hold costs.
   */
  open(scopes: readonly Scope[], amount: Micros, terms: HoldTerms, id = ''): Hold | Veto {
    const nowMs = this.#clock.elapsedMs()
    let veto = this.#veto(scopes, amount, nowMs)
    // A hold whose time is over may be what is in the way; only then is it worth looking.
    if (veto?.is === 'over_budget' && this.#sweep(nowMs)) veto = this.#veto(scopes, amount, nowMs)
    if (veto) return veto

    assert(areDistinct(scopes), `${id} names a scope twice`)

    // From here on the hold succeeds.
    const queue = this.#queueFor(terms)
    const hold = new Hold(id, scopes, amount, nowMs + terms.ttlMs, queue)
    for (const scope of scopes) scope.held += amount
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
    if (hold.state === 'settled') return 'already'
    const late = hold.state === 'released'
    if (!late) this.#end(hold, 'settled')
    const nowMs = this.#clock.elapsedMs()
    hold.state = 'settled'
    hold.spent = amount
    hold.endedAtMs = nowMs
    this.#book(hold.scopes, amount, late ? 0 : hold.micros, nowMs)
    return late ? 'settled_late' : 'settled'
  }

  /** Frees all of a hold. */
  release(which: Hold | string): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'open') return 'already'
    this.#end(hold, 'released')
    hold.endedAtMs = this.#clock.elapsedMs()
    return 'released'
  }

  /** Takes back the spend of a settled hold that is proven not to have happened. */
  credit(which: Hold | string): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'settled') return 'already'
    const nowMs = this.#clock.elapsedMs()
    for (const scope of hold.scopes) scope.unbook(nowMs, hold.endedAtMs, hold.spent)
    hold.state = 'released'
    hold.spent = 0
    hold.endedAtMs = nowMs
    return 'credited'
  }

  /** Books spend that was never held. The same id again books nothing. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending {
    if (this.#holds.get(id)) return 'already'
    assert(areDistinct(scopes), `${id} names a scope twice`)
    const nowMs = this.#clock.elapsedMs()
    const hold = new Hold(id, scopes, amount, nowMs, NEVER_HELD)
    hold.state = 'settled'
    hold.spent = amount
    hold.endedAtMs = nowMs
    this.#holds.add(hold)
    this.#book(scopes, amount, 0, nowMs)
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

  stats(scope: Scope): ScopeStats {
    this.expire()
    return statsOf(scope, this.#clock.elapsedMs())
  }

  /** An id finds a hold while it is remembered; the hold itself is good for as long as somebody keeps it. */
  #resolve(which: Hold | string): Hold | undefined {
    return typeof which === 'string' ? this.#holds.get(which) : which
  }

  #veto(scopes: readonly Scope[], amount: Micros, nowMs: number): Veto | undefined {
    if (this.#killSwitch.is === 'engaged') return { is: 'kill_switch', reason: this.#killSwitch.reason }
    for (const scope of scopes) {
      if (scope.pause.is === 'paused') return { is: 'paused', scope, reason: scope.pause.reason }
      if (!scope.fits(nowMs, amount)) return overBudget(scope, scopes, amount, nowMs)
    }
    return undefined
  }

  /** @param cover micros that were held for this spend and have just been freed */
  #book(scopes: readonly Scope[], amount: Micros, cover: number, nowMs: number): void {
    const uncovered =
      amount > cover ? scopes.map((scope) => uncoveredIn(scope, amount, cover, nowMs)) : undefined
    for (const scope of scopes) scope.book(nowMs, amount)
    if (uncovered) this.#countOverdraft(scopes, uncovered)
  }

  #countOverdraft(scopes: readonly Scope[], uncovered: readonly number[]): void {
    const overdrawn = scopes
      .map((scope, i) => ({ scope, excess: uncovered[i] ?? 0 }))
      .filter(({ excess }) => excess > 0)
    for (const { scope, excess } of overdrawn) scope.overdraft += excess
    // Told last, so that whatever the listener does, everything is booked.
    for (const { scope, excess } of overdrawn) this.#options.onOverdraft?.(scope, micros(excess))
  }

  #end(hold: Hold, state: 'settled' | 'released'): void {
    for (const scope of hold.scopes) scope.held -= hold.micros
    hold.queue.remove(hold)
    hold.state = state
  }

  /** A handful of terms are in use, each from configuration. */
  #queueFor({ ttlMs, onExpiry }: HoldTerms): HoldQueue {
    for (const queue of this.#queues) {
      if (queue.terms.ttlMs === ttlMs && queue.terms.onExpiry === onExpiry) return queue
    }
    const queue = new HoldQueue({ ttlMs, onExpiry })
    this.#queues.push(queue)
    return queue
  }

  /** Ends the holds whose time is over; false when there was none. */
  #sweep(nowMs: number): boolean {
    let swept = false
    for (const queue of this.#queues) {
      for (let hold = queue.first; hold && hold.expiresAtMs <= nowMs; hold = queue.first) {
        if (queue.terms.onExpiry === 'settle') this.settle(hold, hold.micros)
        else this.release(hold)
        this.#options.onExpired?.(hold)
        swept = true
      }
    }
    return swept
  }
}

/** A scope that paid twice for one bid would pass its limit unseen. */
function areDistinct(scopes: readonly Scope[]): boolean {
  for (let i = 1; i < scopes.length; i++) {
    for (let k = 0; k < i; k++) if (scopes[i] === scopes[k]) return false
  }
  return true
}

/** How much of `amount` no limit of the scope has room for. */
function uncoveredIn(scope: Scope, amount: Micros, cover: number, nowMs: number): number {
  return Math.max(0, amount - Math.max(0, scope.available(nowMs), cover))
}
