import type { KeptOutcomes } from '../bounded/kept-outcomes.ts'
import { type HoldMode, type HoldModeNow, STRICT } from '../protocol/hold-mode.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type { PauseState } from '../protocol/store.ts'
import { type ForfeitBounds, Purse, type PurseMemory } from './purse.ts'

/** Begins the names of scopes that count calls. */
export const CALLS = 'calls:'
/** Begins the names of tallies: scopes that add up amounts and limit nothing. Scopes of neither prefix are budgets. */
export const TALLIES = 'tally:'

export const isBudget = (name: string): boolean => !name.startsWith(CALLS) && !name.startsWith(TALLIES)

/** One thing a budget is for, such as `platform:meta`, as this process sees it. */
export class Scope {
  readonly name: string
  /** ISO 4217; every amount of the scope is in it. */
  readonly currency: string
  limits: readonly LimitSpec[]
  #pause: PauseState = { is: 'running' }
  readonly purse: Purse
  /** No new bids are made on it; this process drops it when its last open bid has ended. */
  isRemoved = false
  /** Whether the store has a definition of this scope. */
  isKnown = false
  /** Micros spent in this process, less credits. */
  spent = 0
  /** Overdraft of this process in micros: bills above the held price or after the release that no limit had room for. */
  overdraft = 0

  /**
   * @param bounds passed to the {@link Purse}
   * @param memory what is kept of the purse that this process had for the scope before
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

  get pause(): PauseState {
    return this.#pause
  }

  set pause(pause: PauseState) {
    this.#pause = pause
    if (pause.is === 'running') this.purse.onRoom?.()
  }

  get holdMode(): HoldMode {
    return this.purse.holdMode
  }

  get modeNow(): HoldModeNow {
    const { holdMode, weighed } = this.purse
    if (holdMode.is === 'strict') return STRICT
    return weighed?.modeNow ?? { is: 'strict', why: 'money_to_spare' }
  }

  /** What is known now of how its bids end, for a later start. */
  outcomes(wallMs: number, nowMs: number): KeptOutcomes {
    const { weighed, earlier } = this.purse
    const classes = weighed?.kept(wallMs) ?? (earlier.kept ?? []).map(({ kept }) => kept)
    const { distrust } = weighed ?? earlier
    const kept = distrust && { ...distrust, untilMs: distrust.untilMs - nowMs + wallMs }
    return { scope: this.name, currency: this.currency, classes, ...(kept && { distrust: kept }) }
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

  /** Micros by which the prices may exceed what is held, for new bids; Infinity without limits. */
  get allowance(): number {
    const { holdMode, weighed } = this.purse
    return holdMode.is === 'bounded' && weighed ? weighed.allowance : 0
  }

  /** Micros that could be held now by the store's last answer; negative after a limit was lowered, Infinity without limits. */
  get available(): number {
    const { balance, standing } = this.purse
    return standing
      ? balance + standing.available
      : this.limits.length === 0
        ? Number.POSITIVE_INFINITY
        : balance
  }
}
