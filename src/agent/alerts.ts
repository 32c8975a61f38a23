import { type Cancel, every } from '../clock.ts'
import type { Scope } from '../shield/index.ts'
import type { Agent } from './agent.ts'
import { limitName } from './collect-metrics.ts'

const CHECK_MS = 1000
/** Budgets that are looked at in one check, a millisecond or two; of more, the next ones are looked at in the next. */
const SCOPES_PER_CHECK = 500

/**
 * Warns in the log when a limit's utilization reaches `ratio` (spend and holds), once until it has been below again.
 * Prometheus alerts on the same; this one needs nothing beside the service.
 */
export function watchBudgets({ clock, budget, log }: Agent, ratio: number): Cancel {
  /** Limits that are at the ratio, by their scope. */
  const above = new WeakMap<Scope, ReadonlySet<string>>()
  let waiting: Scope[] = []
  return every(clock, CHECK_MS, () => {
    if (waiting.length === 0) waiting = [...budget.scopes]
    for (const scope of waiting.splice(0, SCOPES_PER_CHECK)) {
      const before = above.get(scope)
      const reached = budget.stats(scope).limits.filter(({ utilization }) => utilization >= ratio)
      above.set(scope, new Set(reached.map(({ spec }) => limitName(spec))))
      for (const { spec, utilization } of reached) {
        const limit = limitName(spec)
        if (!before?.has(limit)) log.warn({ scope: scope.name, limit, utilization }, 'budget alert')
      }
    }
  })
}
