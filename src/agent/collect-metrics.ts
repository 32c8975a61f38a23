import type { Metrics } from '../metrics.ts'
import { micros, toUnits } from '../money.ts'
import { PLATFORMS } from '../platforms/index.ts'
import type { BudgetManager, LimitSpec, Scope } from '../shield/index.ts'
import { type Agent, statuses } from './agent.ts'
import type { Deferred } from './deferred.ts'
import { type Part, refusedScopes } from './readiness.ts'

const RESOLUTIONS = ['applied', 'not_applied', 'unclear'] as const
const BREAKER_STATES = ['closed', 'open', 'half_open'] as const

/** Brings every gauge up to date; called before each scrape, so nothing is counted on the hot path. */
export function collectMetrics(
  { budget, metrics, connectors, records, topCampaigns }: Agent,
  deferred: Deferred,
  parts: readonly Part[],
): void {
  for (const gauge of gaugesByScope(metrics)) gauge.reset()
  for (const scope of shownScopes(budget, topCampaigns)) {
    const {
      scope: name,
      currency,
      pause,
      held,
      prices,
      holdModeNow,
      elsewhere,
      forfeited,
      limits,
    } = budget.stats(scope)
    metrics.budgetHeld.set({ scope: name, currency }, toUnits(held))
    metrics.budgetPrices.set({ scope: name, currency }, toUnits(prices))
    metrics.boundedHolds.set({ scope: name }, holdModeNow.is === 'bounded' ? 1 : 0)
    metrics.elsewhere.set({ scope: name, currency }, toUnits(elsewhere))
    metrics.forfeited.set({ scope: name, currency }, toUnits(micros(forfeited.amount)))
    metrics.budgetPaused.set({ scope: name }, pause.is === 'paused' ? 1 : 0)
    // A counter that does not exist until its first increase hides that increase from rate().
    metrics.budgetOverdraft.inc({ scope: overdraftLabel(name), currency }, 0)
    for (const { spec, spent, utilization } of limits) {
      const labels = { scope: name, limit: limitName(spec), currency }
      metrics.budgetSpend.set(labels, toUnits(spent))
      metrics.budgetLimit.set(labels, toUnits(spec.max))
      metrics.budgetUtilization.set(labels, utilization)
    }
  }
  metrics.storeUp.set(budget.store.is === 'up' ? 1 : 0)
  metrics.refusedBudgets.set(refusedScopes(budget.scopes).length)
  for (const { name, state } of parts) metrics.partReady.set({ part: name }, state().is === 'open' ? 1 : 0)
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

const CAMPAIGN = 'campaign:'

/**
 * Campaigns are many, and a caller makes them: of theirs only those are shown that have used most, and `GET /v1/budgets` has
 * all of them.
 */
function shownScopes(budget: BudgetManager, most: number): Scope[] {
  const scopes = [...budget.scopes]
  const campaigns = scopes.filter(({ name }) => name.startsWith(CAMPAIGN))
  const used = ({ purse: { held, unreported, standing } }: Scope) =>
    held + unreported + (standing?.limits[0]?.spent ?? 0)
  const top = campaigns.length > most ? campaigns.sort((a, b) => used(b) - used(a)).slice(0, most) : campaigns
  return [...scopes.filter(({ name }) => !name.startsWith(CAMPAIGN)), ...top]
}

/** Campaigns of a platform are counted together: a counter is kept for each label that it ever had. */
export const overdraftLabel = (scope: string): string =>
  scope.startsWith(CAMPAIGN) ? scope.split(':', 2).join(':') : scope

const gaugesByScope = (metrics: Metrics) => [
  metrics.budgetSpend,
  metrics.budgetLimit,
  metrics.budgetUtilization,
  metrics.budgetHeld,
  metrics.budgetPrices,
  metrics.boundedHolds,
  metrics.elsewhere,
  metrics.forfeited,
  metrics.budgetPaused,
]

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
