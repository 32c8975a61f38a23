import { z } from 'zod'
import { micros } from '../../../money.ts'
import { fromMetaUnits, toMetaUnits } from '../../../platforms/index.ts'
import {
  type AccountRef,
  ask,
  type CampaignChange,
  type ReadTalk,
  TalkRefused,
  WRITES,
} from '../read-connector.ts'
import { eachPage } from './pages.ts'
import { entities, readCampaign, writeNode } from './requests.ts'

const Made = z.object({ id: z.string().min(1) })
const Success = z.object({ success: z.literal(true) })
const Budget = z.object({
  daily_budget: z
    .union([z.int().min(0), z.string().regex(/^\d{1,15}$/)])
    .transform(Number)
    .optional(),
})
const Named = z.object({ id: z.string(), name: z.string().optional() })
const PAGE = 100

interface Changed {
  readonly id: string
}

/** A new campaign, paused, with the budget on the campaign. A name that is taken is refused, so that repeating makes no second. */
export function* createCampaign(
  graph: string,
  account: AccountRef,
  { name, dailyBudgetMicros }: CampaignChange & { readonly name: string },
): ReadTalk<Changed> {
  if (dailyBudgetMicros === undefined) throw new TalkRefused('a campaign needs a daily budget')
  const daily_budget = minorOf(dailyBudgetMicros, account)
  const same = yield* namesake(graph, account.accountId, name)
  if (same !== undefined) throw new TalkRefused(`there is a campaign ${name} already: ${same}`)
  const objective = account.settings['objective']
  const body = yield* written(
    writeNode(graph, [account.accountId, 'campaigns'], {
      name,
      daily_budget,
      status: 'PAUSED',
      objective: typeof objective === 'string' ? objective : 'OUTCOME_SALES',
      special_ad_categories: '[]',
      buying_type: 'AUCTION',
      bid_strategy: 'LOWEST_COST_WITHOUT_CAP',
    }),
  )
  return { id: Made.parse(body).id }
}

export function* updateCampaign(
  graph: string,
  account: AccountRef,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): ReadTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw new TalkRefused('nothing is to be changed')
  const fields = {
    ...(name !== undefined && { name }),
    ...(dailyBudgetMicros !== undefined && { daily_budget: minorOf(dailyBudgetMicros, account) }),
  }
  // A budget on a campaign whose ad sets have theirs would move all of them under it.
  if (dailyBudgetMicros !== undefined && (yield* dailyBudget(graph, account, id)) === undefined)
    throw new TalkRefused(`campaign ${id} has no daily budget of its own`)
  Success.parse(yield* written(writeNode(graph, [id], fields)))
  return { id }
}

export function* setCampaignStatus(
  graph: string,
  id: string,
  status: 'active' | 'paused',
): ReadTalk<Changed> {
  const value = status === 'active' ? 'ACTIVE' : 'PAUSED'
  Success.parse(yield* written(writeNode(graph, [id], { status: value })))
  return { id }
}

/** Micros a day; undefined for a campaign whose ad sets have their own. */
export function* dailyBudget(
  graph: string,
  { currency }: AccountRef,
  id: string,
): ReadTalk<number | undefined> {
  const { daily_budget } = Budget.parse(yield* ask(readCampaign(graph, id), WRITES))
  if (daily_budget === undefined) return undefined
  return fromMetaUnits(daily_budget, known(currency))
}

function* written(request: ReturnType<typeof writeNode>): ReadTalk<unknown> {
  const reply = yield { is: 'ask', request, bucket: WRITES, writes: true }
  return reply?.is === 'ok' ? reply.body : undefined
}

function* namesake(graph: string, accountId: string, name: string): ReadTalk<string | undefined> {
  let found: string | undefined
  const came = yield* eachPage(
    (page) => entities(graph, accountId, 'campaigns', ['id', 'name'], page),
    WRITES,
    PAGE,
    (page) => {
      for (const one of page.map((each) => Named.parse(each))) if (one.name === name) found ??= one.id
      return []
    },
  )
  if (came === 'too_much') throw new TalkRefused('Meta cannot list the campaigns: too much data')
  return found
}

function minorOf(dailyBudgetMicros: number, { currency }: AccountRef): string {
  const minor = toMetaUnits(micros(dailyBudgetMicros), known(currency))
  if (minor === 0) throw new TalkRefused(`the budget is below the smallest unit of ${currency}`)
  return String(minor)
}

function known(currency: string | undefined): string {
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  return currency
}
