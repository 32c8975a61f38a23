import { AppError } from '../errors.ts'
import { type Micros, micros, minus, ZERO } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import { type Called, type Guarded, guard, type Priority, stoppedError } from '../shield/index.ts'
import {
  type AccountRef,
  type CampaignChange,
  type ReadConnector,
  type ReadTalk,
  WRITES,
} from './connectors/read-connector.ts'
import { noteBudget } from './reconcile/index.ts'
import { converseNow } from './run/index.ts'
import type { Sync } from './sync.ts'

export interface Changed {
  readonly id: string
}

/** A connection whose campaigns are changed. */
export interface Changing {
  readonly connector: ReadConnector
  readonly connectorId: string
  readonly orgId: number
  readonly account: AccountRef
}

/** How long a caller waits for the platform. */
const PATIENCE_MS = 60_000
/** Above the longest conversation; a call that ends later still corrects what was settled. */
const TERMS = { ttlMs: 120_000, onExpiry: 'settle' } as const

/** For what lowers risk, and for questions: no budget, and with the priority `lowering` neither breaker nor limit. */
export async function unpaid<T>(
  sync: Sync,
  changing: Changing,
  talk: ReadTalk<T>,
  priority: Priority,
): Promise<T> {
  return accepted(sync, changing, await outcomeOf(sync, changing, talk, priority))
}

/** Lets a platform spend `amount` more a day: as every call that can spend, only for money that is held first. */
async function paid(
  sync: Sync,
  changing: Changing,
  campaignId: string,
  amount: Micros,
  talk: ReadTalk<Changed>,
): Promise<Changed> {
  const { connector, account } = changing
  const { payer, limits, breakers, clock } = sync
  const scopes = payer?.scopesOf(connector.type, campaignId) ?? []
  if (!payer || scopes.length === 0)
    throw new AppError('budget_exceeded', `no budget pays for ${connector.type}`)
  const foreign = scopes.find((one) => one.limits.length > 0 && one.currency !== account.currency)
  if (foreign) {
    const detail = `${foreign.name} is kept in ${foreign.currency}, the account in ${account.currency ?? 'a currency that is not known'}`
    throw new AppError('currency_mismatch', detail, 'never', { scope: foreign.name })
  }
  // The call itself passes the breaker and counts; here they are only asked, so that no money is held in vain.
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
  const spend = { id: payer.newId(), scopes, amount, terms: TERMS, priority: 'bid' } as const
  const done = await guard(guards, spend, async (): Promise<Called<Changed>> => {
    const startedMs = clock.elapsedMs()
    const outcome = await outcomeOf(sync, changing, talk, 'bid')
    return { outcome, verdict: 'neutral', latencyMs: clock.elapsedMs() - startedMs }
  })
  return accepted(sync, changing, done)
}

/**
 * Gives a campaign a new daily budget. What it may spend more than before is paid for first; less needs no permission.
 * The platform does not say what it has spent today, so a raise is paid for in full however late in the day.
 */
export async function setDailyBudget(
  sync: Sync,
  changing: Changing,
  campaignId: string,
  dailyBudget: Micros,
  name: string | undefined,
): Promise<Changed> {
  const { connector, account } = changing
  const write = writerOf(connector)
  const before = await unpaid(sync, changing, write.dailyBudget(account, campaignId), 'lowering')
  if (before === undefined) {
    throw new AppError('platform_refused', `campaign ${campaignId} has no daily budget of its own`)
  }
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
    // A raise that may stand is one that may be spent.
    if (isRaise && error instanceof AppError && error.code === 'outcome_unknown')
      await noted(sync, changing, campaignId, dailyBudget)
    throw error
  }
}

/** Makes a campaign, paused, whose daily budget is paid for. */
export async function createCampaign(
  sync: Sync,
  changing: Changing,
  campaign: CampaignChange & { readonly name: string; readonly dailyBudgetMicros: Micros },
): Promise<Changed> {
  const talk = writerOf(changing.connector).create(changing.account, campaign)
  const made = await paid(sync, changing, '', campaign.dailyBudgetMicros, talk)
  await noted(sync, changing, made.id, campaign.dailyBudgetMicros)
  return made
}

/** For the comparison with what the platform reports, which is no reason to fail what was done. */
async function noted(sync: Sync, changing: Changing, campaignId: string, dailyBudget: Micros): Promise<void> {
  const { store, clock, log } = sync
  await noteBudget(store, clock, callerOf(changing), campaignId, dailyBudget).catch((error) =>
    log.error({ err: error, campaignId }, 'a budget is missing in the comparison of spend'),
  )
}

/** Starts a campaign again; its budget was paid for when it was given, but nothing starts while spending is stopped. */
export const resume = (sync: Sync, changing: Changing, campaignId: string): Promise<Changed> =>
  paid(
    sync,
    changing,
    campaignId,
    ZERO,
    writerOf(changing.connector).setStatus(changing.account, campaignId, 'active'),
  )

export function writerOf({ type, write }: ReadConnector): NonNullable<ReadConnector['write']> {
  if (write) return write
  throw new AppError('invalid_request', `id: campaigns of ${type} cannot be changed`, 'never', {
    field: 'id',
  })
}

const callerOf = ({ connector, connectorId, orgId, account }: Changing) => ({
  type: connector.type,
  orgId,
  accountId: account.accountId || connectorId,
})

async function outcomeOf<T>(
  sync: Sync,
  changing: Changing,
  talk: ReadTalk<T>,
  priority: Priority,
): Promise<Outcome<T>> {
  const { connector, connectorId } = changing
  const caller = { connector, connectorId, account: callerOf(changing), priority }
  const talked = await converseNow(sync.calls, caller, talk, PATIENCE_MS)
  return talked.is === 'done' ? { is: 'accepted', value: talked.value } : talked
}

function accepted<T>(sync: Sync, { connector: { type } }: Changing, done: Guarded<T>): T {
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
        `${type} did not answer for certain (${done.detail}); what it may spend counts as spent`,
      )
    case 'throttled':
    case 'limited':
    case 'breaker_open':
    case 'vetoed':
      throw stoppedError(sync.clock, type, done)
    case 'repeated':
      throw new Error('a hold of that name was there before')
    case 'unready':
      throw done.error
  }
}
