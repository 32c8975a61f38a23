import { type Micros, micros } from '../money.ts'
import type { Scope } from './scope.ts'

/** Why `amount` cannot be held on all of `scopes`: `scope` has no room for it. */
export function overBudget(scope: Scope, scopes: readonly Scope[], amount: Micros, nowMs: number) {
  return {
    is: 'over_budget',
    scope,
    remaining: micros(Math.max(0, scope.available(nowMs))),
    /** Until `amount` fits all scopes at once. Searched for when asked: bidders on exchanges never do. */
    get retryAfterMs(): number {
      return Math.max(...scopes.map((one) => one.reliefInMs(nowMs, amount)))
    },
  } as const
}
