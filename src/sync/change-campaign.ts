import type { Who } from '../audit/index.ts'
import { type Micros, micros, toUnits } from '../money.ts'
import type { createTurns } from '../time/turns.ts'
import { type Changing, dailyBudgetOf, resume, setDailyBudget, unpaid, writerOf } from './campaign-writes.ts'
import type { Sync } from './sync.ts'

/** The wanted changes of a campaign at a platform. */
export interface WantedChange {
  readonly name?: string | undefined
  readonly daily_budget?: Micros | undefined
  readonly status?: 'active' | 'paused' | undefined
}

/** Who wants the change, and why. */
export interface By {
  readonly caller: Who
  readonly reason: string | undefined
}

/** Target of a recorded change: a campaign at a platform, or the account of a new campaign. */
export const targetOf = ({ connector, connectorId, account }: Changing, ...campaign: string[]): string =>
  [connector.type, account.accountId || connectorId, ...campaign].join(':')

/** Changes a campaign and records each part with its author. Stopping comes first and waits for nothing. */
export async function changeCampaign(
  sync: Sync,
  inTurn: ReturnType<typeof createTurns>,
  changing: Changing,
  campaignId: string,
  { name, daily_budget, status }: WantedChange,
  { caller, reason }: By,
): Promise<void> {
  const { connectorId, account } = changing
  const write = writerOf(changing.connector)
  const target = targetOf(changing, campaignId)
  const audited = (values: object, lowersRisk: boolean, make: () => Promise<unknown>) => {
    const about = { action: 'platform_campaign.changed', target, values: () => values, reason } as const
    return sync.audit.record(caller, { ...about, lowersRisk }, make)
  }
  if (status === 'paused')
    await audited({ to: { status } }, true, () =>
      unpaid(sync, changing, write.setStatus(account, campaignId, status), 'lowering'),
    )
  await inTurn(`${connectorId}:${campaignId}`, async () => {
    if (daily_budget !== undefined) {
      const before = await dailyBudgetOf(sync, changing, campaignId)
      const values = {
        from: { daily_budget: toUnits(micros(before)) },
        to: { daily_budget: toUnits(daily_budget), name },
      }
      await audited(values, daily_budget <= before, () =>
        setDailyBudget(sync, changing, campaignId, { from: before, to: daily_budget, name }),
      )
    } else if (name !== undefined)
      await audited({ to: { name } }, false, () =>
        unpaid(sync, changing, write.update(account, campaignId, { name }), 'bid'),
      )
    if (status === 'active')
      await audited({ to: { status } }, false, () => resume(sync, changing, campaignId))
  })
}
