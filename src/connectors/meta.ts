import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { HttpRequest } from '../http.ts'
import { formatMoney } from '../money.ts'
import type { Failure } from '../outcome.ts'
import { fromMetaUnits, toMetaUnits } from '../platforms/index.ts'
import type { MetaAccount } from './accounts.ts'
import type { BidIntent, Connector, Conversation, Step, Talk, Verification } from './connector.ts'
import { bodyOf, refused, unavailable } from './replies.ts'

/** How bids stand on a campaign; found out at its first bid. */
export interface MetaMemo {
  readonly campaign: CampaignShape
  /** Whether Meta lets value optimisation go with a bid cap on this campaign; else a minimum ROAS stands for it. */
  readonly strategy: 'bid_cap' | 'min_roas'
  /** The cap that stands there, in minor units, and undefined where none does: what a lost write is compared with. */
  readonly cap: number | undefined
}

/** Where the budget lives decides where bids go: on the campaign as a whole, or on each of its ad sets. */
interface CampaignShape {
  readonly budget: 'campaign' | 'ad_sets'
  readonly adSets: readonly string[]
}

const minor = z.coerce.number().int()
const Campaign = z.object({
  id: z.string(),
  daily_budget: minor.optional(),
  lifetime_budget: minor.optional(),
})
const AdSets = z.object({
  data: z.array(
    z.object({ id: z.string(), effective_status: z.string().optional(), bid_amount: minor.optional() }),
  ),
  paging: z
    .object({ next: z.string().optional(), cursors: z.object({ after: z.string() }).optional() })
    .optional(),
})
type AdSet = z.output<typeof AdSets>['data'][number]

/** Ad sets of one campaign that are read; a campaign has rarely more than a dozen. */
const MAX_PAGES = 20
const PAGE = 50
/** roas_average_floor counts in ten-thousandths. */
const ROAS_SCALE = 10_000

/**
 * Bids by value optimisation under a bid cap, in Meta's minor units. Whether Meta accepts that pair is asked with a
 * validation first; where it does not, a minimum return on ad spend takes the cap's place.
 */
export function createMetaConnector(account: MetaAccount, currency: string): Connector<MetaMemo> {
  const request = (method: 'GET' | 'POST', path: string, fields: Record<string, unknown>): HttpRequest => {
    const form = new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    )
    if (account.appSecret !== undefined)
      form.set('appsecret_proof', proofOf(account.accessToken, account.appSecret))
    const url = `${account.url}/${account.version}/${path}`
    if (method === 'GET') return { method, url: `${url}?${form}`, headers: {} }
    return {
      method,
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    }
  }
  const read = (path: string, fields: Record<string, unknown>): Step => ({
    request: request('GET', path, fields),
    writes: false,
  })
  const write = (path: string, fields: Record<string, unknown>): Step => ({
    request: request('POST', path, fields),
    writes: true,
  })

  function* adSetsOf(campaignId: string): Talk<AdSet[] | undefined> {
    const all: AdSet[] = []
    let after: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const fields = {
        fields: 'id,effective_status,bid_amount',
        limit: String(PAGE),
        ...(after !== undefined && { after }),
      }
      const found = AdSets.safeParse(bodyOf(yield read(`${campaignId}/adsets`, fields))).data
      if (!found) return undefined
      all.push(...found.data)
      // A last page still has cursors; only `next` says that there is more.
      after = found.paging?.next === undefined ? undefined : found.paging.cursors?.after
      if (after === undefined) return all
    }
    return undefined
  }

  function* campaignOf(campaignId: string): Talk<z.output<typeof Campaign> | undefined> {
    const reply = yield read(campaignId, { fields: 'id,daily_budget,lifetime_budget' })
    return Campaign.safeParse(bodyOf(reply)).data
  }

  function* lookUp(intent: BidIntent): Talk<MetaMemo | Failure> {
    const { campaignId } = intent
    const campaign = yield* campaignOf(campaignId)
    const adSets = campaign && (yield* adSetsOf(campaignId))
    if (!adSets) return unavailable('an unexpected answer to a read')
    const live = adSets.filter(
      ({ effective_status: status }) => status !== 'DELETED' && status !== 'ARCHIVED',
    )
    if (live.length === 0) return refused(`the campaign ${campaignId} has no ad sets to bid on`)
    const budget =
      campaign.daily_budget !== undefined || campaign.lifetime_budget !== undefined ? 'campaign' : 'ad_sets'
    const shape = { budget, adSets: live.map(({ id }) => id) } as const
    const [first] = bidWrites(intent, shape, 'bid_cap')
    if (!first) return refused(`the campaign ${campaignId} has no ad sets to bid on`)
    const trial = yield {
      ...write(first.path, { ...first.fields, execution_options: ['validate_only'] }),
      writes: false,
      mayRefuse: true,
    }
    const caps = new Set(live.map(({ bid_amount: cap }) => cap))
    const cap = caps.size === 1 ? live[0]?.bid_amount : undefined
    return { campaign: shape, strategy: trial.is === 'ok' ? 'bid_cap' : 'min_roas', cap }
  }

  /** The writes that make up a bid: one for a campaign budget, else one per ad set. */
  function bidWrites(intent: BidIntent, { budget, adSets }: CampaignShape, strategy: MetaMemo['strategy']) {
    const cap = toMetaUnits(intent.bid, currency)
    const floor = { roas_average_floor: Math.floor((intent.predictedLtv / intent.bid) * ROAS_SCALE) }
    if (budget === 'campaign') {
      const fields =
        strategy === 'bid_cap'
          ? {
              bid_strategy: 'LOWEST_COST_WITH_BID_CAP',
              adset_bid_amounts: Object.fromEntries(adSets.map((id) => [id, cap])),
            }
          : { bid_strategy: 'LOWEST_COST_WITH_MIN_ROAS', bid_constraints: floor }
      return [{ path: intent.campaignId, fields }]
    }
    const fields =
      strategy === 'bid_cap'
        ? { bid_strategy: 'LOWEST_COST_WITH_BID_CAP', bid_amount: String(cap), optimization_goal: 'VALUE' }
        : { bid_strategy: 'LOWEST_COST_WITH_MIN_ROAS', bid_constraints: floor, optimization_goal: 'VALUE' }
    return adSets.map((id) => ({ path: id, fields }))
  }

  return {
    *connect() {
      const reply = yield read(account.businessId, { fields: 'id,name' })
      const found = z.object({ id: z.string(), name: z.string().optional() }).safeParse(bodyOf(reply)).data
      if (!found) return unavailable('an unexpected answer to a read')
      return { is: 'accepted', value: { account: found.name ?? found.id } }
    },

    *placeBid(intent, memo) {
      const cap = toMetaUnits(intent.bid, currency)
      if (cap === 0)
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const known = memo ?? (yield* lookUp(intent))
      if ('is' in known) return known
      // An ad set that fails after another took the bid makes the whole outcome unknown: the runner sees to that.
      for (const { path, fields } of bidWrites(intent, known.campaign, known.strategy))
        yield write(path, fields)
      return { is: 'accepted', value: { platformRef: intent.campaignId, memo: { ...known, cap } } }
    },

    *verifyBid(intent, memo): Conversation<Verification> {
      const adSets = yield* adSetsOf(intent.campaignId)
      if (!adSets) return unavailable('an unexpected answer to a read')
      return { is: 'accepted', value: compare(adSets, toMetaUnits(intent.bid, currency), memo) }
    },

    *readCampaignBudget(campaignId) {
      const campaign = yield* campaignOf(campaignId)
      if (!campaign) return unavailable('an unexpected answer to a read')
      const { daily_budget: budget } = campaign
      return { is: 'accepted', value: budget === undefined ? undefined : fromMetaUnits(budget, currency) }
    },

    *updateCampaignBudget(campaignId, dailyBudget) {
      yield write(campaignId, { daily_budget: String(toMetaUnits(dailyBudget, currency)) })
      return { is: 'accepted', value: { platformRef: campaignId } }
    },

    *setCampaignStatus(campaignId, status) {
      yield write(campaignId, { status: status === 'active' ? 'ACTIVE' : 'PAUSED' })
      return { is: 'accepted', value: { platformRef: campaignId } }
    },
  }
}

/**
 * Meta echoes no id of ours, so only the caps tell. Ours on any ad set means applied; the cap from before on all of
 * them means not applied, provided that it differs from ours.
 */
function compare(adSets: readonly AdSet[], ours: number, memo: MetaMemo | undefined): Verification {
  const before = memo?.strategy === 'bid_cap' ? memo.cap : undefined
  if (before === ours) return 'unclear'
  if (adSets.some(({ bid_amount: cap }) => cap === ours)) return 'applied'
  if (before === undefined) return 'unclear'
  return adSets.every(({ bid_amount: cap }) => cap === before) ? 'not_applied' : 'unclear'
}

/** Shows that we know the app's secret without sending it. */
const proofOf = (accessToken: string, appSecret: string): string =>
  createHmac('sha256', appSecret).update(accessToken).digest('hex')
