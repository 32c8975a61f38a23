import { toMetaUnits } from '../../platforms/index.ts'
import type { BidIntent, Verification } from '../connector.ts'
import type { AdSet, Fields } from './graph.ts'

/** How a bid stands on one ad set. */
export interface Standing {
  /** bid_amount, in minor units. */
  readonly cap: number | undefined
  /** roas_average_floor, in ten-thousandths. */
  readonly floor: number | undefined
}

/** How bids stand on a campaign; found out at its first bid. */
export interface MetaMemo {
  /** Where the budget lives decides where the strategy is set: on the campaign, or on each of its ad sets. */
  readonly budget: 'campaign' | 'ad_sets'
  /** Whether Meta lets value optimisation go with a bid cap here; else a minimum return on ad spend stands for it. */
  readonly strategy: 'bid_cap' | 'min_roas'
  /** By ad set id, what was last read from it or written to it: a lost write is compared with this. */
  readonly standing: Readonly<Record<string, Standing>>
  /** The campaign's own strategy has been set to `strategy`; only told apart where the budget is the campaign's. */
  readonly isStrategySet: boolean
  /** An ad set refused the last bid, so the next one looks everything up again. */
  readonly isStale: boolean
}

export interface BidWrite {
  readonly path: string
  readonly fields: Fields
  /** The ad sets that the write puts the bid on. */
  readonly adSets: readonly string[]
}

const BID_CAP = 'LOWEST_COST_WITH_BID_CAP'
const MIN_ROAS = 'LOWEST_COST_WITH_MIN_ROAS'
/** roas_average_floor counts in ten-thousandths of a return; Meta takes 0.01 to 1000. */
const ROAS_SCALE = 10_000
const [MIN_FLOOR, MAX_FLOOR] = [100, 10_000_000]

export const standingOf = ({ bid_amount, bid_constraints }: AdSet): Standing => ({
  cap: bid_amount,
  floor: bid_constraints?.roas_average_floor,
})

/** What an ad set shows that has taken the bid. */
export function standingAfter(intent: BidIntent, strategy: MetaMemo['strategy'], currency: string): Standing {
  if (strategy === 'bid_cap') return { cap: toMetaUnits(intent.bid, currency), floor: undefined }
  const floor = Math.floor((intent.predictedLtv / intent.bid) * ROAS_SCALE)
  return { cap: undefined, floor: Math.min(MAX_FLOOR, Math.max(MIN_FLOOR, floor)) }
}

/**
 * The writes that make up a bid, in their order. Under a campaign budget caps travel in one write with the strategy;
 * floors stand on the ad sets and must be there before the campaign's strategy asks for them.
 */
export function bidWrites(campaignId: string, memo: MetaMemo, after: Standing): BidWrite[] {
  const ids = Object.keys(memo.standing)
  const bid_constraints = { roas_average_floor: after.floor }
  const onEach = (fields: Fields): BidWrite[] => ids.map((id) => ({ path: id, fields, adSets: [id] }))

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
 * Meta carries no id of ours, so only caps and floors tell what became of a lost bid.
 * - `applied`: an ad set shows our value and did not before. One is enough, the money is for the whole bid.
 * - `not_applied`: every ad set shows what it showed before, and our value differs from that.
 * - `unclear`: our value already stood there, nothing is known of before, or somebody else has written since.
 * @param ours what the bid would have left, for each strategy it may have used
 */
export function compare(
  adSets: readonly AdSet[],
  ours: readonly Standing[],
  before: MetaMemo['standing'] | undefined,
): Verification {
  const shows = (now: Standing | undefined) =>
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

/** The one of cap and floor that the bid uses. */
const measureOf = (standing: Standing, bid: Standing): number | undefined =>
  bid.cap === undefined ? standing.floor : standing.cap
