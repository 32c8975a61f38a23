import { type Micros, micros } from '../money.ts'
import type { Scope } from './scope.ts'

/** Why no money was set aside. `scope` is the one that said no. */
export type Veto =
  | { readonly is: 'kill_switch'; readonly reason: string }
  | { readonly is: 'paused'; readonly scope: Scope; readonly reason: string }
  | {
      readonly is: 'over_budget'
      readonly scope: Scope
      readonly remaining: Micros
      /** Until the amount fits; Infinity for never. Exact while no hold is open in the scope, here or elsewhere. */
      readonly retryAfterMs: number
    }
  /** The money may be there, but the store cannot be asked. */
  | { readonly is: 'store_away'; readonly scope: Scope; readonly detail: string }

/** The store has been asked for the money. Ask again when `drawn` resolves: it will be there, or there will be a veto. */
export interface Short {
  readonly is: 'short'
  readonly drawn: Promise<void>
}

/** A store that is not in this process is asked again for money that was not there after so long at the earliest. */
const DRY_MS = 250

/** Whether the store has said just now that it has not so much. */
export function isDry({ purse }: Scope, amount: number, nowMs: number): boolean {
  const { standing, balance, answeredMs } = purse
  // An answer to a line that needed nothing does not say how long to wait.
  if (!standing || standing.reliefInMs === 0 || nowMs - answeredMs >= DRY_MS) return false
  return balance + standing.available < amount
}

/** What the store has said just now about why it grants nothing. */
export function refusalOf({ purse }: Scope, nowMs: number): string | undefined {
  return nowMs - purse.answeredMs < DRY_MS ? purse.refusal : undefined
}

/** @param scope the first that has not enough; the wait is until all of `scopes` have */
export function overBudget(scope: Scope, scopes: readonly Scope[], amount: Micros): Veto {
  const remaining = Number.isFinite(scope.available) ? micros(Math.max(0, scope.available)) : micros(0)
  const retryAfterMs = Math.max(...scopes.map((one) => reliefInMs(one, amount)))
  return { is: 'over_budget', scope, remaining, retryAfterMs }
}

function reliefInMs({ limits, purse, available }: Scope, amount: Micros): number {
  if (available >= amount) return 0
  if (limits.some(({ max }) => amount > max)) return Number.POSITIVE_INFINITY
  const { reliefInMs: known = 0, limits: counted = [] } = purse.standing ?? {}
  if (known > 0) return known
  // Nobody has asked the store how long: not before the first of what counts stops counting.
  return Math.max(0, ...counted.map(({ nextReliefMs }) => nextReliefMs))
}
