import type { JsonObject } from '../protocol.ts'
import { BUSINESS_ID, refuse } from './errors.ts'
import { minorUnitsOf } from './money.ts'

export interface PlayedAdSet {
  readonly id: string
  readonly campaignId: string
  name: string
  status: string
  optimizationGoal: string
  bidStrategy: string
  /** In minor units; undefined if the strategy takes no amount. */
  bidAmount: number | undefined
  /** In ten-thousandths, only with the strategy of a minimum ROAS. */
  roasFloor: number | undefined
  /** In minor units; undefined if the campaign has the budget. */
  dailyBudget: number | undefined
}

export interface PlayedCampaign {
  readonly id: string
  name: string
  status: string
  /** Undefined unless the campaign has the budget. */
  bidStrategy: string | undefined
  /** In minor units; undefined if the ad sets have budgets. */
  dailyBudget: number | undefined
  readonly adSetIds: readonly string[]
}

export type GraphNode =
  | { readonly is: 'business' }
  | { readonly is: 'campaign'; readonly campaign: PlayedCampaign }
  | { readonly is: 'ad_set'; readonly adSet: PlayedAdSet; readonly campaign: PlayedCampaign }

export interface MetaState {
  /** What an id names. An unknown id creates a campaign, unless it begins with `missing`: that is refused with 100/33. */
  find(id: string): GraphNode
  adSetsOf(campaign: PlayedCampaign): readonly PlayedAdSet[]
  /** The campaigns that exist from the beginning: one runs, one is paused and has the budget itself, one is archived. */
  seeds(): readonly PlayedCampaign[]
  /** Those, and all that were created since. */
  list(): readonly PlayedCampaign[]
  /** Creates a campaign with a new id. */
  create(campaign: Pick<PlayedCampaign, 'name' | 'status' | 'bidStrategy' | 'dailyBudget'>): PlayedCampaign
}

const ID = /^[A-Za-z0-9_-]{1,80}$/
const AD_SET_MARK = '-adset-'
/** The daily budget of a campaign that is created by being looked up, in units of the currency. */
const NEW_DAILY_BUDGET_UNITS = 100
const SEEDS = [
  { id: '23850001', status: 'ACTIVE' },
  { id: '23850002-cbo', status: 'PAUSED' },
  { id: '23850003', status: 'ARCHIVED' },
]

/** @param prefix of the ids of campaigns, if other accounts have some too */
export function createMetaState(currency: string, prefix = ''): MetaState {
  const campaigns = new Map<string, PlayedCampaign>()
  const adSets = new Map<string, PlayedAdSet>()
  let created = 0

  function campaignOf(id: string): PlayedCampaign {
    const known = campaigns.get(id)
    if (known) return known
    const ownBudget = id.includes('cbo')
    const dailyBudget = NEW_DAILY_BUDGET_UNITS * minorUnitsOf(currency)
    const campaign: PlayedCampaign = {
      id,
      name: `Campaign ${id}`,
      status: 'ACTIVE',
      bidStrategy: ownBudget ? 'LOWEST_COST_WITHOUT_CAP' : undefined,
      dailyBudget: ownBudget ? dailyBudget : undefined,
      adSetIds: Array.from({ length: adSetCount(id) }, (_, index) => `${id}${AD_SET_MARK}${index + 1}`),
    }
    campaigns.set(id, campaign)
    for (const adSetId of campaign.adSetIds) {
      adSets.set(adSetId, {
        id: adSetId,
        campaignId: id,
        name: `Ad set ${adSetId}`,
        status: 'ACTIVE',
        optimizationGoal: 'OFFSITE_CONVERSIONS',
        bidStrategy: 'LOWEST_COST_WITHOUT_CAP',
        bidAmount: undefined,
        roasFloor: undefined,
        dailyBudget: ownBudget ? undefined : dailyBudget,
      })
    }
    return campaign
  }

  return {
    find(id) {
      if (id === BUSINESS_ID) return { is: 'business' }
      if (!ID.test(id) || id.startsWith('missing')) refuse(100, 33)
      const [campaignId = id] = id.split(AD_SET_MARK)
      if (campaignId === id) return { is: 'campaign', campaign: campaignOf(id) }
      const campaign = campaignOf(campaignId)
      const adSet = adSets.get(id)
      return adSet ? { is: 'ad_set', adSet, campaign } : refuse(100, 33)
    },
    adSetsOf: (campaign) => campaign.adSetIds.flatMap((id) => adSets.get(id) ?? []),
    seeds,
    list: () => [...new Set([...seeds(), ...campaigns.values()])],
    create({ name, status, bidStrategy, dailyBudget }) {
      created += 1
      const campaign = { id: `${prefix}2386${created}`, name, status, bidStrategy, dailyBudget, adSetIds: [] }
      campaigns.set(campaign.id, campaign)
      return campaign
    },
  }

  function seeds(): PlayedCampaign[] {
    return SEEDS.map(({ id, status }) => {
      const known = campaigns.get(prefix + id)
      if (known) return known
      const campaign = campaignOf(prefix + id)
      campaign.status = status
      return campaign
    })
  }
}

function adSetCount(id: string): number {
  if (id.includes('empty')) return 0
  if (id.includes('many')) return 60
  return id.includes('cbo') ? 2 : 1
}

/** Money as Meta writes it: minor units in a string. */
const moneyText = (minor: number | undefined): string | undefined =>
  minor === undefined ? undefined : String(minor)

/** Every readable field of a business. */
export const businessFields = (): JsonObject => ({
  id: BUSINESS_ID,
  name: 'Sandbox business',
  verification_status: 'verified',
})

/** Every readable field of a campaign; undefined ones exist but have no value. */
export const campaignFields = ({
  id,
  name,
  status,
  dailyBudget,
  bidStrategy,
}: PlayedCampaign): JsonObject => ({
  id,
  name,
  status,
  effective_status: status,
  account_id: ACCOUNT_ID,
  objective: 'OUTCOME_SALES',
  buying_type: 'AUCTION',
  special_ad_categories: [],
  daily_budget: moneyText(dailyBudget),
  lifetime_budget: undefined,
  budget_remaining: moneyText(dailyBudget),
  bid_strategy: bidStrategy,
  updated_time: '2026-11-01T10:00:00+0000',
})

/** Every readable field of an ad set. */
export const adSetFields = (adSet: PlayedAdSet, campaign: PlayedCampaign): JsonObject => ({
  id: adSet.id,
  name: adSet.name,
  campaign_id: adSet.campaignId,
  account_id: ACCOUNT_ID,
  status: adSet.status,
  effective_status:
    adSet.status === 'ACTIVE' && campaign.status === 'PAUSED' ? 'CAMPAIGN_PAUSED' : adSet.status,
  billing_event: 'IMPRESSIONS',
  optimization_goal: adSet.optimizationGoal,
  // If the campaign has the budget, its strategy holds for the ad sets.
  bid_strategy: campaign.bidStrategy ?? adSet.bidStrategy,
  bid_amount: moneyText(adSet.bidAmount),
  bid_constraints: adSet.roasFloor === undefined ? undefined : { roas_average_floor: adSet.roasFloor },
  daily_budget: moneyText(adSet.dailyBudget),
  lifetime_budget: undefined,
  budget_remaining: moneyText(adSet.dailyBudget),
  updated_time: '2026-11-01T10:00:00+0000',
})

export const ACCOUNT_ID = '700000000000002'
