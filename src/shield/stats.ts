import { type Micros, micros } from '../money.ts'
import type { HoldMode, HoldModeNow } from './hold-mode.ts'
import type { LimitSpec } from './limits.ts'
import type { Scope } from './scope.ts'
import type { Forfeited, PauseState } from './store/store.ts'

export interface LimitStats {
  readonly spec: LimitSpec
  readonly spent: Micros
  readonly held: Micros
  readonly remaining: Micros
  /** (spent + held, here and elsewhere) ÷ max; above 1 after the limit was lowered or an overdraft; 1 for a limit of zero. */
  readonly utilization: number
  /** Until the first of the present spend stops counting; undefined when there is none or it never does. */
  readonly nextReliefMs: number | undefined
}

export interface ScopeStats {
  readonly scope: string
  readonly currency: string
  readonly pause: PauseState
  /** By all processes, ever. */
  readonly spent: Micros
  /** By this process, for open holds. */
  readonly held: Micros
  /** All that the open holds of this process may cost; above `held` in a bounded scope. */
  readonly prices: Micros
  readonly holdMode: HoldMode
  readonly holdModeNow: HoldModeNow
  /** In the purses of other processes: held there, or about to be. */
  readonly elsewhere: Micros
  /** Of processes that are gone; becomes spend when their last hold could have been billed. */
  readonly forfeited: Forfeited
  readonly overdraft: Micros
  readonly limits: readonly LimitStats[]
}

const NONE: Forfeited = { amount: 0, bookedInMs: undefined }

/** A scope as of the store's last answer, with what has happened here since. */
export function statsOf(of: Scope): ScopeStats {
  const { name, currency, pause, limits, purse } = of
  const { standing, held, unreported } = purse
  const elsewhere = standing?.elsewhere ?? 0
  const forfeited = standing?.forfeited ?? NONE
  return {
    scope: name,
    currency,
    pause,
    spent: micros((standing?.spentEver ?? 0) + unreported),
    held: micros(held),
    prices: micros(of.prices),
    holdMode: of.holdMode,
    holdModeNow: of.modeNow,
    elsewhere: micros(elsewhere),
    forfeited,
    overdraft: micros(standing?.overdraftEver ?? 0),
    limits: limits.map((spec, i) => {
      const known = standing?.limits[i]
      const spent = (known?.spent ?? 0) + unreported
      const used = spent + held + elsewhere + forfeited.amount
      const reliefMs = known?.nextReliefMs ?? Number.POSITIVE_INFINITY
      return {
        spec,
        spent: micros(spent),
        held: micros(held),
        remaining: micros(Math.max(0, spec.max - used)),
        utilization: spec.max === 0 ? 1 : used / spec.max,
        nextReliefMs: Number.isFinite(reliefMs) ? Math.ceil(reliefMs) : undefined,
      }
    }),
  }
}

/** The limit of a scope that is closest to its maximum; undefined for a scope without limits. */
export function tightest(stats: ScopeStats): LimitStats | undefined {
  return stats.limits.toSorted((a, b) => b.utilization - a.utilization)[0]
}
