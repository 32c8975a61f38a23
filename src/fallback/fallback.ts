import { strict as assert } from 'node:assert'
import { LRUCache } from 'lru-cache'
import { least, MAX_MICROS, type Micros } from '../money.ts'
import { LtvHistory } from './ltv-history.ts'

/** What a median LTV is multiplied by, per platform; 1 for a platform that is not named. */
export const DEFAULT_MULTIPLIERS: Readonly<Record<string, number>> = {
  google_ads: 1,
  meta: 1,
  tradedesk: 1,
  amazon: 1,
  x: 0.75,
  linkedin: 1.2,
  tiktok: 1.5,
}

interface FallbackOptions {
  /** Factors of 0..1000, exact to six decimals. */
  readonly multipliers: Readonly<Record<string, number>>
  /** No fallback bid is above it. */
  readonly maxBid: Micros
}

/** A bid without a prediction, and the numbers it came from. */
interface FallbackDecision {
  /** Median of the last predicted LTVs of the platform. */
  readonly ltv: Micros
  readonly bid: Micros
  /** How many LTVs the median is of: 1..100. */
  readonly samples: number
  readonly multiplier: number
}

/** Bids by rule of thumb while no prediction can be had. */
export interface Fallback {
  /** What a customer of that LTV is worth on the platform: LTV × multiplier, rounded down; not capped. */
  worth(platform: string, ltv: Micros): Micros
  /** Remembers a predicted LTV. */
  record(platform: string, ltv: Micros): void
  /**
   * Median LTV × multiplier, rounded down, at most `maxBid` and at most `cap`. Undefined while no LTV was seen on
   * the platform.
   */
  decide(platform: string, cap?: Micros): FallbackDecision | undefined
}

/** Histories kept; beyond that the platform not used for longest is forgotten. */
const MAX_PLATFORMS = 64
const MILLION = 1_000_000
const MAX_MULTIPLIER = 1000

export function createFallback({ multipliers, maxBid }: FallbackOptions): Fallback {
  const partsPerMillion = new Map(
    Object.entries(multipliers).map(([platform, factor]) => [platform, toPartsPerMillion(factor)]),
  )
  const histories = new LRUCache<string, LtvHistory>({ max: MAX_PLATFORMS })
  const partsOf = (platform: string) => partsPerMillion.get(platform) ?? MILLION
  return {
    worth: (platform, ltv) => scaled(ltv, partsOf(platform)),
    record(platform, ltv) {
      const history = histories.get(platform) ?? new LtvHistory()
      history.record(ltv)
      histories.set(platform, history)
    },
    decide(platform, cap = maxBid) {
      const history = histories.get(platform)
      const ltv = history?.median
      if (history === undefined || ltv === undefined) return undefined
      const parts = partsOf(platform)
      const bid = least(scaled(ltv, parts), least(maxBid, cap))
      return { ltv, bid, samples: history.samples, multiplier: parts / MILLION }
    },
  }
}

function toPartsPerMillion(factor: number): number {
  assert(factor >= 0 && factor <= MAX_MULTIPLIER, `${factor} is not a multiplier of 0..${MAX_MULTIPLIER}`)
  return Math.round(factor * MILLION)
}

/** `amount` × `parts` ÷ 10⁶ rounded down, in exact integers; at most {@link MAX_MICROS}. */
function scaled(amount: Micros, parts: number): Micros {
  const units = Math.floor(amount / MILLION)
  // A product above the last exact integer is above MAX_MICROS too, so its rounding never shows.
  return Math.min(units * parts + Math.floor(((amount % MILLION) * parts) / MILLION), MAX_MICROS) as Micros
}
