import { micros, toUnits } from '../money.ts'
import { PLATFORMS } from '../platforms/index.ts'
import type { LimitSpec } from '../shield/index.ts'
import { type Agent, statuses } from './agent.ts'
import type { Deferred } from './deferred.ts'

const RESOLUTIONS = ['applied', 'not_applied', 'unclear'] as const
const BREAKER_STATES = ['closed', 'open', 'half_open'] as const

/** Brings every gauge up to date; called before each scrape, so nothing is counted on the hot path. */
export function collectMetrics({ budget, metrics, connectors, records }: Agent, deferred: Deferred): void {
  for (const gauge of [metrics.budgetSpend, metrics.budgetLimit, metrics.budgetUtilization]) gauge.reset()
  for (const scope of budget.scopes) {
    const { scope: name, currency, pause, held, elsewhere, forfeited, limits } = budget.stats(scope)
    metrics.budgetHeld.set({ scope: name, currency }, toUnits(held))
    metrics.elsewhere.set({ scope: name, currency }, toUnits(elsewhere))
    metrics.forfeited.set({ scope: name, currency }, toUnits(micros(forfeited.amount)))
    metrics.budgetPaused.set({ scope: name }, pause.is === 'paused' ? 1 : 0)
    // A counter that does not exist until its first increase hides that increase from rate().
    metrics.budgetOverdraft.inc({ scope: name, currency }, 0)
    for (const { spec, spent, utilization } of limits) {
      const labels = { scope: name, limit: limitName(spec), currency }
      metrics.budgetSpend.set(labels, toUnits(spent))
      metrics.budgetLimit.set(labels, toUnits(spec.max))
      metrics.budgetUtilization.set(labels, utilization)
    }
  }
  metrics.storeUp.set(budget.store.is === 'up' ? 1 : 0)
  metrics.recordsWritable.set(records.state.is === 'open' ? 1 : 0)
  metrics.killSwitch.set(budget.killSwitch.is === 'engaged' ? 1 : 0)

  for (const { platform, auth, breaker, limiter } of statuses(connectors)) {
    for (const state of BREAKER_STATES)
      metrics.breakerState.set({ platform, state }, breaker.is === state ? 1 : 0)
    metrics.rateLimitRemaining.set({ platform }, limiter.remaining)
    metrics.rateLimitCalls.set({ platform }, limiter.calls)
    // As above: a counter must be there before its first increase.
    for (const resolution of RESOLUTIONS) metrics.unknownOutcomes.inc({ platform, resolution }, 0)
    metrics.platformAuthLost.set({ platform }, auth.is === 'lost' ? 1 : 0)
  }
  for (const platform of PLATFORMS) metrics.deferred.set({ platform }, deferred.waiting(platform))
}

/** Tells the limits of one scope apart: `sliding_600s`, `day_Europe/Berlin`, `lifetime`. */
export function limitName(spec: LimitSpec): string {
  switch (spec.kind) {
    case 'sliding':
      return `sliding_${spec.windowMs / 1000}s`
    case 'day':
      return `day_${spec.timezone}`
    case 'lifetime':
      return 'lifetime'
  }
}
