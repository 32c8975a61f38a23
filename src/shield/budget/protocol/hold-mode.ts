/**
 * How much is set aside for the open bids of a scope. `strict`: the sum of their prices. `bounded`: their expected cost
 * plus a margin. `maxOverspendProbability` is that of their bills ever exceeding it on a day, for one process.
 */
export type HoldMode =
  | { readonly is: 'strict' }
  /** `maxOverspendProbability` is above 0 and at most {@link MAX_OVERSPEND_PROBABILITY}. */
  | { readonly is: 'bounded'; readonly maxOverspendProbability: number }

/** The mode in effect now: a bounded scope is strict while it has seen too few outcomes, or while the win rate drifts. */
export type HoldModeNow =
  | { readonly is: 'strict'; readonly why?: 'few_outcomes' | 'win_rate_drifts' }
  | { readonly is: 'bounded' }

export const STRICT: HoldMode = { is: 'strict' }

export const MAX_OVERSPEND_PROBABILITY = 0.01
