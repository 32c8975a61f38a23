import { z } from 'zod'
import { type Micros, microsFloor } from '../../money.ts'
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
import { type AskTalk, type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { type TradeDeskMoney, toTradeDeskMoney } from './api.ts'
import { eachPage } from './pages.ts'
import { entities, writeCampaign } from './requests.ts'
import { changeAndReadBack, readCampaign, shownAsNew, type WantedCampaign } from './strict-changes.ts'

const Named = z.object({ CampaignId: z.string(), CampaignName: z.string().nullish() })

/** Creates a paused campaign. A name that exists is refused, so a repetition never creates a second one. */
export function* createCampaign(
  api: string,
  account: AccountRef,
  { name, dailyBudgetMicros, startDate }: CampaignChange & { readonly name: string },
): Talk<Changed> {
  const budget = budgetOfNew(dailyBudgetMicros)
  if (startDate === undefined) throw new TalkRefused('start_date: a campaign of The Trade Desk needs one')
  yield* refuseNamesake(api, account.accountId, name)
  const wanted: WantedCampaign = {
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
  return shownAsNew(yield* written(request), wanted)
}

export function* updateCampaign(
  api: string,
  account: Pick<AccountRef, 'currency'>,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): AskTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw nothingToChange()
  const wanted: WantedCampaign = {
    ...(name !== undefined && { CampaignName: name }),
    ...(dailyBudgetMicros !== undefined && { DailyBudget: moneyOf(dailyBudgetMicros, account) }),
  }
  // Refuses a campaign whose budget is in another currency before anything is changed.
  if (dailyBudgetMicros !== undefined) yield* dailyBudget(api, account, id)
  return yield* changeAndReadBack(api, id, wanted)
}

export const setCampaignStatus = (api: string, id: string, status: 'active' | 'paused'): AskTalk<Changed> =>
  changeAndReadBack(api, id, { Availability: status === 'active' ? 'Available' : 'Paused' })

/** Daily budget of a campaign; undefined for one without. Refuses a budget in another currency than the account's. */
export function* dailyBudget(
  api: string,
  account: Pick<AccountRef, 'currency'>,
  id: string,
): AskTalk<Micros | undefined> {
  const { DailyBudget: budget } = yield* readCampaign(api, id)
  if (!budget) return undefined
  const currency = currencyOf(account)
  if (budget.CurrencyCode !== currency)
    throw new TalkRefused(`the budget is in ${budget.CurrencyCode}, but the account in ${currency}`)
  return microsFloor(budget.Amount)
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
