import { type Micros, micros } from '../../../money.ts'
import type { Scope } from './scope.ts'
import type { Veto } from './veto.ts'

/**
 * The veto for lack of money. Its `retryAfterMs` is the wait until all of `scopes` have enough; `stopped-error.ts`
 * makes `Retry-After` and `wouldPassAt` of it.
 * @param scope the first scope that lacks money
 */
export function overBudget(scope: Scope, scopes: readonly Scope[], amount: Micros): Veto {
  const remaining = Number.isFinite(scope.available) ? micros(Math.max(0, scope.available)) : micros(0)
  const retryAfterMs = Math.max(...scopes.map((one) => reliefInMs(one, amount)))
  return { is: 'over_budget', scope, amount, remaining, retryAfterMs }
}

/** Milliseconds until the scope has room for the amount; 0 where it has, Infinity where it never will. */
function reliefInMs({ limits, purse, available }: Scope, amount: Micros): number {
  if (available >= amount) return 0
  if (limits.some(({ max }) => amount > max)) return Number.POSITIVE_INFINITY
  const { reliefInMs: known = 0, limits: counted = [] } = purse.standing ?? {}
  if (known > 0) return known
  // The store was not asked for the wait. The earliest relief of each limit is a lower bound.
  return Math.max(0, ...counted.map(({ nextReliefMs }) => nextReliefMs))
}
