import type { SpendReport } from '../../connectors/index.ts'

/**
 * Why the two figures of a campaign on a day differ.
 * - `none`: they agree, apart from rounding.
 * - `not_reported`: the day was read without a figure of the platform, so there is nothing to compare.
 * - `late_data`: the platform may still change the day, or it was not read since it became final.
 * - `under_delivery`: the platform spent less than was counted; the difference was kept from other bids.
 * - `over_delivery`: the platform spent more, within its own rule for exceeding a day.
 * - `within_budget`: the platform spent more than was bid, within its rule for the daily budget set through Bidwarden.
 * - `changed_outside`: the platform spent on a campaign of ours on a day without a bid: an earlier bid is still in
 *   force, or somebody else changed it.
 * - `not_ours`: no bid on the campaign on any of the days, and no budget set through Bidwarden.
 * - `unknown`: none of these.
 */
export const REASONS = [
  'none',
  'not_reported',
  'late_data',
  'under_delivery',
  'over_delivery',
  'within_budget',
  'changed_outside',
  'not_ours',
  'unknown',
] as const
export type Reason = (typeof REASONS)[number]

/** A campaign on a day, with the platform's figure and our own; amounts in micros. */
export interface SpendPair {
  readonly reported: number | null
  readonly own: number
  /** Highest daily budget in force on that day that was set through Bidwarden; undefined for none. */
  readonly budget: number | undefined
  /** Whether the campaign had a bid on any of the compared days, or a budget set through Bidwarden. */
  readonly isOurs: boolean
  /**
   * Milliseconds from the end of the day to its last reading; negative before the end, undefined when it was never
   * read.
   */
  readonly readAfterMs: number | undefined
}

/**
 * Largest difference that rounding explains, in micros and as a share of the larger figure. Platforms report in hundredths,
 * and a sum contains several of them.
 */
const ROUNDING_MICROS = 10_000
const ROUNDING_SHARE = 0.001
const DAY_MS = 86_400_000

/** The first of the reasons that fits, by the platform's rule for final figures and for exceeding a day. */
export function reasonFor(pair: SpendPair, rule: SpendReport): Reason {
  const { reported, own, budget, isOurs, readAfterMs } = pair
  if (!isOurs) return 'not_ours'
  if (reported === null) return readAfterMs === undefined ? 'late_data' : 'not_reported'
  const difference = Math.abs(reported - own)
  if (difference <= Math.max(ROUNDING_MICROS, ROUNDING_SHARE * Math.max(reported, own))) return 'none'
  if (readAfterMs === undefined || readAfterMs < rule.settledAfterDays * DAY_MS) return 'late_data'
  if (reported < own) return 'under_delivery'
  if (budget !== undefined && reported <= budget * rule.overDelivery) return 'within_budget'
  if (own === 0) return budget === undefined ? 'changed_outside' : 'unknown'
  return reported <= own * rule.overDelivery ? 'over_delivery' : 'unknown'
}
