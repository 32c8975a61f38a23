import type { LimitSpec } from './limits.ts'
import { Purse } from './purse.ts'
import type { PauseState } from './store/store.ts'

/** Begins the names of scopes that count calls; all others are money. */
export const CALLS = 'calls:'

/** One thing a budget is for, such as `platform:meta`, as this process sees it. */
export class Scope {
  readonly name: string
  /** ISO 4217; every amount of the scope is in it. */
  readonly currency: string
  limits: readonly LimitSpec[]
  pause: PauseState = { is: 'running' }
  readonly purse: Purse
  /** Micros that became spend in this process, less what was credited. */
  spent = 0
  /** Micros of this process's spend that no limit had room for: bills above the held price or after the release. */
  overdraft = 0

  constructor(name: string, currency: string, limits: readonly LimitSpec[], nowMs: number) {
    this.name = name
    this.currency = currency
    this.limits = limits
    this.purse = new Purse(name, nowMs)
  }

  /** Micros set aside by this process. */
  get held(): number {
    return this.purse.held
  }

  /** Micros that could be held now, as far as is known here; negative when limits were lowered, Infinity without limits. */
  get available(): number {
    const { balance, standing } = this.purse
    return standing
      ? balance + standing.available
      : this.limits.length === 0
        ? Number.POSITIVE_INFINITY
        : balance
  }
}
