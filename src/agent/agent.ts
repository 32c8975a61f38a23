import type { Clock } from '../clock.ts'
import type { SmartConnector, SmartStatus } from '../connectors/index.ts'
import type { Fallback } from '../fallback/index.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Micros } from '../money.ts'
import { PLATFORMS, type PlatformName } from '../platforms/index.ts'
import type { Records } from '../records/index.ts'
import type { BudgetManager, Scope } from '../shield/index.ts'
import type { Decisions } from './decisions.ts'
import type { Predictor } from './predictor.ts'

export type Connectors = Readonly<Record<PlatformName, SmartConnector>>

/** What the bid path works with; built once by `main.ts`. */
export interface Agent {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly budget: BudgetManager
  readonly connectors: Connectors
  readonly fallback: Fallback
  readonly predict: Predictor
  readonly decisions: Decisions
  /** What must not be forgotten is kept here. */
  readonly records: Records
  readonly maxBid: Micros
  /** Campaigns whose budgets `/metrics` shows one by one. */
  readonly topCampaigns: number
}

export const platformScope = (platform: string): string => `platform:${platform}`
export const campaignScope = (platform: string, campaignId: string): string =>
  `campaign:${platform}:${campaignId}`
export const GLOBAL_SCOPE = 'global'

/** The scopes that pay for a bid or a campaign's budget: the platform's, the global one, and the campaign's where it has a budget. */
export function scopesOf(budget: BudgetManager, platform: string, campaignId: string): Scope[] {
  const names = [platformScope(platform), GLOBAL_SCOPE, campaignScope(platform, campaignId)]
  return names.map((name) => budget.scope(name)).filter((scope) => scope !== undefined)
}

export const statuses = (connectors: Connectors): SmartStatus[] =>
  PLATFORMS.map((name) => connectors[name].status())
