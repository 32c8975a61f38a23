import type { PlatformName } from '../../connectors/index.ts'
import type { Fallback } from '../../fallback/index.ts'
import { least, type Micros, toUnits } from '../../money.ts'
import type { Org } from '../organisations.ts'
import type { LtvPrediction } from './predictor.ts'
import type { BidRequest } from './request.ts'

/** The source of the lifetime value, with the numbers that led to the bid. */
export type Basis =
  | { readonly is: 'request' }
  | { readonly is: 'predictor' }
  | { readonly is: 'history'; readonly samples: number; readonly multiplier: number }

/** The bid for one platform, and the reason for it. */
export interface BidDecision {
  readonly source: 'ai' | 'fallback'
  readonly basis: Basis
  readonly predictedLtv: Micros
  readonly confidence: number | undefined
  readonly bid: Micros
  /** The highest bid that was possible: the configured maximum, or the caller's own amount where that is lower. */
  readonly cap: Micros
}

export interface BidDecisionDeps {
  readonly fallback: Fallback
  readonly maxBid: Micros
}

/**
 * Decides the bid for a request on `platform`.
 * - With a prediction (the caller's or the predictor's): the caller's amount, or else the whole predicted value times
 *   the platform's multiplier.
 * - Without one: the median of the values last seen on the platform, and never more than the caller asked for.
 * A bid never exceeds the configured maximum. Returns undefined when there is neither a prediction nor a history.
 */
export function decide(
  deps: BidDecisionDeps,
  request: BidRequest,
  platform: PlatformName,
  predicted: LtvPrediction | undefined,
  org: Org,
): BidDecision | undefined {
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
  return decideByHistory(deps, platform, bidAmount, org)
}

function fromValue(
  { fallback, maxBid }: BidDecisionDeps,
  platform: PlatformName,
  { ltv, confidence }: LtvPrediction,
  bidAmount: Micros | undefined,
  basis: 'request' | 'predictor',
): BidDecision {
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

/** Decides the bid by history. Deferred bids use it as well, while their platform is down. */
export function decideByHistory(
  { fallback, maxBid }: BidDecisionDeps,
  platform: PlatformName,
  bidAmount: Micros | undefined,
  org: Org,
): BidDecision | undefined {
  const cap = bidAmount === undefined ? maxBid : least(bidAmount, maxBid)
  const heuristic = fallback.decide(platform, cap, org)
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

/** Describes the decision in one sentence for people. */
export function explain({ basis, predictedLtv, bid, cap }: BidDecision, request: BidRequest): string {
  const ltv = toUnits(predictedLtv)
  const capped = bid === cap ? `, capped at ${toUnits(cap)}` : ''
  switch (basis.is) {
    case 'history':
      return `no prediction: the median of the last ${basis.samples} lifetime values is ${ltv}, times ${basis.multiplier}${capped}`
    case 'predictor':
    case 'request': {
      const origin = basis.is === 'request' ? 'predicted' : 'the prediction service gave'
      const amount =
        request.bidAmount === undefined
          ? `bid ${toUnits(bid)}`
          : `asked ${toUnits(request.bidAmount)}, bid ${toUnits(bid)}`
      return `${origin} lifetime value ${ltv}, ${amount}${capped}`
    }
  }
}
