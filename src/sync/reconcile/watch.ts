import { DateTime } from 'luxon'
import type { Clock } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import type { ConnectorRow } from '../connections.ts'
import { zoneOf } from '../connectors/dates.ts'
import type { ConnectorType, ReadConnector } from '../connectors/read-connector.ts'
import type { Store } from '../store/index.ts'
import { infoOf } from '../work/index.ts'
import { REASONS, type Reason } from './compare.ts'
import { type OwnSpendOf, reconcile } from './reconcile.ts'

/** How an account stands over the latest days; amounts in micros. */
export interface SpendSummary {
  readonly type: ConnectorType
  readonly accountId: string
  readonly currency: string
  readonly reported: number
  readonly own: number
  /** What the two differ by, over all campaigns and days, without regard to sign. */
  readonly difference: Readonly<Record<Reason, number>>
}

export interface WatchDeps {
  readonly store: Store
  readonly clock: Clock
  readonly connectorOf: (type: string) => ReadConnector | undefined
  readonly ownSpendOf: OwnSpendOf
}

const DAYS = 30

/** Compares the latest 30 days of every account that is connected and bid on. */
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
    const found = await reconcile(store, ownSpendOf, source, latestDays(clock, row)).catch(mismatched)
    if (!found) continue
    const difference = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<Reason, number>
    let [reported, own] = [0, 0]
    for (const line of found.lines) {
      reported += line.reported
      own += line.own
      difference[line.reason] += Math.abs(line.reported - line.own)
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

/** An account in another currency says so to whoever asks for it; there is nothing to add up. */
function mismatched(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error
  return undefined
}
