import { micros } from '../../money.ts'
import type { SandboxAccount } from '../ledger.ts'
import type { JsonObject } from '../protocol.ts'
import { refuseParameter } from './errors.ts'
import { minorToMicros } from './money.ts'
import {
  AdSetParams,
  BID_CAP,
  CampaignParams,
  MIN_ROAS,
  NewCampaignParams,
  readParams,
  takesAmount,
  WITHOUT_CAP,
} from './params.ts'
import type { MetaState, PlayedAdSet, PlayedCampaign } from './state.ts'

/** Writes of campaigns and ad sets. Each is checked as a whole, then made unless the caller only wants the check. */
export function createMetaWriter({ currency, ledger }: SandboxAccount, state: MetaState) {
  return {
    /** Meta recognises no repetition: the same name again creates another campaign. */
    createCampaign(params: JsonObject): PlayedCampaign {
      const { name, status, daily_budget, bid_strategy } = readParams(NewCampaignParams(currency), params)
      const made = state.create({ name, status, bidStrategy: bid_strategy, dailyBudget: daily_budget })
      recordBudget(made.id, daily_budget)
      recordStatus(made.id, status)
      return made
    },

    writeCampaign(campaign: PlayedCampaign, params: JsonObject): void {
      const wanted = readParams(CampaignParams(currency), params)
      const adSets = state.adSetsOf(campaign)
      checkCampaign(campaign, adSets, wanted)
      if (wanted.execution_options?.includes('validate_only')) return

      campaign.name = wanted.name ?? campaign.name
      campaign.status = wanted.status ?? campaign.status
      campaign.dailyBudget = wanted.daily_budget ?? campaign.dailyBudget
      campaign.bidStrategy = wanted.bid_strategy ?? campaign.bidStrategy
      const bids = wanted.adset_bid_amounts ?? {}
      for (const adSet of adSets) {
        adSet.bidAmount = bids[adSet.id] ?? adSet.bidAmount
        if (wanted.bid_strategy !== undefined && !takesAmount(wanted.bid_strategy))
          adSet.bidAmount = undefined
      }
      if (Object.keys(bids).length > 0) recordBid(campaign.id, Math.max(...Object.values(bids)))
      else if (wanted.bid_strategy === MIN_ROAS) recordBid(campaign.id, 0)
      recordBudget(campaign.id, wanted.daily_budget)
      if (wanted.status !== undefined) recordStatus(campaign.id, wanted.status)
    },

    writeAdSet(adSet: PlayedAdSet, campaign: PlayedCampaign, params: JsonObject): void {
      const wanted = readParams(AdSetParams(currency), params)
      const after = checkAdSet(adSet, campaign, wanted)
      if (wanted.execution_options?.includes('validate_only')) return

      adSet.name = wanted.name ?? adSet.name
      adSet.status = wanted.status ?? adSet.status
      adSet.dailyBudget = wanted.daily_budget ?? adSet.dailyBudget
      adSet.optimizationGoal = after.goal
      adSet.bidAmount = after.bidAmount
      adSet.roasFloor = after.roasFloor
      if (campaign.bidStrategy === undefined) adSet.bidStrategy = after.strategy
      if (wanted.bid_amount !== undefined) recordBid(campaign.id, wanted.bid_amount)
      else if (wanted.bid_constraints !== undefined && after.strategy === MIN_ROAS) recordBid(campaign.id, 0)
      recordBudget(campaign.id, wanted.daily_budget)
    },
  }

  function recordBid(campaignId: string, minor: number) {
    const amount = minorToMicros(minor, currency)
    ledger.apply({ platform: 'meta', kind: 'bid', campaignId, amount, currency })
  }

  function recordStatus(campaignId: string, status: string) {
    ledger.apply({ platform: 'meta', kind: 'status', campaignId, currency, amount: micros(0), status })
  }

  function recordBudget(campaignId: string, minor: number | undefined) {
    if (minor === undefined) return
    const amount = minorToMicros(minor, currency)
    ledger.apply({ platform: 'meta', kind: 'budget', campaignId, amount, currency })
  }
}

function checkCampaign(
  campaign: PlayedCampaign,
  adSets: readonly PlayedAdSet[],
  wanted: CampaignParams,
): void {
  const bids = wanted.adset_bid_amounts ?? {}
  const touchesBids = wanted.bid_strategy !== undefined || wanted.adset_bid_amounts !== undefined
  if (wanted.daily_budget !== undefined && campaign.dailyBudget === undefined) {
    refuseParameter("The campaign's ad sets have their own budgets; a campaign budget cannot be set")
  }
  if (!touchesBids) return
  if (campaign.dailyBudget === undefined) {
    refuseParameter('The bid strategy is set on the ad sets unless the campaign has the budget')
  }
  const unknown = Object.keys(bids).find((id) => !campaign.adSetIds.includes(id))
  if (unknown !== undefined) {
    refuseParameter(`adset_bid_amounts: ${unknown} is not an ad set of this campaign`)
  }
  if (wanted.adset_bid_amounts !== undefined && wanted.bid_strategy === undefined) {
    refuseParameter('adset_bid_amounts must be sent together with bid_strategy')
  }
  const strategy = wanted.bid_strategy ?? WITHOUT_CAP
  for (const adSet of adSets) {
    checkBid({
      strategy,
      goal: adSet.optimizationGoal,
      bidAmount: bids[adSet.id] ?? (takesAmount(strategy) ? adSet.bidAmount : undefined),
      roasFloor: adSet.roasFloor,
      campaignId: campaign.id,
    })
  }
}

interface Bidding {
  readonly strategy: string
  readonly goal: string
  readonly bidAmount: number | undefined
  readonly roasFloor: number | undefined
}

/** How the ad set would bid after the write. */
function checkAdSet(adSet: PlayedAdSet, campaign: PlayedCampaign, wanted: AdSetParams): Bidding {
  const underCampaignBudget = campaign.dailyBudget !== undefined
  if (underCampaignBudget && wanted.daily_budget !== undefined) {
    refuseParameter('The campaign has the budget; an ad set budget cannot be set')
  }
  if (underCampaignBudget && wanted.bid_strategy !== undefined) {
    refuseParameter('The campaign has the budget; the bid strategy is set on the campaign')
  }
  const strategy = wanted.bid_strategy ?? campaign.bidStrategy ?? adSet.bidStrategy
  // An ad set must have its floor before its campaign changes to minimum ROAS, so it may have one without using it.
  const keepsFloor = strategy === MIN_ROAS || underCampaignBudget
  if (!keepsFloor && wanted.bid_constraints !== undefined) {
    refuseParameter(`bid_constraints cannot be used with bid_strategy ${strategy}`)
  }
  const after: Bidding = {
    strategy,
    goal: wanted.optimization_goal ?? adSet.optimizationGoal,
    bidAmount: wanted.bid_amount ?? (takesAmount(strategy) ? adSet.bidAmount : undefined),
    roasFloor: wanted.bid_constraints?.roas_average_floor ?? (keepsFloor ? adSet.roasFloor : undefined),
  }
  checkBid({ ...after, campaignId: campaign.id })
  return after
}

/** Meta's rules between strategy, goal and amount. */
function checkBid({
  strategy,
  goal,
  bidAmount,
  roasFloor,
  campaignId,
}: Bidding & { readonly campaignId: string }) {
  if (takesAmount(strategy) && bidAmount === undefined) {
    refuseParameter(`bid_amount is required for bid_strategy ${strategy}`)
  }
  if (!takesAmount(strategy) && bidAmount !== undefined) {
    refuseParameter(`bid_amount must not be set for bid_strategy ${strategy}`)
  }
  if (strategy === MIN_ROAS && roasFloor === undefined) {
    refuseParameter('bid_constraints.roas_average_floor is required for LOWEST_COST_WITH_MIN_ROAS')
  }
  if (strategy === MIN_ROAS && goal !== 'VALUE') {
    refuseParameter('LOWEST_COST_WITH_MIN_ROAS needs the optimization goal VALUE')
  }
  if (strategy === BID_CAP && goal === 'VALUE' && campaignId.includes('noval')) {
    refuseParameter('LOWEST_COST_WITH_BID_CAP is not available with the optimization goal VALUE')
  }
}
