import type { LimitSpec, Scope } from '../shield/index.ts'
import type { RiskyChange } from './approvals/index.ts'

export type BudgetLimits = Pick<Scope, 'currency' | 'limits' | 'holdMode'>
type Allowed = Pick<BudgetLimits, 'limits' | 'holdMode'>

const windowOf = ({ max: _, ...window }: LimitSpec) => JSON.stringify(window)
const maxRisk = ({ holdMode }: Allowed) => (holdMode.is === 'bounded' ? holdMode.maxOverspendProbability : 0)
const over = (limits: readonly LimitSpec[], limit: LimitSpec) =>
  limits.find((one) => windowOf(one) === windowOf(limit))

/**
 * Whether the new limits allow nothing that the old ones refused. A budget that does not exist yet may be what lets an
 * organisation bid, so defining one is never lower.
 */
export function areLower(before: Allowed | undefined, after: Allowed): boolean {
  if (!before) return false
  const isKept = (limit: LimitSpec) =>
    (over(after.limits, limit)?.max ?? Number.POSITIVE_INFINITY) <= limit.max
  return before.limits.every(isKept) && maxRisk(after) <= maxRisk(before)
}

/** What of new limits lets more be spent. */
export function riskOf(before: Allowed | undefined, after: Allowed): RiskyChange {
  const had = before?.limits ?? []
  const isRaised = (limit: LimitSpec) => {
    const was = over(had, limit)
    // A limit beside others that stay lets nothing more be spent.
    return before ? was !== undefined && limit.max > was.max : true
  }
  return {
    is: 'limits',
    raised: after.limits.filter(isRaised).map((limit) => ({ from: over(had, limit)?.max, to: limit.max })),
    removesLimit: had.some((limit) => !over(after.limits, limit)),
    loosensHoldMode: before !== undefined && maxRisk(after) > maxRisk(before),
  }
}
