import { DateTime } from 'luxon'
import { type Connector, type ConnectorType, zoneOf } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { ConnectorRow, Store } from '../store/index.ts'
import { infoOf } from '../work/index.ts'
import { REASONS, type Reason } from './compare.ts'
import { type OwnSpendOf, reconcile } from './reconcile.ts'

/** Comparison of an account over the latest days; amounts in micros. */
export interface SpendSummary {
  readonly type: ConnectorType
  readonly accountId: string
  readonly currency: string
  /** Sum of the days with a figure of the platform. */
  readonly reported: number
  readonly own: number
  /** Sum of the absolute differences of all campaigns and days, by reason. */
  readonly difference: Readonly<Record<Reason, number>>
}

export interface WatchDeps {
  readonly store: Store
  readonly clock: Clock
  readonly connectorOf: (type: string) => Connector | undefined
  readonly ownSpendOf: OwnSpendOf
}

/** Days that are compared, today included. */
const DAYS = 30

/** Compares the latest 30 days of every connected account that is bid on. */
export async function summariseSpend({
  store,
  clock,
  connectorOf,
  ownSpendOf,
}: WatchDeps): Promise<SpendSummary[]> {
  const rows = await store.db
    .selectFrom('connectors')
    .selectAll()
    .where('status', '=', 'connected')
    .orderBy('created_at')
    .execute()
  const byAccount = new Map<string, SpendSummary>()
  for (const row of rows) {
    const connector = connectorOf(row.type)
    const key = `${row.type} ${row.account_id}`
    if (!connector?.spend || byAccount.has(key)) continue
    const source = { row, type: connector.type, rule: connector.spend }
    const found = await reconcile(store, ownSpendOf, source, latestDays(clock, row), undefined).catch(
      mismatched,
    )
    if (!found) continue
    const difference = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<Reason, number>
    let [reported, own] = [0, 0]
    for (const line of found.lines) {
      reported += line.reported ?? 0
      own += line.own
      // Where the platform's figure is missing, the whole own figure counts as difference.
      difference[line.reason] += Math.abs((line.reported ?? 0) - line.own)
    }
    const { type } = connector
    byAccount.set(key, {
      type,
      accountId: row.account_id ?? '',
      currency: found.currency,
      reported,
      own,
      difference,
    })
  }
  return [...byAccount.values()]
}

function latestDays(clock: Clock, row: ConnectorRow) {
  const today = DateTime.fromMillis(clock.nowMs(), { zone: zoneOf(infoOf(row).timezone) })
  return { start: today.minus({ days: DAYS - 1 }).toISODate() ?? '', end: today.toISODate() ?? '' }
}

/** Skips an account in another currency; a request for its reconciliation explains it. */
function mismatched(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error
  return undefined
}
