import {
  type AccountRef,
  CALL_TERMS,
  type CampaignChange,
  type Connector,
  converseNow,
  type Talk,
  WRITES,
} from '../connectors/index.ts'
import { AppError, invalidField } from '../errors.ts'
import { type Micros, micros, minus, ZERO } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import { type Called, type Guarded, guard, type Priority, stoppedError } from '../shield/index.ts'
import { noteBudget } from './reconcile/index.ts'
import type { Sync } from './sync.ts'

export interface WrittenCampaign {
  readonly id: string
}

/** A connection through which a campaign is changed. */
export interface Changing {
  readonly connector: Connector
  readonly connectorId: string
  readonly orgId: number
  readonly account: AccountRef
  /** Id of the API key that asks, where its own budget pays too. */
  readonly payingKey: string | undefined
}

/** How long a caller waits for the platform, in milliseconds. */
const PATIENCE_MS = 60_000

/**
 * Runs a conversation that costs nothing: a question, or a change that lowers risk. It holds no money; with the
 * priority `lowering` it passes neither breaker nor limiter.
 */
export async function unpaid<T>(
  sync: Sync,
  changing: Changing,
  talk: Talk<T>,
  priority: Priority,
): Promise<T> {
  return accepted(sync, changing, await outcomeOf(sync, changing, talk, priority))
}

/** Runs a conversation that lets a platform spend `amount` micros more per day. The money is held first. */
async function paid(
  sync: Sync,
  changing: Changing,
  campaignId: string,
  amount: Micros,
  talk: Talk<WrittenCampaign>,
): Promise<WrittenCampaign> {
  const { connector, account } = changing
  const { payer, limits, breakers, clock } = sync
  const scopes = payer?.scopesOf(connector.type, campaignId, changing.orgId, changing.payingKey) ?? []
  if (!payer || scopes.length === 0)
    throw new AppError('budget_exceeded', `no budget pays for ${connector.type}`)
  const foreign = scopes.find((one) => one.limits.length > 0 && one.currency !== account.currency)
  if (foreign) {
    const detail = `${foreign.name} is kept in ${foreign.currency}, the account in ${account.currency ?? 'a currency that is not known'}`
    const error = new AppError('currency_mismatch', detail, 'never', { scope: foreign.name })
    throw payer.refusalFor(error, changing.orgId)
  }
  // The call itself passes the breaker and is counted. This only asks them, so that no money is held for a call that
  // would be refused.
  const guards = {
    budget: payer.budget,
    limiter: { admits: (priority: Priority) => limits.admits(callerOf(changing), WRITES, priority) },
    breaker: {
      enter() {
        const { orgId, connectorId } = changing
        const retryAfterMs = breakers.closedInMs({ type: connector.type, orgId, connectorId }, WRITES)
        if (retryAfterMs > 0) return { is: 'open', retryAfterMs } as const
        return { is: 'admitted', passage: { report() {} } } as const
      },
    },
  }
  const spend = { id: payer.newId(), scopes, amount, terms: CALL_TERMS, priority: 'bid' } as const
  const done = await guard(guards, spend, async (): Promise<Called<WrittenCampaign>> => {
    const startedMs = clock.elapsedMs()
    const outcome = await outcomeOf(sync, changing, talk, 'bid')
    return { outcome, verdict: 'neutral', latencyMs: clock.elapsedMs() - startedMs }
  })
  return accepted(sync, changing, done)
}

/** Present daily budget of a campaign, in micros. Throws for a campaign without a budget of its own. */
export async function dailyBudgetOf(sync: Sync, changing: Changing, campaignId: string): Promise<number> {
  const { connector, account } = changing
  const talk = writerOf(connector).dailyBudget(account, campaignId)
  const budget = await unpaid(sync, changing, talk, 'lowering')
  if (budget === undefined) {
    throw new AppError('platform_refused', `campaign ${campaignId} has no daily budget of its own`)
  }
  return budget
}

/**
 * Sets the daily budget of a campaign. A raise pays for the difference first; lowering needs no permission. A raise is
 * paid in full at any time of day, because the platform does not say what it has spent today.
 */
export async function setDailyBudget(
  sync: Sync,
  changing: Changing,
  campaignId: string,
  budget: { readonly from: number; readonly to: Micros; readonly name: string | undefined },
): Promise<WrittenCampaign> {
  const { connector, account } = changing
  const { from: before, to: dailyBudget, name } = budget
  const write = writerOf(connector)
  const change = { dailyBudgetMicros: dailyBudget, ...(name !== undefined && { name }) }
  const talk = write.update(account, campaignId, change)
  const isRaise = dailyBudget > before
  try {
    const changed = isRaise
      ? await paid(sync, changing, campaignId, minus(dailyBudget, micros(before)), talk)
      : await unpaid(sync, changing, talk, 'lowering')
    await noted(sync, changing, campaignId, dailyBudget)
    return changed
  } catch (error) {
    // A raise of unknown outcome may be in force, so it counts as given.
    if (isRaise && error instanceof AppError && error.code === 'outcome_unknown')
      await noted(sync, changing, campaignId, dailyBudget)
    throw error
  }
}

/** Creates a paused campaign and pays for its daily budget. */
export async function createCampaign(
  sync: Sync,
  changing: Changing,
  campaign: CampaignChange & { readonly name: string; readonly dailyBudgetMicros: Micros },
): Promise<WrittenCampaign> {
  const talk = writerOf(changing.connector).create(changing.account, campaign)
  const made = await paid(sync, changing, '', campaign.dailyBudgetMicros, talk)
  await noted(sync, changing, made.id, campaign.dailyBudgetMicros)
  return made
}

/** Remembers the budget for the reconciliation. A failure is logged, since the change itself was made. */
async function noted(sync: Sync, changing: Changing, campaignId: string, dailyBudget: Micros): Promise<void> {
  const { store, clock, log } = sync
  await noteBudget(store, clock, callerOf(changing), campaignId, dailyBudget).catch((error) =>
    log.error({ err: error, campaignId }, 'a budget could not be noted, so the comparison of spend lacks it'),
  )
}

/** Starts a campaign. Its budget was paid for when it was given, but nothing starts while spending is stopped. */
export const resume = (sync: Sync, changing: Changing, campaignId: string): Promise<WrittenCampaign> =>
  paid(
    sync,
    changing,
    campaignId,
    ZERO,
    writerOf(changing.connector).setStatus(changing.account, campaignId, 'active'),
  )

export function writerOf({ type, write }: Connector): NonNullable<Connector['write']> {
  if (write) return write
  throw invalidField('id', `campaigns of ${type} cannot be changed`)
}

const callerOf = ({ connector, connectorId, orgId, account }: Changing) => ({
  type: connector.type,
  orgId,
  accountId: account.accountId || connectorId,
})

async function outcomeOf<T>(
  sync: Sync,
  changing: Changing,
  talk: Talk<T>,
  priority: Priority,
): Promise<Outcome<T>> {
  const { connector, connectorId } = changing
  const caller = { connector, connectorId, account: callerOf(changing), priority }
  const talked = await converseNow(sync.calls, caller, talk, PATIENCE_MS)
  return talked.is === 'done' ? { is: 'accepted', value: talked.value } : talked
}

function accepted<T>(sync: Sync, { connector: { type }, orgId }: Changing, done: Guarded<T>): T {
  switch (done.is) {
    case 'accepted':
      return done.value
    case 'refused':
    case 'auth_lost':
      throw new AppError('platform_refused', `${type} refused: ${done.detail}`)
    case 'unavailable':
      throw new AppError('platform_unavailable', `${type}: ${done.detail}`, 'later')
    case 'unknown':
      throw new AppError(
        'outcome_unknown',
        `${type} did not answer for certain (${done.detail}); its possible spend counts as spent`,
      )
    case 'throttled':
    case 'limited':
    case 'breaker_open':
    case 'vetoed': {
      const error = stoppedError(sync.clock, type, done)
      throw sync.payer?.refusalFor(error, orgId) ?? error
    }
    case 'repeated':
      throw new Error('there is a hold with this id already')
    case 'unready':
      throw done.error
  }
}
