import { type Micros, micros } from '../../../money.ts'
import type { HoldMode, HoldModeNow } from '../protocol/hold-mode.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type { Forfeited, PauseState } from '../protocol/store.ts'
import type { Scope } from './scope.ts'

export interface LimitStats {
  readonly spec: LimitSpec
  readonly spent: Micros
  readonly held: Micros
  readonly remaining: Micros
  /** (spent + held + elsewhere + forfeited) ÷ max: above 1 after a lowered limit or an overdraft; 1 for a limit of zero. */
  readonly utilization: number
  /** Milliseconds until the oldest spend stops counting; undefined when there is none or it never does. */
  readonly nextReliefMs: number | undefined
}

export interface ScopeStats {
  readonly scope: string
  readonly currency: string
  readonly pause: PauseState
  /** Total spend of all processes since the scope exists. */
  readonly spent: Micros
  /** Set aside by this process for open holds. */
  readonly held: Micros
  /** Sum of the prices of this process's open holds; above `held` in a bounded scope. */
  readonly prices: Micros
  /** By how much `prices` may exceed `held` when a bid is made; Infinity in a bounded scope without limits. */
  readonly allowance: number
  readonly holdMode: HoldMode
  readonly holdModeNow: HoldModeNow
  /** In the purses of other processes: balance and open holds. */
  readonly elsewhere: Micros
  /** Forfeited by processes that are gone; becomes spend when their last hold could have been billed. */
  readonly forfeited: Forfeited
  readonly overdraft: Micros
  readonly limits: readonly LimitStats[]
}

const NONE: Forfeited = { amount: 0, bookedInMs: undefined }

/** The figures of a scope: the store's last answer plus the spend of this process since. */
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
    allowance: of.allowance,
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

/** The limit with the highest utilization; undefined for a scope without limits. */
export function tightest(stats: ScopeStats): LimitStats | undefined {
  return stats.limits.toSorted((a, b) => b.utilization - a.utilization)[0]
}
