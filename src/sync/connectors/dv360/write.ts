import { z } from 'zod'
import type { HttpRequest } from '../../../http.ts'
import { micros } from '../../../money.ts'
import { textAt, toGoogleMicros } from '../../../platforms/index.ts'
import { plusDays } from '../dates.ts'
import {
  type AccountRef,
  ask,
  type CampaignChange,
  type ReadTalk,
  TalkRefused,
  WRITES,
} from '../read-connector.ts'
import { anyOf, entitiesOf, STATUSES } from './entities.ts'
import { createCampaign as campaignRequest, createOrder, listEntities, patchEntity } from './requests.ts'

const Campaign = z.object({
  campaignId: z.string().min(1),
  displayName: z.string().optional(),
  entityStatus: z.string().optional(),
})
const Order = z.object({
  insertionOrderId: z.string().min(1),
  entityStatus: z.string(),
  pacing: z
    .object({
      pacingPeriod: z.string().optional(),
      dailyMaxMicros: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
    })
    .loose()
    .prefault({}),
})
type Order = z.output<typeof Order>

interface Changed {
  readonly id: string
}

/** An insertion order needs a budget for its whole life; of a new one it is this many days of its daily budget. */
const NEW_CAMPAIGN_DAYS = 30
const GOAL = 'CAMPAIGN_GOAL_TYPE_ONLINE_ACTION'

/**
 * A new campaign, paused, with one insertion order, a draft, that has its budget: their campaigns have none. A name that is
 * taken is refused, so that repeating makes no second; but one that is paused and has no insertion order is what a break
 * between the two requests leaves, and is given its insertion order.
 */
export function* createCampaign(
  host: string,
  account: AccountRef,
  { name, dailyBudgetMicros, startDate }: CampaignChange & { readonly name: string },
): ReadTalk<Changed> {
  if (dailyBudgetMicros === undefined) throw new TalkRefused('a campaign needs a daily budget')
  if (startDate === undefined)
    throw new TalkRefused('start_date: a campaign of Display & Video 360 needs one')
  const dailyMaxMicros = amountOf(dailyBudgetMicros, account)
  const budgetMicros = amountOf(dailyBudgetMicros * NEW_CAMPAIGN_DAYS, account)
  const goal = account.settings['campaign_goal']
  const wanted = { name, startDate, goal: typeof goal === 'string' ? goal : GOAL }
  const id =
    (yield* leftBehind(host, account.accountId, name)) ??
    Campaign.parse(yield* written(campaignRequest(host, account.accountId, wanted))).campaignId
  const range = { start: startDate, end: plusDays(startDate, NEW_CAMPAIGN_DAYS - 1) }
  const order = { campaignId: id, name, range, budgetMicros, dailyMaxMicros }
  const made = Order.parse(yield* written(createOrder(host, account.accountId, order)))
  expectShown(made.pacing.dailyMaxMicros, dailyMaxMicros)
  return { id }
}

/** The budget first: what is refused there has changed nothing. */
export function* updateCampaign(
  host: string,
  account: AccountRef,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): ReadTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw new TalkRefused('nothing is to be changed')
  const { accountId } = account
  if (dailyBudgetMicros !== undefined) {
    const dailyMaxMicros = amountOf(dailyBudgetMicros, account)
    const { insertionOrderId, pacing } = yield* onlyOrder(host, accountId, id)
    const path = `insertionOrders/${insertionOrderId}`
    const fields = { pacing: { ...pacing, dailyMaxMicros } }
    const shown = Order.parse(yield* written(patchEntity(host, accountId, path, fields)))
    expectShown(shown.pacing.dailyMaxMicros, dailyMaxMicros)
  }
  if (name !== undefined) {
    const path = `campaigns/${encodeURIComponent(id)}`
    const shown = Campaign.parse(yield* written(patchEntity(host, accountId, path, { displayName: name })))
    expectShown(shown.displayName, name)
  }
  return { id }
}

/** Starting a campaign whose only insertion order is a draft, as in a new one, starts that as well. */
export function* setCampaignStatus(
  host: string,
  { accountId }: AccountRef,
  id: string,
  status: 'active' | 'paused',
): ReadTalk<Changed> {
  const entityStatus = `ENTITY_STATUS_${status === 'active' ? 'ACTIVE' : 'PAUSED'}`
  const orders = status === 'active' ? yield* ordersOf(host, accountId, id) : []
  const path = `campaigns/${encodeURIComponent(id)}`
  const shown = Campaign.parse(yield* written(patchEntity(host, accountId, path, { entityStatus })))
  expectShown(shown.entityStatus, entityStatus)
  const [order] = orders
  // An insertion order cannot be started before its campaign is.
  if (orders.length === 1 && order?.entityStatus === 'ENTITY_STATUS_DRAFT') {
    const begun = patchEntity(host, accountId, `insertionOrders/${order.insertionOrderId}`, { entityStatus })
    expectShown(Order.parse(yield* written(begun)).entityStatus, entityStatus)
  }
  return { id }
}

/** Micros a day that its insertion order may spend. */
export function* dailyBudget(host: string, { accountId }: AccountRef, id: string): ReadTalk<number> {
  return Number((yield* onlyOrder(host, accountId, id)).pacing.dailyMaxMicros)
}

/** The one that has the campaign's budget. With several it is not said whose budget is meant. */
function* onlyOrder(host: string, advertiserId: string, campaignId: string): ReadTalk<Order> {
  const [order, ...others] = yield* ordersOf(host, advertiserId, campaignId)
  if (!order)
    throw new TalkRefused(`campaign ${campaignId} has no insertion order, which would have its budget`)
  if (others.length > 0)
    throw new TalkRefused(
      `campaign ${campaignId} has ${others.length + 1} insertion orders, each with a budget of its own`,
    )
  const { pacingPeriod, dailyMaxMicros } = order.pacing
  if (pacingPeriod !== 'PACING_PERIOD_DAILY' || dailyMaxMicros === undefined)
    throw new TalkRefused(`the insertion order of campaign ${campaignId} has no daily budget`)
  return order
}

/** All that are not archived. */
function* ordersOf(host: string, advertiserId: string, campaignId: string): ReadTalk<Order[]> {
  const filter = `campaignId="${campaignId}" AND (${anyOf(STATUSES)})`
  const orders: Order[] = []
  for (const one of yield* allOf(host, advertiserId, 'insertionOrders', filter)) orders.push(Order.parse(one))
  return orders
}

function* leftBehind(host: string, advertiserId: string, name: string): ReadTalk<string | undefined> {
  const campaigns = yield* allOf(host, advertiserId, 'campaigns', anyOf(STATUSES))
  const same = campaigns.map((one) => Campaign.parse(one)).find(({ displayName }) => displayName === name)
  if (!same) return undefined
  const { campaignId, entityStatus } = same
  const isPaused = entityStatus === 'ENTITY_STATUS_PAUSED'
  if (!isPaused || (yield* ordersOf(host, advertiserId, campaignId)).length > 0)
    throw new TalkRefused(`there is a campaign ${name} already: ${campaignId}`)
  return campaignId
}

function* allOf(
  host: string,
  advertiserId: string,
  collection: 'campaigns' | 'insertionOrders',
  filter: string,
): ReadTalk<unknown[]> {
  const all: unknown[] = []
  let pageToken: string | undefined
  do {
    const page = yield* ask(listEntities(host, { advertiserId, collection, filter, pageToken }), WRITES)
    all.push(...entitiesOf(page, collection))
    pageToken = textAt(page, 'nextPageToken') || undefined
  } while (pageToken !== undefined)
  return all
}

function* written(request: HttpRequest): ReadTalk<unknown> {
  const reply = yield { is: 'ask', request, bucket: WRITES, writes: true }
  return reply?.is === 'ok' ? reply.body : undefined
}

function expectShown(shown: string | undefined, wanted: string): void {
  if (shown !== wanted) throw new Error('the campaign is not shown as it was asked for')
}

/** Rounded down here: what is below their smallest unit they would round up. */
function amountOf(dailyBudgetMicros: number, { currency }: AccountRef): string {
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  const amount = toGoogleMicros(micros(dailyBudgetMicros), currency)
  if (amount === '0') throw new TalkRefused(`the budget is below the smallest unit of ${currency}`)
  return amount
}
