import { z } from 'zod'
import { googleBudgetOf } from '../google/money.ts'
import {
  budgetOfNew,
  type Changed,
  NEW_CAMPAIGN_DAYS,
  nameIsTaken,
  nothingToChange,
  written,
} from '../platform/campaigns.ts'
import type { AccountRef, CampaignChange } from '../platform/connector.ts'
import { textAt } from '../platform/json.ts'
import { ask, type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { plusDays } from '../reading/dates.ts'
import { Pages } from '../reading/pages.ts'
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

/** The goal of a new campaign if the settings name none. */
const GOAL = 'CAMPAIGN_GOAL_TYPE_ONLINE_ACTION'

/**
 * Creates a paused campaign with one insertion order (a draft), which has the budget, because a campaign has none. A
 * name that exists is refused, so a repetition never creates a second campaign. The exception is a paused campaign
 * without an insertion order, which an interrupted creation leaves: it gets its insertion order.
 */
export function* createCampaign(
  host: string,
  account: AccountRef,
  { name, dailyBudgetMicros, startDate }: CampaignChange & { readonly name: string },
): Talk<Changed> {
  const budget = budgetOfNew(dailyBudgetMicros)
  if (startDate === undefined)
    throw new TalkRefused('start_date: a campaign of Display & Video 360 needs one')
  const dailyMaxMicros = googleBudgetOf(budget, account)
  const budgetMicros = googleBudgetOf(budget * NEW_CAMPAIGN_DAYS, account)
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

/** Changes the budget first, so that a refusal there has changed nothing. */
export function* updateCampaign(
  host: string,
  account: AccountRef,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): Talk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw nothingToChange()
  const { accountId } = account
  if (dailyBudgetMicros !== undefined) {
    const dailyMaxMicros = googleBudgetOf(dailyBudgetMicros, account)
    const { insertionOrderId, pacing } = yield* onlyOrder(host, accountId, id)
    const path = `insertionOrders/${insertionOrderId}`
    const fields = { pacing: { ...pacing, dailyMaxMicros } }
    const shown = Order.parse(yield* written(patchEntity(host, accountId, path, fields)))
    expectShown(shown.insertionOrderId, insertionOrderId)
    expectShown(shown.pacing.dailyMaxMicros, dailyMaxMicros)
  }
  if (name !== undefined) {
    const path = `campaigns/${encodeURIComponent(id)}`
    const shown = Campaign.parse(yield* written(patchEntity(host, accountId, path, { displayName: name })))
    expectShown(shown.campaignId, id)
    expectShown(shown.displayName, name)
  }
  return { id }
}

/**
 * Starts or pauses a campaign. Starting one whose only insertion order is a draft, as in a new campaign, starts that
 * order too.
 */
export function* setCampaignStatus(
  host: string,
  { accountId }: AccountRef,
  id: string,
  status: 'active' | 'paused',
): Talk<Changed> {
  const entityStatus = `ENTITY_STATUS_${status === 'active' ? 'ACTIVE' : 'PAUSED'}`
  const orders = status === 'active' ? yield* ordersOf(host, accountId, id) : []
  const path = `campaigns/${encodeURIComponent(id)}`
  const shown = Campaign.parse(yield* written(patchEntity(host, accountId, path, { entityStatus })))
  expectShown(shown.campaignId, id)
  expectShown(shown.entityStatus, entityStatus)
  const [order] = orders
  // An insertion order can only be started after its campaign.
  if (orders.length === 1 && order?.entityStatus === 'ENTITY_STATUS_DRAFT') {
    const begun = patchEntity(host, accountId, `insertionOrders/${order.insertionOrderId}`, { entityStatus })
    expectShown(Order.parse(yield* written(begun)).entityStatus, entityStatus)
  }
  return { id }
}

/** Daily budget of the campaign's only insertion order, in micros. */
export function* dailyBudget(host: string, { accountId }: AccountRef, id: string): Talk<number> {
  return Number((yield* onlyOrder(host, accountId, id)).pacing.dailyMaxMicros)
}

/**
 * The insertion order with the campaign's budget. With several of them the budget is ambiguous and the change is
 * refused.
 */
function* onlyOrder(host: string, advertiserId: string, campaignId: string): Talk<Order> {
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

/** All insertion orders that are not archived. */
function* ordersOf(host: string, advertiserId: string, campaignId: string): Talk<Order[]> {
  const filter = `campaignId="${campaignId}" AND (${anyOf(STATUSES)})`
  const orders: Order[] = []
  for (const one of yield* allOf(host, advertiserId, 'insertionOrders', filter)) orders.push(Order.parse(one))
  return orders
}

/** The campaign that an interrupted creation has left. Throws TalkRefused for another campaign of this name. */
function* leftBehind(host: string, advertiserId: string, name: string): Talk<string | undefined> {
  const campaigns = yield* allOf(host, advertiserId, 'campaigns', anyOf(STATUSES))
  const same = campaigns.map((one) => Campaign.parse(one)).find(({ displayName }) => displayName === name)
  if (!same) return undefined
  const { campaignId, entityStatus } = same
  const isPaused = entityStatus === 'ENTITY_STATUS_PAUSED'
  if (!isPaused || (yield* ordersOf(host, advertiserId, campaignId)).length > 0)
    throw nameIsTaken(name, campaignId)
  return campaignId
}

function* allOf(
  host: string,
  advertiserId: string,
  collection: 'campaigns' | 'insertionOrders',
  filter: string,
): Talk<unknown[]> {
  const all: unknown[] = []
  const pages = new Pages()
  for (let pageToken: string | undefined; ; ) {
    const page = yield* ask(listEntities(host, { advertiserId, collection, filter, pageToken }), WRITES)
    const found = entitiesOf(page, collection)
    all.push(...found)
    pageToken = textAt(page, 'nextPageToken') || undefined
    if (pageToken === undefined || !pages.goOn(found)) return all
  }
}

function expectShown(shown: string | undefined, wanted: string): void {
  if (shown !== wanted) throw new Error('the campaign is not shown as it was asked for')
}
