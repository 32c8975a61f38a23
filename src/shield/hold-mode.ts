/**
 * How much is set aside for the open bids of a scope: `strict` all of their prices; `bounded` what they are expected to
 * cost, and so much more that the chance of any overspend in a window stays below the bound.
 */
export type HoldMode =
  | { readonly is: 'strict' }
  /** Above 0, at most {@link MAX_OVERSPEND_PROBABILITY}. */
  | { readonly is: 'bounded'; readonly maxOverspendProbability: number }

/** What holds at this moment: a bounded scope is strict while too little is known of how its bids end. */
export type HoldModeNow =
  | { readonly is: 'strict'; readonly why?: 'few_outcomes' | 'win_rate_drifts' }
  | { readonly is: 'bounded' }

export const STRICT: HoldMode = { is: 'strict' }

export const MAX_OVERSPEND_PROBABILITY = 0.01
