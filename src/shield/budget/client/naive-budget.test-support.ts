import type { FakeClock } from '../../../../test/support/fake-clock.ts'
import { daySum, type Entry, slotSum } from '../ledger/windows/naive-windows.test-support.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'

export interface NaiveScope {
  limits: LimitSpec[]
  paused: boolean
  overdraft: number
  readonly log: Entry[]
}

export interface NaiveHold {
  readonly id: string
  readonly amount: number
  readonly scopes: readonly NaiveScope[]
  readonly expiresAtMs: number
  readonly onExpiry: 'settle' | 'release'
  state: 'open' | 'settled' | 'released'
  /** Billed so far, while it is open. */
  paid: number
  spend: readonly Entry[]
}

export type NaiveAnswer =
  | { readonly is: 'held' | 'repeated' | 'id_reused' | 'kill_switch' | 'paused' }
  | { readonly is: 'over_budget'; readonly scope: NaiveScope; readonly remaining: number }

/** The rules of a budget over logs that keep everything; each figure is added up from the start when it is asked for. */
export class NaiveBudget {
  readonly #clock: FakeClock
  readonly holds = new Map<string, NaiveHold>()
  killed = false

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  spent(scope: NaiveScope, spec: LimitSpec): number {
    if (spec.kind === 'sliding') return slotSum(scope.log, this.#clock.elapsedMs(), spec.windowMs)
    if (spec.kind === 'day') return daySum(scope.log, this.#clock.nowMs(), spec.timezone)
    return scope.log.reduce((sum, { amount }) => sum + amount, 0)
  }

  openOn(scope: NaiveScope): NaiveHold[] {
    return [...this.holds.values()].filter((hold) => hold.state === 'open' && hold.scopes.includes(scope))
  }

  held(scope: NaiveScope): number {
    return this.openOn(scope).reduce((sum, { amount, paid }) => sum + amount - paid, 0)
  }

  available(scope: NaiveScope): number {
    const rooms = scope.limits.map((spec) => spec.max - this.spent(scope, spec) - this.held(scope))
    return Math.min(Number.POSITIVE_INFINITY, ...rooms)
  }

  hold(
    id: string,
    scopes: readonly NaiveScope[],
    amount: number,
    ttlMs: number,
    onExpiry: 'settle' | 'release',
  ): NaiveAnswer {
    const earlier = this.holds.get(id)
    if (earlier) return { is: earlier.amount === amount ? 'repeated' : 'id_reused' }
    const veto = this.veto(scopes, amount)
    if (veto) return veto
    const expiresAtMs = this.#clock.elapsedMs() + ttlMs
    this.holds.set(id, { id, amount, scopes, expiresAtMs, onExpiry, state: 'open', paid: 0, spend: [] })
    return { is: 'held' }
  }

  /** Expired holds are ended only when their money may be what is missing. */
  veto(scopes: readonly NaiveScope[], amount: number): NaiveAnswer | undefined {
    const first = this.#vetoNow(scopes, amount)
    if (first?.is !== 'over_budget') return first
    this.expire()
    return this.#vetoNow(scopes, amount)
  }

  #vetoNow(scopes: readonly NaiveScope[], amount: number): NaiveAnswer | undefined {
    if (this.killed) return { is: 'kill_switch' }
    if (scopes.some(({ paused }) => paused)) return { is: 'paused' }
    for (const scope of scopes) {
      const room = this.available(scope)
      if (amount > room) return { is: 'over_budget', scope, remaining: Math.max(0, room) }
    }
    return undefined
  }

  expire(): void {
    for (const hold of this.holds.values()) this.#expireIfDue(hold)
  }

  #expireIfDue(hold: NaiveHold): void {
    if (hold.state !== 'open' || hold.expiresAtMs > this.#clock.elapsedMs()) return
    if (hold.onExpiry === 'settle') this.#settle(hold, hold.amount - hold.paid)
    else this.release(hold.id)
  }

  settle(id: string, amount: number): string {
    const hold = this.holds.get(id)
    if (!hold) return 'unknown'
    this.#expireIfDue(hold)
    return this.#settle(hold, amount)
  }

  settlePart(id: string, amount: number): string {
    const hold = this.holds.get(id)
    if (!hold) return 'unknown'
    this.#expireIfDue(hold)
    if (hold.state !== 'open' || hold.paid + amount >= hold.amount) return this.#settle(hold, amount)
    hold.paid += amount
    hold.spend = [...hold.spend, ...hold.scopes.map((scope) => this.#book(scope, amount, amount))]
    return 'settled'
  }

  #settle(hold: NaiveHold, amount: number): string {
    if (hold.state === 'settled') return 'already'
    const cover = hold.state === 'open' ? hold.amount - hold.paid : 0
    const ending = hold.state === 'open' ? 'settled' : 'settled_late'
    hold.state = 'settled'
    hold.spend = [...hold.spend, ...hold.scopes.map((scope) => this.#book(scope, amount, cover))]
    return ending
  }

  addSpend(id: string, scopes: readonly NaiveScope[], amount: number): string {
    if (this.holds.has(id)) return 'already'
    const spend = scopes.map((scope) => this.#book(scope, amount, 0))
    this.holds.set(id, {
      id,
      amount,
      scopes,
      expiresAtMs: 0,
      onExpiry: 'settle',
      state: 'settled',
      paid: 0,
      spend,
    })
    return 'settled'
  }

  release(id: string): string {
    const hold = this.holds.get(id)
    if (!hold) return 'unknown'
    if (hold.state !== 'open') return 'already'
    if (hold.paid > 0) return this.#settle(hold, 0)
    hold.state = 'released'
    return 'released'
  }

  credit(id: string): string {
    const hold = this.holds.get(id)
    if (!hold) return 'unknown'
    if (hold.state !== 'settled') return 'already'
    for (const entry of hold.spend) entry.amount = 0
    hold.state = 'released'
    return 'credited'
  }

  #book(scope: NaiveScope, amount: number, cover: number): Entry {
    scope.overdraft += Math.max(0, amount - Math.max(0, this.available(scope), cover))
    const entry = { atMs: this.#clock.elapsedMs(), wallMs: this.#clock.nowMs(), amount }
    scope.log.push(entry)
    return entry
  }
}
