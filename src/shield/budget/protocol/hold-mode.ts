/**
 * How much is set aside for the open bids of a scope. `strict`: the sum of their prices. `bounded`: their expected cost
 * plus a margin. `maxOverspendProbability` is the probability that their bills exceed this on any one day, per process.
 */
export type HoldMode =
  | { readonly is: 'strict' }
  /** `maxOverspendProbability` is above 0 and at most {@link MAX_OVERSPEND_PROBABILITY}. */
  | { readonly is: 'bounded'; readonly maxOverspendProbability: number }

/** Why everything is held in full although a scope is bounded. */
export const WHY_STRICT = ['money_to_spare', 'few_outcomes', 'win_rate_drifts', 'late_bills'] as const

/**
 * The mode in effect now. A bounded scope is strict while its open bids are few beside what is left of its limits, while it
 * has seen too few outcomes, while the win rate drifts, and after bills were late.
 */
export type HoldModeNow =
  | { readonly is: 'strict'; readonly why?: (typeof WHY_STRICT)[number] }
  | { readonly is: 'bounded' }

export const STRICT: HoldMode = { is: 'strict' }

/** The highest probability of an overspend on a day that may be set. */
export const MAX_OVERSPEND_PROBABILITY = 0.01

/** Bounded with this probability, or strict where it is 0. */
export const boundedTo = (maxOverspendProbability: number): HoldMode =>
  maxOverspendProbability === 0 ? STRICT : { is: 'bounded', maxOverspendProbability }
