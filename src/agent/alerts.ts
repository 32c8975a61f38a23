import { type Cancel, every } from '../clock.ts'
import type { Agent } from './agent.ts'
import { limitName } from './collect-metrics.ts'

const CHECK_MS = 1000

/**
 * Warns in the log when a limit's utilization reaches `ratio` (spend and holds), once until it has been below again.
 * Prometheus alerts on the same; this one needs nothing beside the service.
 */
export function watchBudgets({ clock, budget, log }: Agent, ratio: number): Cancel {
  let above = new Set<string>()
  return every(clock, CHECK_MS, () => {
    const now = new Set<string>()
    for (const scope of budget.scopes) {
      const { limits } = budget.stats(scope)
      for (const { spec, utilization } of limits) {
        if (utilization < ratio) continue
        const key = `${scope.name} ${limitName(spec)}`
        now.add(key)
        if (!above.has(key))
          log.warn({ scope: scope.name, limit: limitName(spec), utilization }, 'budget alert')
      }
    }
    above = now
  })
}
