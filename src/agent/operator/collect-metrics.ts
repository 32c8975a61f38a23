import { PLATFORMS } from '../../connectors/index.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { micros, toUnits } from '../../money.ts'
import { BREAKER_STATES, type BudgetManager, type LimitSpec, type Scope } from '../../shield/index.ts'
import { type Agent, statuses } from '../agent.ts'
import type { Deferred } from '../bids/deferred.ts'
import { overdraftLabel } from '../overdraft-label.ts'
import { isKeyScope } from '../scopes.ts'
import { refusedScopes, type ServicePart } from './readiness.ts'

const RESOLUTIONS = ['applied', 'not_applied', 'unclear'] as const

/** Sets all gauges before a scrape, so that bids and auctions do not have to. */
export function collectMetrics(agent: Agent, deferred: Deferred, parts: readonly ServicePart[]): void {
  const { budget, metrics, connectors, records, tables, topCampaigns } = agent
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
    // Created with 0: `rate()` does not see an increase with which a counter begins to exist.
    metrics.budgetOverdraft.inc({ scope: overdraftLabel(name), currency }, 0)
    for (const { spec, spent, utilization } of limits) {
      const labels = { scope: name, limit: limitName(spec), currency }
      metrics.budgetSpend.set(labels, toUnits(spent))
      metrics.budgetLimit.set(labels, toUnits(spec.max))
      metrics.budgetUtilization.set(labels, utilization)
    }
  }
  for (const { table, rows, limit, whenFull: when_full } of tables.fills) {
    metrics.tableRows.set({ table, when_full }, rows)
    metrics.tableLimit.set({ table, when_full }, limit)
  }
  for (const { file, bytes, limit } of tables.files) {
    metrics.fileBytes.set({ file }, bytes)
    if (limit !== undefined) metrics.fileLimit.set({ file }, limit)
  }
  metrics.storeUp.set(budget.store.is === 'up' ? 1 : 0)
  metrics.refusedBudgets.set(refusedScopes(agent).length)
  for (const { name, state } of parts) metrics.partReady.set({ part: name }, state().is === 'open' ? 1 : 0)
  metrics.recordsWritable.set(records.state.is === 'open' ? 1 : 0)
  metrics.approvalsWaiting.set(agent.approvals.pending)
  metrics.killSwitch.set(budget.killSwitch.is === 'engaged' ? 1 : 0)

  for (const { platform, auth, breaker, limiter } of statuses(connectors)) {
    for (const state of BREAKER_STATES)
      metrics.breakerState.set({ platform, state }, breaker.is === state ? 1 : 0)
    metrics.rateLimitRemaining.set({ platform }, limiter.remaining)
    metrics.rateLimitCalls.set({ platform }, limiter.calls)
    // Created with 0, for the same reason.
    for (const resolution of RESOLUTIONS) metrics.unknownOutcomes.inc({ platform, resolution }, 0)
    metrics.platformAuthLost.set({ platform }, auth.is === 'lost' ? 1 : 0)
  }
  for (const collect of metrics.collectors) collect()
  for (const platform of PLATFORMS) metrics.deferred.set({ platform }, deferred.waiting(platform))
}

const CAMPAIGN = 'campaign:'

/**
 * The scopes shown in metrics. Callers create campaigns and keys, so there may be many: of each only those that have used
 * most are shown. `GET /v1/budgets` lists all.
 */
export function shownScopes(budget: BudgetManager, most: number): Scope[] {
  const scopes = [...budget.scopes]
  const used = ({ purse: { held, unreported, standing } }: Scope) =>
    held + unreported + (standing?.limits[0]?.spent ?? 0)
  const top = (those: Scope[]) =>
    those.length > most ? those.sort((a, b) => used(b) - used(a)).slice(0, most) : those
  const kindOf = ({ name }: Scope) =>
    name.startsWith(CAMPAIGN) ? 'campaigns' : isKeyScope(name) ? 'keys' : 'others'
  const { others = [], keys = [], campaigns = [] } = Object.groupBy(scopes, kindOf)
  return [...others, ...top(keys), ...top(campaigns)]
}

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

/** Label of a limit within its scope: `sliding_600s`, `day_Europe/Berlin`, `lifetime`. */
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
