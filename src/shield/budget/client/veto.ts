import type { Micros } from '../../../money.ts'
import type { Scope } from './scope.ts'

/** Why no money was set aside. `scope` is the one that refused. */
export type Veto =
  | { readonly is: 'kill_switch'; readonly reason: string }
  | { readonly is: 'paused'; readonly scope: Scope; readonly reason: string }
  | {
      readonly is: 'over_budget'
      readonly scope: Scope
      /** The amount of the hold that was refused. */
      readonly amount: Micros
      readonly remaining: Micros
      /** Milliseconds until the amount fits; Infinity for never. Exact only while no process has an open hold in the scope. */
      readonly retryAfterMs: number
    }
  /** The store cannot be reached or grants nothing, so it is unknown whether the money is there. */
  | { readonly is: 'store_away'; readonly scope: Scope; readonly detail: string }

/** What a veto implies for holds of other amounts. */
export interface Room {
  /** The scope that refused; undefined if every scope does. */
  readonly scope: Scope | undefined
  /** Until `untilMs` it refuses every hold above this many micros; Infinity if that is unknown. */
  readonly micros: number
  /** Until when that is true (elapsed ms), unless the purse reports earlier that more may be available. */
  readonly untilMs: number
}

/** @param answersAtOnce whether the store is in this process: it then grants money as time frees it, without notice */
export function roomAfter(veto: Veto, answersAtOnce: boolean): Room {
  switch (veto.is) {
    case 'kill_switch':
      return { scope: undefined, micros: -1, untilMs: 0 }
    case 'paused':
      return { scope: veto.scope, micros: -1, untilMs: Number.POSITIVE_INFINITY }
    case 'store_away':
      return { scope: veto.scope, micros: Number.POSITIVE_INFINITY, untilMs: 0 }
    case 'over_budget': {
      const { scope } = veto
      // How much a bounded scope sets aside for an amount changes with every bid, so nothing follows for others.
      if (scope.purse.weighed) return { scope, micros: Number.POSITIVE_INFINITY, untilMs: 0 }
      const untilMs = answersAtOnce ? reliefMs(scope) : Number.POSITIVE_INFINITY
      return { scope, micros: scope.available, untilMs }
    }
  }
}

/** The earliest time (elapsed ms) at which spend may stop counting, by the store's last answer. */
function reliefMs({ purse: { standing, answeredMs } }: Scope): number {
  if (!standing || standing.elsewhere > 0 || standing.forfeited.amount > 0) return 0
  return answeredMs + Math.min(...standing.limits.map(({ nextReliefMs }) => nextReliefMs))
}

/** The store was asked for the money. Repeat the request when `drawn` resolves; it is then held or vetoed. */
export interface Short {
  readonly is: 'short'
  readonly drawn: Promise<void>
}

/** How long a refusal by a store outside this process is cached, in milliseconds. */
const DRY_MS = 250

/** Whether the store's answer of the last `DRY_MS` says that `amount` is not available. */
export function isDry({ purse }: Scope, amount: number, nowMs: number): boolean {
  const { standing, balance, answeredMs } = purse
  // An answer to a line that needed nothing does not say how long to wait.
  if (!standing || standing.reliefInMs === 0 || nowMs - answeredMs >= DRY_MS) return false
  return balance + standing.available < amount
}

/** The store's reason of the last `DRY_MS` for granting nothing; undefined when there is none. */
export function refusalOf({ purse }: Scope, nowMs: number): string | undefined {
  return nowMs - purse.answeredMs < DRY_MS ? purse.refusal : undefined
}
