import { z } from 'zod'
import type { Micros } from '../../money.ts'
import {
  budgetOfNew,
  type Changed,
  currencyOf,
  Namesake,
  noOwnBudget,
  nothingToChange,
  payable,
  written,
} from '../platform/campaigns.ts'
import type { AccountRef, CampaignChange } from '../platform/connector.ts'
import { type AskTalk, ask, type Talk, WRITES } from '../platform/steps.ts'
import { fromMetaUnits, toMetaUnits } from './api.ts'
import { checkWhole, eachPage } from './pages.ts'
import { entities, type GraphDoor, readCampaign, writeNode } from './requests.ts'

const Made = z.object({ id: z.string().min(1) })
const Campaign = z.object({
  id: z.string(),
  name: z.string().optional(),
  status: z.string().optional(),
  daily_budget: z
    .union([z.int().min(0), z.string().regex(/^\d{1,15}$/)])
    .transform(String)
    .optional(),
})
const Named = z.object({ id: z.string(), name: z.string().optional() })
/** Campaigns per page. */
const PAGE = 100

/**
 * Creates a paused campaign with the budget on the campaign. A name that exists is refused, so a repetition never
 * creates a second one.
 */
export function* createCampaign(
  graph: string,
  account: AccountRef,
  { name, dailyBudgetMicros }: CampaignChange & { readonly name: string },
): Talk<Changed> {
  const daily_budget = minorOf(budgetOfNew(dailyBudgetMicros), account)
  yield* refuseNamesake(graph, account.accountId, name)
  const objective = account.settings['objective']
  const body = yield* written(
    writeNode({ graph }, [account.accountId, 'campaigns'], {
      name,
      daily_budget,
      status: 'PAUSED',
      objective: typeof objective === 'string' ? objective : 'OUTCOME_SALES',
      special_ad_categories: '[]',
      buying_type: 'AUCTION',
      bid_strategy: 'LOWEST_COST_WITHOUT_CAP',
    }),
  )
  const { id } = Made.parse(body)
  yield* expectShown({ graph }, id, { name, status: 'PAUSED', daily_budget })
  return { id }
}

export function* updateCampaign(
  door: GraphDoor,
  account: Pick<AccountRef, 'currency'>,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): AskTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw nothingToChange()
  const fields = {
    ...(name !== undefined && { name }),
    ...(dailyBudgetMicros !== undefined && { daily_budget: minorOf(dailyBudgetMicros, account) }),
  }
  // A budget on a campaign whose ad sets have their own would replace all of theirs.
  if (dailyBudgetMicros !== undefined && (yield* dailyBudget(door, account, id)) === undefined)
    throw noOwnBudget(id)
  yield* written(writeNode(door, [id], fields))
  yield* expectShown(door, id, fields)
  return { id }
}

export function* setCampaignStatus(
  door: GraphDoor,
  id: string,
  status: 'active' | 'paused',
): AskTalk<Changed> {
  const value = status === 'active' ? 'ACTIVE' : 'PAUSED'
  yield* written(writeNode(door, [id], { status: value }))
  yield* expectShown(door, id, { status: value })
  return { id }
}

/** Daily budget of a campaign; undefined for one whose ad sets have their own. */
export function* dailyBudget(
  door: GraphDoor,
  account: Pick<AccountRef, 'currency'>,
  id: string,
): AskTalk<Micros | undefined> {
  const { daily_budget } = yield* shownOf(door, id)
  if (daily_budget === undefined) return undefined
  return fromMetaUnits(Number(daily_budget), currencyOf(account))
}

/**
 * Reads back what was written, because Meta reports success for changes it does not make. If the values differ, the
 * outcome is unknown, because the change may show later.
 */
function* expectShown(
  door: GraphDoor,
  id: string,
  wanted: Readonly<Partial<Record<'name' | 'status' | 'daily_budget', string>>>,
): AskTalk<void> {
  const shown = yield* shownOf(door, id)
  for (const name of ['name', 'status', 'daily_budget'] as const)
    if (wanted[name] !== undefined && shown[name] !== wanted[name])
      throw new Error(`${name} of ${id} is ${shown[name] ?? 'not shown'} after it was set to ${wanted[name]}`)
}

function* shownOf(door: GraphDoor, id: string): AskTalk<z.output<typeof Campaign>> {
  const shown = Campaign.parse(yield* ask(readCampaign(door, id), WRITES))
  if (shown.id !== id) throw new Error(`the answer is about the campaign ${shown.id}`)
  return shown
}

function* refuseNamesake(graph: string, accountId: string, name: string): Talk<void> {
  const namesake = new Namesake(name, (one) => Named.parse(one))
  const came = yield* eachPage(
    (page) => entities(graph, accountId, 'campaigns', ['id', 'name'], page),
    WRITES,
    PAGE,
    (page) => namesake.look(page),
  )
  checkWhole(came, 'the campaigns')
  namesake.refuse()
}

const minorOf = (dailyBudgetMicros: number, account: Pick<AccountRef, 'currency'>): string =>
  String(payable(dailyBudgetMicros, account, toMetaUnits, (minor) => minor === 0))
