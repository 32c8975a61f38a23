import type { BidIntent, Verification } from '../platform/bids.ts'
import { toMetaUnits } from './api.ts'
import type { GraphAdSet, GraphFields } from './graph.ts'

/** The present bid values of an ad set. */
export interface AdSetBid {
  /** `bid_amount`, in minor units. */
  readonly cap: number | undefined
  /** `roas_average_floor`, in ten-thousandths. */
  readonly floor: number | undefined
}

/** What is known about a campaign's bids; looked up for its first bid. */
export interface MetaMemo {
  /** Place of the budget, which is also where the strategy is set: the campaign or each of its ad sets. */
  readonly budget: 'campaign' | 'ad_sets'
  /** Whether Meta accepts a bid cap with value optimisation here; otherwise a minimum return on ad spend is used. */
  readonly strategy: 'bid_cap' | 'min_roas'
  /** By ad set id, the values last read or written; a write without an answer is compared with them. */
  readonly standing: Readonly<Record<string, AdSetBid>>
  /** Whether the campaign's own strategy was set to `strategy`; used only where the budget is the campaign's. */
  readonly isStrategySet: boolean
  /** Whether an ad set refused the last bid; the next bid then looks everything up again. */
  readonly isStale: boolean
}

export interface BidWrite {
  readonly path: string
  readonly fields: GraphFields
  /** The ad sets that get the bid. */
  readonly adSets: readonly string[]
}

const BID_CAP = 'LOWEST_COST_WITH_BID_CAP'
const MIN_ROAS = 'LOWEST_COST_WITH_MIN_ROAS'
/** `roas_average_floor` counts ten-thousandths of a return; Meta accepts 0.01 to 1000. */
const ROAS_SCALE = 10_000
const [MIN_FLOOR, MAX_FLOOR] = [100, 10_000_000]

export const standingOf = ({ bid_amount, bid_constraints }: GraphAdSet): AdSetBid => ({
  cap: bid_amount,
  floor: bid_constraints?.roas_average_floor,
})

/** Values of an ad set after it has taken the bid. */
export function standingAfter(intent: BidIntent, strategy: MetaMemo['strategy'], currency: string): AdSetBid {
  if (strategy === 'bid_cap') return { cap: toMetaUnits(intent.bid, currency), floor: undefined }
  const floor = Math.floor((intent.predictedLtv / intent.bid) * ROAS_SCALE)
  return { cap: undefined, floor: Math.min(MAX_FLOOR, Math.max(MIN_FLOOR, floor)) }
}

/**
 * The writes of a bid, in order. With a campaign budget, caps are sent in one write with the strategy. Floors are set
 * on the ad sets, before the campaign's strategy requires them.
 */
export function bidWrites(campaignId: string, memo: MetaMemo, after: AdSetBid): BidWrite[] {
  const ids = Object.keys(memo.standing)
  const bid_constraints = { roas_average_floor: after.floor }
  const onEach = (fields: GraphFields): BidWrite[] => ids.map((id) => ({ path: id, fields, adSets: [id] }))

  if (memo.budget === 'ad_sets') {
    return memo.strategy === 'bid_cap'
      ? onEach({ bid_strategy: BID_CAP, bid_amount: String(after.cap), optimization_goal: 'VALUE' })
      : onEach({ bid_strategy: MIN_ROAS, bid_constraints, optimization_goal: 'VALUE' })
  }
  if (memo.strategy === 'bid_cap') {
    const adset_bid_amounts = Object.fromEntries(ids.map((id) => [id, after.cap]))
    return [{ path: campaignId, fields: { bid_strategy: BID_CAP, adset_bid_amounts }, adSets: ids }]
  }
  const floors = onEach({ bid_constraints, optimization_goal: 'VALUE' })
  return memo.isStrategySet
    ? floors
    : [...floors, { path: campaignId, fields: { bid_strategy: MIN_ROAS }, adSets: [] }]
}

/**
 * Compares ad sets with a bid of unknown outcome. Meta stores no id of ours, so only caps and floors can tell.
 * - `applied`: an ad set has our value and did not have it before. One is enough, since the money is for the whole bid.
 * - `not_applied`: every ad set has its earlier value, which differs from ours.
 * - `unclear`: our value was there before, the earlier values are unknown, or somebody else has written since.
 * @param ours the values after the bid, for each strategy that it may have used
 */
export function compare(
  adSets: readonly GraphAdSet[],
  ours: readonly AdSetBid[],
  before: MetaMemo['standing'] | undefined,
): Verification {
  const shows = (now: AdSetBid | undefined) =>
    now !== undefined && ours.some((our) => measureOf(now, our) === measureOf(our, our))
  if (adSets.some((adSet) => shows(standingOf(adSet)) && !shows(before?.[adSet.id]))) return 'applied'
  if (before === undefined || Object.values(before).some(shows)) return 'unclear'

  const now = new Map(adSets.map((adSet) => [adSet.id, standingOf(adSet)]))
  const isAsBefore = Object.entries(before).every(([id, was]) => {
    const is = now.get(id)
    return is !== undefined && ours.every((our) => measureOf(is, our) === measureOf(was, our))
  })
  return isAsBefore ? 'not_applied' : 'unclear'
}

/** The value that the bid uses: its cap or its floor. */
const measureOf = (standing: AdSetBid, bid: AdSetBid): number | undefined =>
  bid.cap === undefined ? standing.floor : standing.cap
