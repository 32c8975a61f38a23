import type { SpendReport } from '../connectors/read-connector.ts'

/**
 * Why two figures of a campaign's day differ.
 *
 * - `none`: they agree, but for rounding.
 * - `late_data`: the platform may still change the day, or it has not been read since it was settled.
 * - `under_delivery`: the platform spent less than was counted; the difference was held back from other bids.
 * - `over_delivery`: it spent more, and no more than its own rule lets a day go beyond what was set.
 * - `within_budget`: it spent more than was bid, and no more than its rule lets the daily budget cost that the campaign was given
 *   from here.
 * - `changed_outside`: it spent on a campaign of ours on a day on which we bid nothing: an earlier bid that still stands, or
 *   somebody else's change.
 * - `not_ours`: nothing was bid on the campaign on any of the days, and no budget was given to it.
 * - `unknown`: none of these explains it.
 */
export const REASONS = [
  'none',
  'late_data',
  'under_delivery',
  'over_delivery',
  'within_budget',
  'changed_outside',
  'not_ours',
  'unknown',
] as const
export type Reason = (typeof REASONS)[number]

/** A campaign's day, as the platform and as our own ledger have it; amounts in micros. */
export interface SpendPair {
  readonly reported: number
  readonly own: number
  /** The highest daily budget from here that stood on that day; undefined for none. */
  readonly budget: number | undefined
  /** Whether we bid on the campaign on any of the days that are compared, or gave it a budget. */
  readonly isOurs: boolean
  /** From the end of the day to when it was read last; negative before its end, undefined when it never was. */
  readonly readAfterMs: number | undefined
}

/** Platforms report in hundredths; a sum of some rounded figures may be off by so much. */
const ROUNDING_MICROS = 10_000
const ROUNDING_SHARE = 0.001
const DAY_MS = 86_400_000

export function reasonFor(pair: SpendPair, rule: SpendReport): Reason {
  const { reported, own, budget, isOurs, readAfterMs } = pair
  if (!isOurs) return 'not_ours'
  const difference = Math.abs(reported - own)
  if (difference <= Math.max(ROUNDING_MICROS, ROUNDING_SHARE * Math.max(reported, own))) return 'none'
  if (readAfterMs === undefined || readAfterMs < rule.settledAfterDays * DAY_MS) return 'late_data'
  if (reported < own) return 'under_delivery'
  if (budget !== undefined && reported <= budget * rule.overDelivery) return 'within_budget'
  if (own === 0) return budget === undefined ? 'changed_outside' : 'unknown'
  return reported <= own * rule.overDelivery ? 'over_delivery' : 'unknown'
}
