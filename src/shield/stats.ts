import { type Micros, micros } from '../money.ts'
import type { LimitSpec } from './limits.ts'
import type { Pause, Scope } from './scope.ts'

export interface LimitStats {
  readonly spec: LimitSpec
  readonly spent: Micros
  readonly held: Micros
  readonly remaining: Micros
  /** (spent + held) ÷ max; above 1 after the limit was lowered or an overdraft; 1 for a limit of zero. */
  readonly utilization: number
  /** Until the first of the present spend stops counting; undefined when there is none or it never does. */
  readonly nextReliefMs: number | undefined
}

export interface ScopeStats {
  readonly scope: string
  readonly currency: string
  readonly pause: Pause
  readonly spent: Micros
  readonly held: Micros
  readonly overdraft: Micros
  readonly limits: readonly LimitStats[]
}

/** A consistent picture of a scope at one instant. */
export function statsOf(scope: Scope, nowMs: number): ScopeStats {
  return {
    scope: scope.name,
    currency: scope.currency,
    pause: scope.pause,
    spent: micros(scope.spent),
    held: micros(scope.held),
    overdraft: micros(scope.overdraft),
    limits: scope.limits.map(({ spec, window }) => {
      const spent = window.sum(nowMs)
      const used = spent + scope.held
      const reliefMs = spent > 0 ? window.reliefInMs(nowMs, 1) : Number.POSITIVE_INFINITY
      return {
        spec,
        spent: micros(spent),
        held: micros(scope.held),
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
