import { type Clock, isoTime } from '../../clock.ts'
import type { ConnectorType } from '../connectors/read-connector.ts'
import type { Store } from '../store/index.ts'

/** Whose campaigns: every connection of the account sees the same. */
export interface BudgetAccount {
  readonly type: ConnectorType
  readonly accountId: string
}

/**
 * Remembers that a campaign may spend so much a day from now on. Also of a raise whose outcome is not known: it may stand.
 *
 * @param dailyMicros of the account's currency
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

/** What each campaign could cost at most between two instants by budgets given from here, in micros a day. */
export type BudgetsBetween = (fromMs: number, toMs: number) => ReadonlyMap<string, number>

/** The budgets of an account that were given before an instant. */
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
      // What was given before counts as far as it still stood when the time began.
      const before = atMs <= fromMs ? 0 : (highest.get(campaignId) ?? 0)
      highest.set(campaignId, Math.max(before, micros))
    }
    return highest
  }
}
