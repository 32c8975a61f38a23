import type { ConnectorType } from '../../connectors/index.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Store } from '../store/index.ts'

/** An account at a platform, whose campaigns all its connections share. */
export interface BudgetAccount {
  readonly type: ConnectorType
  readonly accountId: string
}

/**
 * Stores the daily budget of a campaign from now on; also a raise of unknown outcome, since it may be in force.
 * @param dailyMicros micros of the account's currency
 */
export async function noteBudget(
  { db }: Store,
  clock: Clock,
  { type, accountId }: BudgetAccount,
  campaignId: string,
  dailyMicros: number,
): Promise<void> {
  await db
    .insertInto('campaign_budgets')
    .values({
      connector_type: type,
      account_id: accountId,
      campaign_id: campaignId,
      set_at: isoTime(clock.nowMs()),
      daily_micros: dailyMicros,
    })
    .execute()
}

/** Highest budget of each campaign between two times, in micros per day, as set through Bidwarden. */
export type BudgetsBetween = (fromMs: number, toMs: number) => ReadonlyMap<string, number>

/** Budgets of an account that were set before a time. */
export async function budgetsBefore(
  { db }: Store,
  { type, accountId }: BudgetAccount,
  untilMs: number,
): Promise<BudgetsBetween> {
  const all = await db
    .selectFrom('campaign_budgets')
    .select(['campaign_id', 'set_at', 'daily_micros'])
    .where('connector_type', '=', type)
    .where('account_id', '=', accountId)
    .where('set_at', '<', isoTime(untilMs))
    .orderBy('set_at')
    .execute()
  const given = all.map((row) => ({
    campaignId: row.campaign_id,
    atMs: Date.parse(row.set_at),
    micros: Number(row.daily_micros),
  }))
  return (fromMs, toMs) => {
    const highest = new Map<string, number>()
    for (const { campaignId, atMs, micros } of given) {
      if (atMs >= toMs) break
      // A budget set earlier counts while it was still in force when the period began.
      const before = atMs <= fromMs ? 0 : (highest.get(campaignId) ?? 0)
      highest.set(campaignId, Math.max(before, micros))
    }
    return highest
  }
}
