import type { Fallback } from '../fallback/index.ts'
import { least, type Micros, toUnits } from '../money.ts'
import type { PlatformName } from '../platforms/index.ts'
import type { BidRequest } from './bid-request.ts'
import type { Prediction } from './predictor.ts'

/** Where the lifetime value came from, with the numbers that led to the bid. */
export type Basis =
  | { readonly is: 'request' }
  | { readonly is: 'predictor' }
  | { readonly is: 'history'; readonly samples: number; readonly multiplier: number }

/** What to bid on one platform, and why. */
export interface Decision {
  readonly source: 'ai' | 'fallback'
  readonly basis: Basis
  readonly predictedLtv: Micros
  readonly confidence: number | undefined
  readonly bid: Micros
  /** Most that could have been bid: the configured maximum, or the caller's own amount where that is lower. */
  readonly cap: Micros
}

export interface DecideDeps {
  readonly fallback: Fallback
  readonly maxBid: Micros
}

/**
 * The bid for a request on `platform`. With a prediction (the caller's, or the predictor's): the caller's amount, or
 * the whole value times the platform's multiplier. Without one: the median of the values last seen there. Never above
 * the maximum, and a fallback never above what the caller asked for. Undefined when nothing is known to go by.
 */
export function decide(
  deps: DecideDeps,
  request: BidRequest,
  platform: PlatformName,
  predicted: Prediction | undefined,
): Decision | undefined {
  const { predictedLtv, bidAmount } = request
  if (predictedLtv !== undefined) {
    return fromValue(
      deps,
      platform,
      { ltv: predictedLtv, confidence: request.confidence },
      bidAmount,
      'request',
    )
  }
  if (predicted) return fromValue(deps, platform, predicted, bidAmount, 'predictor')
  return decideByHistory(deps, platform, bidAmount)
}

function fromValue(
  { fallback, maxBid }: DecideDeps,
  platform: PlatformName,
  { ltv, confidence }: Prediction,
  bidAmount: Micros | undefined,
  basis: 'request' | 'predictor',
): Decision {
  const worth = bidAmount ?? fallback.worth(platform, ltv)
  return {
    source: 'ai',
    basis: { is: basis },
    predictedLtv: ltv,
    confidence,
    bid: least(worth, maxBid),
    cap: maxBid,
  }
}

/** The heuristic bid: also what a bid becomes while its platform is down. */
export function decideByHistory(
  { fallback, maxBid }: DecideDeps,
  platform: PlatformName,
  bidAmount: Micros | undefined,
): Decision | undefined {
  const cap = bidAmount === undefined ? maxBid : least(bidAmount, maxBid)
  const heuristic = fallback.decide(platform, cap)
  if (!heuristic) return undefined
  const { ltv, bid, samples, multiplier } = heuristic
  return {
    source: 'fallback',
    basis: { is: 'history', samples, multiplier },
    predictedLtv: ltv,
    confidence: undefined,
    bid,
    cap,
  }
}

/** The decision in one sentence for people. */
export function explain({ basis, predictedLtv, bid, cap }: Decision, request: BidRequest): string {
  const ltv = toUnits(predictedLtv)
  const capped = bid === cap ? `, capped at ${toUnits(cap)}` : ''
  switch (basis.is) {
    case 'history':
      return `no prediction: the median of the last ${basis.samples} lifetime values is ${ltv}, times ${basis.multiplier}${capped}`
    case 'predictor':
    case 'request': {
      const origin = basis.is === 'request' ? 'predicted' : 'the prediction service gave'
      const amount = request.bidAmount === undefined ? `bid ${toUnits(bid)}` : `bid ${toUnits(bid)} as asked`
      return `${origin} lifetime value ${ltv}, ${amount}${capped}`
    }
  }
}
