import { z } from 'zod'
import { MAX_UNITS, type Micros, microsFloor } from '../../money.ts'
import {
  budgetOfNew,
  type Changed,
  currencyOf,
  Namesake,
  NEW_CAMPAIGN_DAYS,
  nothingToChange,
  payable,
  written,
} from '../platform/campaigns.ts'
import type { AccountRef, CampaignChange } from '../platform/connector.ts'
import { at } from '../platform/json.ts'
import { type AskTalk, ask, type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { type TradeDeskMoney, toTradeDeskMoney } from './api.ts'
import { eachPage } from './pages.ts'
import { campaign, entities, writeCampaign } from './requests.ts'

const Campaign = z.object({
  CampaignId: z.string(),
  CampaignName: z.string().nullish(),
  Availability: z.string().nullish(),
  DailyBudget: z.object({ Amount: z.number().min(0).max(MAX_UNITS), CurrencyCode: z.string() }).nullish(),
})
type Campaign = z.output<typeof Campaign>
const Named = z.object({ CampaignId: z.string(), CampaignName: z.string().nullish() })

interface Wanted {
  readonly CampaignName?: string
  readonly Availability?: 'Available' | 'Paused'
  readonly DailyBudget?: TradeDeskMoney
}

/** Creates a paused campaign. A name that exists is refused, so a repetition never creates a second one. */
export function* createCampaign(
  api: string,
  account: AccountRef,
  { name, dailyBudgetMicros, startDate }: CampaignChange & { readonly name: string },
): Talk<Changed> {
  const budget = budgetOfNew(dailyBudgetMicros)
  if (startDate === undefined) throw new TalkRefused('start_date: a campaign of The Trade Desk needs one')
  yield* refuseNamesake(api, account.accountId, name)
  const wanted: Wanted = {
    CampaignName: name,
    Availability: 'Paused',
    DailyBudget: moneyOf(budget, account),
  }
  const channel = account.settings['primary_channel']
  const request = writeCampaign(api, 'POST', {
    AdvertiserId: account.accountId,
    ...wanted,
    Budget: moneyOf(budget * NEW_CAMPAIGN_DAYS, account),
    Version: 'Kokai',
    StartDate: `${startDate}T00:00:00`,
    CampaignConversionReportingColumns: [],
    PrimaryGoal: { MaximizeReach: true },
    PrimaryChannel: typeof channel === 'string' ? channel : 'Display',
    IncludeDefaultsFromAdvertiser: true,
    PacingMode: 'PaceEvenly',
  })
  const made = Campaign.parse(yield* written(request))
  if (!shows(made, wanted)) throw notShown(made.CampaignId)
  return { id: made.CampaignId }
}

export function* updateCampaign(
  api: string,
  account: Pick<AccountRef, 'currency'>,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): AskTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw nothingToChange()
  const wanted: Wanted = {
    ...(name !== undefined && { CampaignName: name }),
    ...(dailyBudgetMicros !== undefined && { DailyBudget: moneyOf(dailyBudgetMicros, account) }),
  }
  // Refuses a campaign whose budget is in another currency before anything is changed.
  if (dailyBudgetMicros !== undefined) yield* dailyBudget(api, account, id)
  return yield* put(api, id, wanted)
}

export const setCampaignStatus = (api: string, id: string, status: 'active' | 'paused'): AskTalk<Changed> =>
  put(api, id, { Availability: status === 'active' ? 'Available' : 'Paused' })

/** Daily budget of a campaign; undefined for one without. Refuses a budget in another currency than the account's. */
export function* dailyBudget(
  api: string,
  account: Pick<AccountRef, 'currency'>,
  id: string,
): AskTalk<Micros | undefined> {
  const { DailyBudget: budget } = yield* shownOf(api, id)
  if (!budget) return undefined
  const currency = currencyOf(account)
  if (budget.CurrencyCode !== currency)
    throw new TalkRefused(`the budget is in ${budget.CurrencyCode}, but the account in ${currency}`)
  return microsFloor(budget.Amount)
}

/**
 * Changes a campaign in strict mode; without it, an unknown property would get a 200 and change nothing. The answer has
 * to show what was wanted, and where it does not (it may be empty, or lag behind), reading the campaign back has to. The
 * old value does not prove that nothing was changed, because the change may show later: the outcome is then unknown.
 */
function* put(api: string, id: string, wanted: Wanted): AskTalk<Changed> {
  const echo = yield* written(writeCampaign(api, 'PUT', { CampaignId: id, ...wanted }))
  if (echo !== undefined && shows(campaignIn(echo, id), wanted)) return { id }
  if (!shows(yield* shownOf(api, id), wanted)) throw notShown(id)
  return { id }
}

function* shownOf(api: string, id: string): AskTalk<Campaign> {
  return campaignIn(yield* ask(campaign(api, id), WRITES), id)
}

function campaignIn(answer: unknown, id: string): Campaign {
  const shown = Campaign.parse(answer)
  if (shown.CampaignId !== id) throw new Error(`the answer is about the campaign ${shown.CampaignId}`)
  return shown
}

const notShown = (id: string): Error => new Error(`campaign ${id} is not shown as it was asked for`)

/** Whether `shown` contains everything in `wanted`; it may contain more. */
function shows(shown: unknown, wanted: unknown): boolean {
  if (wanted === null || typeof wanted !== 'object') return shown === wanted
  return Object.entries(wanted).every(([key, value]) => shows(at(shown, key), value))
}

function* refuseNamesake(api: string, advertiserId: string, name: string): Talk<void> {
  const namesake = new Namesake(name, (one) => {
    const { CampaignId, CampaignName } = Named.parse(one)
    return { id: CampaignId, name: CampaignName }
  })
  yield* eachPage(
    (start) => entities(api, 'campaign', advertiserId, start),
    (page) => namesake.look(page),
    { bucket: WRITES },
  )
  namesake.refuse()
}

const moneyOf = (dailyBudgetMicros: number, account: Pick<AccountRef, 'currency'>): TradeDeskMoney =>
  payable(dailyBudgetMicros, account, toTradeDeskMoney, ({ Amount }) => Amount === 0)
