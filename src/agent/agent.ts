import type { Audit } from '../audit/index.ts'
import { PLATFORMS, type PlatformName, type SmartConnector, type SmartStatus } from '../connectors/index.ts'
import type { Fallback } from '../fallback/index.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tables } from '../metrics/tables.ts'
import type { Micros } from '../money.ts'
import type { Tell } from '../notify/index.ts'
import type { BudgetManager, CallLimits, HoldMode } from '../shield/index.ts'
import type { Records } from '../storage/index.ts'
import type { Clock } from '../time/clock.ts'
import type { Approvals } from './approvals/index.ts'
import type { Decisions } from './bids/decisions.ts'
import type { Predictor } from './bids/predictor.ts'

export type Connectors = Readonly<Record<PlatformName, SmartConnector>>

/** Everything the bid path needs; `main.ts` builds it once. */
export interface Agent {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly budget: BudgetManager
  readonly callLimits: Pick<CallLimits, 'scopes' | 'refresh'>
  readonly connectors: Connectors
  readonly fallback: Fallback
  readonly predict: Predictor
  readonly decisions: Decisions
  /** Stores what has to survive a restart: decisions, idempotency keys, notices, campaigns, changes. */
  readonly records: Records
  /** Sends notifications to the operator's address (`NOTIFY_URL`). */
  readonly tell: Tell
  readonly audit: Audit
  readonly approvals: Approvals
  readonly tables: Tables
  readonly maxBid: Micros
  /** Hold mode of the budgets of exchanges for which an operator has set no other. */
  readonly exchangeHoldMode: HoldMode
  /** How many times a limit spend could reach if all open bids of a bounded budget were billed. */
  readonly worstCase: number
  /** How many campaigns `/metrics` shows with a budget of their own. */
  readonly topCampaigns: number
}

export const statuses = (connectors: Connectors): SmartStatus[] =>
  PLATFORMS.map((name) => connectors[name].status())
