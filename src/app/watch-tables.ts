import {
  type Access,
  type Bidder,
  campaignsOf,
  type Decisions,
  type IdempotencyKeys,
  type NoticeDesk,
} from '../agent/index.ts'
import type { CallerLimiter } from '../api/index.ts'
import type { Config } from '../config/config.ts'
import { CONVERSION_TABLES, MESSAGE_TABLES, type RunningConversions } from '../conversions/index.ts'
import type { Tables } from '../metrics/tables.ts'
import type { BudgetManager } from '../shield/index.ts'
import { type RunningSync, SYNC_TABLES } from '../sync/index.ts'

interface Watched {
  readonly config: Config
  readonly budget: BudgetManager
  readonly bidder: Bidder
  readonly decisions: Decisions
  readonly keys: IdempotencyKeys
  readonly callers: CallerLimiter
  readonly access: Pick<Access, 'keys' | 'sessions'>
  readonly seen: { readonly size: number }
  readonly desk: NoticeDesk
  readonly reads: RunningSync | undefined
  readonly conversions: RunningConversions | undefined
}

/** Registers the length of each table for the metrics, except for tables that register themselves. */
export function watchTables(tables: Tables, watched: Watched): void {
  const { config, budget, bidder, decisions, keys, callers, access, seen, desk, reads, conversions } = watched
  const { limits } = tables
  tables.watch('budgets', () => Math.min(budget.scopeCount, limits.budgets))
  tables.watch('paused_budgets', () => Math.max(0, budget.scopeCount - limits.budgets))
  tables.watch('campaigns', () => bidder.campaigns.size)
  tables.watch('campaigns_of_organisation', () => Math.max(0, ...campaignsOf(bidder.campaigns).values()))
  tables.watch('open_bids', () => bidder.decide.auctionBudget.size)
  tables.watch('decisions', () => decisions.size)
  tables.watch('idempotency_keys', () => keys.size)
  tables.watch('api_keys', () => access.keys.made.size)
  tables.watch('callers', () => callers.size)
  tables.watch('sessions', () => access.sessions.size)
  tables.watch('seen_bids', () => seen.size)
  tables.watch('waiting_notices', () => desk.waiting)
  const { predictions } = bidder
  tables.watchOther('predictions', config.bidder.maxPredictions, () => predictions.longest)
  tables.watchOther('prediction_bytes', predictions.maxBytes, () => predictions.bytes)
  if (conversions)
    for (const table of [...CONVERSION_TABLES, ...MESSAGE_TABLES])
      tables.watch(table, () => conversions.rowsOf(table))
  if (!reads) return
  for (const table of [...SYNC_TABLES, 'event_streams'] as const)
    tables.watch(table, () => reads.rowsOf(table))
}
