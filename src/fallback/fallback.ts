import { strict as assert } from 'node:assert'
import { LRUCache } from 'lru-cache'
import { least, MAX_MICROS, type Micros } from '../money.ts'
import { LtvHistory } from './ltv-history.ts'

/** The factor by which LTVs are multiplied, per platform; 1 for a platform that is not listed. */
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
  /** Factors per platform, 0..1000, exact to six decimals. */
  readonly multipliers: Readonly<Record<string, number>>
  /** The highest fallback bid. */
  readonly maxBid: Micros
}

/** A bid without a prediction, and the numbers behind it. */
interface FallbackDecision {
  /** Median of the latest predicted LTVs of the platform. */
  readonly ltv: Micros
  readonly bid: Micros
  /** The number of LTVs behind the median: 1..100. */
  readonly samples: number
  readonly multiplier: number
}

/** Decides bids by a rule of thumb while no prediction is available. */
export interface Fallback {
  /** LTV × multiplier of the platform, rounded down, without any cap. */
  worth(platform: string, ltv: Micros): Micros
  /** Remembers a predicted LTV. Each organisation has its own history. */
  record(platform: string, ltv: Micros, org?: number): void
  /**
   * Median LTV × multiplier, rounded down, at most `maxBid` and at most `cap`. Undefined if no LTV was recorded for the
   * platform and organisation.
   */
  decide(platform: string, cap?: Micros, org?: number): FallbackDecision | undefined
}

/** The most histories (one per platform and organisation); the least recently used one is dropped. */
const MAX_HISTORIES = 1_000
const MILLION = 1_000_000
const MAX_MULTIPLIER = 1000

export function createFallback({ multipliers, maxBid }: FallbackOptions): Fallback {
  const partsPerMillion = new Map(
    Object.entries(multipliers).map(([platform, factor]) => [platform, toPartsPerMillion(factor)]),
  )
  const histories = new LRUCache<string, LtvHistory>({ max: MAX_HISTORIES })
  const partsOf = (platform: string) => partsPerMillion.get(platform) ?? MILLION
  return {
    worth: (platform, ltv) => scaled(ltv, partsOf(platform)),
    record(platform, ltv, org) {
      const name = nameOf(platform, org)
      const history = histories.get(name) ?? new LtvHistory()
      history.record(ltv)
      histories.set(name, history)
    },
    decide(platform, cap = maxBid, org) {
      const history = histories.get(nameOf(platform, org))
      const ltv = history?.median
      if (history === undefined || ltv === undefined) return undefined
      const parts = partsOf(platform)
      const bid = least(scaled(ltv, parts), least(maxBid, cap))
      return { ltv, bid, samples: history.samples, multiplier: parts / MILLION }
    },
  }
}

const nameOf = (platform: string, org: number | undefined): string =>
  org === undefined ? platform : `${platform}@${org}`

function toPartsPerMillion(factor: number): number {
  assert(factor >= 0 && factor <= MAX_MULTIPLIER, `${factor} is not a multiplier of 0..${MAX_MULTIPLIER}`)
  return Math.round(factor * MILLION)
}

/** `amount` × `parts` ÷ 10⁶ rounded down, in exact integers; at most {@link MAX_MICROS}. */
function scaled(amount: Micros, parts: number): Micros {
  const units = Math.floor(amount / MILLION)
  // A product that is too large to be exact is also above MAX_MICROS, so its rounding error has no effect.
  return Math.min(units * parts + Math.floor(((amount % MILLION) * parts) / MILLION), MAX_MICROS) as Micros
}
