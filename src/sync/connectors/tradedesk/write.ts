import { z } from 'zod'
import { micros, microsFloor } from '../../../money.ts'
import { type TradeDeskMoney, toTradeDeskMoney } from '../../../platforms/index.ts'
import {
  type AccountRef,
  ask,
  type CampaignChange,
  type ReadTalk,
  TalkRefused,
  WRITES,
} from '../read-connector.ts'
import { eachPage } from './pages.ts'
import { campaign, entities, writeCampaign } from './requests.ts'

const Money = z.object({ Amount: z.number().min(0) }).nullish()
const Campaign = z.object({
  CampaignId: z.string(),
  CampaignName: z.string().nullish(),
  Availability: z.string().nullish(),
  DailyBudget: Money,
})
const Named = z.object({ CampaignId: z.string(), CampaignName: z.string().nullish() })

interface Changed {
  readonly id: string
}
interface Wanted {
  readonly CampaignName?: string
  readonly Availability?: 'Available' | 'Paused'
  readonly DailyBudget?: TradeDeskMoney
}

/** Their campaigns need a budget for their whole life; of a new one it is this many days of its daily budget. */
const NEW_CAMPAIGN_DAYS = 30

/** A new campaign, paused. A name that is taken is refused, so that repeating makes no second. */
export function* createCampaign(
  api: string,
  account: AccountRef,
  { name, dailyBudgetMicros, startDate }: CampaignChange & { readonly name: string },
): ReadTalk<Changed> {
  if (dailyBudgetMicros === undefined) throw new TalkRefused('a campaign needs a daily budget')
  if (startDate === undefined) throw new TalkRefused('start_date: a campaign of The Trade Desk needs one')
  const same = yield* namesake(api, account.accountId, name)
  if (same !== undefined) throw new TalkRefused(`there is a campaign ${name} already: ${same}`)
  const wanted: Wanted = {
    CampaignName: name,
    Availability: 'Paused',
    DailyBudget: moneyOf(dailyBudgetMicros, account),
  }
  const channel = account.settings['primary_channel']
  const request = writeCampaign(api, 'POST', {
    AdvertiserId: account.accountId,
    ...wanted,
    Budget: moneyOf(dailyBudgetMicros * NEW_CAMPAIGN_DAYS, account),
    Version: 'Kokai',
    StartDate: `${startDate}T00:00:00`,
    CampaignConversionReportingColumns: [],
    PrimaryGoal: { MaximizeReach: true },
    PrimaryChannel: typeof channel === 'string' ? channel : 'Display',
    IncludeDefaultsFromAdvertiser: true,
    PacingMode: 'PaceEvenly',
  })
  const reply = yield { is: 'ask', request, bucket: WRITES, writes: true }
  const made = Campaign.parse(reply?.is === 'ok' ? reply.body : undefined)
  compare(made, wanted)
  return { id: made.CampaignId }
}

export function* updateCampaign(
  api: string,
  account: AccountRef,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): ReadTalk<Changed> {
  if (name === undefined && dailyBudgetMicros === undefined) throw new TalkRefused('nothing is to be changed')
  return yield* put(api, id, {
    ...(name !== undefined && { CampaignName: name }),
    ...(dailyBudgetMicros !== undefined && { DailyBudget: moneyOf(dailyBudgetMicros, account) }),
  })
}

export const setCampaignStatus = (api: string, id: string, status: 'active' | 'paused'): ReadTalk<Changed> =>
  put(api, id, { Availability: status === 'active' ? 'Available' : 'Paused' })

/** Micros a day; undefined for a campaign that has no daily budget. */
export function* dailyBudget(api: string, id: string): ReadTalk<number | undefined> {
  const { DailyBudget } = Campaign.parse(yield* ask(campaign(api, id), WRITES))
  return DailyBudget ? microsFloor(DailyBudget.Amount) : undefined
}

/** A property that is not known would be left out with a 200: what the answer shows is compared with what was asked. */
function* put(api: string, id: string, wanted: Wanted): ReadTalk<Changed> {
  const request = writeCampaign(api, 'PUT', { CampaignId: id, ...wanted })
  const reply = yield { is: 'ask', request, bucket: WRITES, writes: true }
  const shown = reply?.is === 'ok' ? reply.body : undefined
  // Their success without content says nothing of what became of it.
  compare(Campaign.parse(shown ?? (yield* ask(campaign(api, id), WRITES))), wanted)
  return { id }
}

function compare(shown: z.output<typeof Campaign>, wanted: Wanted): void {
  const isSame =
    (wanted.CampaignName ?? shown.CampaignName) === shown.CampaignName &&
    (wanted.Availability ?? shown.Availability) === shown.Availability &&
    (wanted.DailyBudget?.Amount ?? shown.DailyBudget?.Amount) === shown.DailyBudget?.Amount
  if (!isSame) throw new Error('the campaign is not shown as it was asked for')
}

function* namesake(api: string, advertiserId: string, name: string): ReadTalk<string | undefined> {
  let found: string | undefined
  yield* eachPage(
    (start) => entities(api, 'campaign', advertiserId, start),
    (page) => {
      for (const one of page.map((each) => Named.parse(each)))
        if (one.CampaignName === name) found ??= one.CampaignId
      return []
    },
    WRITES,
  )
  return found
}

function moneyOf(dailyBudgetMicros: number, { currency }: AccountRef): TradeDeskMoney {
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  const money = toTradeDeskMoney(micros(dailyBudgetMicros), currency)
  if (money.Amount === 0) throw new TalkRefused(`the budget is below the smallest unit of ${currency}`)
  return money
}
