import { type HoldMode, type HoldModeNow, STRICT } from './hold-mode.ts'
import type { LimitSpec } from './limits.ts'
import { type ForfeitBounds, Purse, type PurseMemory } from './purse.ts'
import type { PauseState } from './store/store.ts'
import { WeighedHolds } from './weighed-holds.ts'

/** Begins the names of scopes that count calls. */
export const CALLS = 'calls:'
/** Begins the names of scopes that only add up; all but these and calls are budgets. */
export const TALLIES = 'tally:'

export const isBudget = (name: string): boolean => !name.startsWith(CALLS) && !name.startsWith(TALLIES)

/** One thing a budget is for, such as `platform:meta`, as this process sees it. */
export class Scope {
  readonly name: string
  /** ISO 4217; every amount of the scope is in it. */
  readonly currency: string
  limits: readonly LimitSpec[]
  pause: PauseState = { is: 'running' }
  holdMode: HoldMode = STRICT
  readonly purse: Purse
  /** Nothing is bid on it any more; it is forgotten here when its last bid has ended. */
  isRemoved = false
  /** The store has heard of it. */
  isKnown = false
  /** Micros that became spend in this process, less what was credited. */
  spent = 0
  /** Micros of this process's spend that no limit had room for: bills above the held price or after the release. */
  overdraft = 0

  /**
   * @param bounds as for its {@link Purse}
   * @param memory of the purse that this process had for the scope before
   */
  constructor(
    name: string,
    currency: string,
    limits: readonly LimitSpec[],
    nowMs: number,
    bounds?: ForfeitBounds,
    memory?: PurseMemory,
  ) {
    this.name = name
    this.currency = currency
    this.limits = limits
    this.purse = new Purse(name, nowMs, bounds, memory)
  }

  /** Holds are set aside so from now on; `nextHold` is the number of the next. */
  holdBy(mode: HoldMode, nextHold: number): void {
    this.holdMode = mode
    if (this.purse.weighed) this.purse.weighed.mode = mode
    else if (mode.is === 'bounded') {
      this.purse.weighed = new WeighedHolds(mode.maxOverspendProbability, nextHold)
    }
  }

  get modeNow(): HoldModeNow {
    return this.holdMode.is === 'bounded' && this.purse.weighed ? this.purse.weighed.modeNow : STRICT
  }

  /** Micros set aside by this process. */
  get held(): number {
    return this.purse.held
  }

  /** The prices of this process's open holds, in micros: what is set aside unless the scope is bounded. */
  get prices(): number {
    const { held, weighed } = this.purse
    return held + (weighed ? weighed.prices - weighed.setAside : 0)
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
