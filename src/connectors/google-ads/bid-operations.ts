import { formatMoney } from '../../money.ts'
import type { GoogleMicros } from '../google/money.ts'
import type { BidIntent } from '../platform/bids.ts'
import type { CustomParameter } from './bid-rows.ts'

/** Custom parameter of the campaign with our decision id, by which a write without an answer is recognised. */
const DECISION_KEY = 'bwid'
const LTV_KEY = 'bwltv'
/** Most custom parameters that Google Ads allows on a campaign. */
const MAX_PARAMETERS = 8
/** Range of values that TargetRoas accepts. */
const [MIN_ROAS, MAX_ROAS] = [0.01, 1000]
/** Steps of a target ROAS from 0 to 1: Google gets four decimals. */
const ROAS_STEPS = 10_000

/** Name of the portfolio strategy that we keep for a campaign; it is found by name after a restart. */
export const strategyName = (campaignId: string): string => `bidwarden ${campaignId}`

/** Our decision id in the campaign's parameters; empty when there is none. */
export const decisionIdIn = (parameters: readonly CustomParameter[]): string =>
  parameters.find(({ key }) => key === DECISION_KEY)?.value ?? ''

export const othersIn = (parameters: readonly CustomParameter[]): CustomParameter[] =>
  parameters.filter(({ key }) => key !== DECISION_KEY && key !== LTV_KEY)

export const hasRoomBeside = (others: readonly CustomParameter[]): boolean =>
  others.length + 2 <= MAX_PARAMETERS

/** Predicted LTV divided by the bid, to four decimals, within the range that Google accepts. */
function roasOf({ predictedLtv, bid }: BidIntent): number {
  const roas = Math.floor((predictedLtv / bid) * ROAS_STEPS) / ROAS_STEPS
  return Math.min(MAX_ROAS, Math.max(MIN_ROAS, roas))
}

export interface BidTarget {
  readonly customer: string
  readonly campaign: string
  /** Undefined before our first bid on the campaign; the strategy is then created in the same request. */
  readonly strategy: string | undefined
  /** Custom parameters of others, which are sent along because an update replaces the whole list. */
  readonly others: readonly CustomParameter[]
}

/** Operations of one atomic mutate: strategy, campaign and parameters. */
export function bidOperations(target: BidTarget, intent: BidIntent, ceiling: GoogleMicros): object[] {
  const { customer, campaign, others } = target
  const resourceName = target.strategy ?? `${customer}/biddingStrategies/-1`
  const targetRoas = { targetRoas: roasOf(intent), cpcBidCeilingMicros: ceiling }
  const strategyOperation =
    target.strategy === undefined
      ? { create: { resourceName, name: strategyName(intent.campaignId), targetRoas } }
      : {
          updateMask: 'targetRoas.targetRoas,targetRoas.cpcBidCeilingMicros',
          update: { resourceName, targetRoas },
        }
  const ours = [
    { key: DECISION_KEY, value: intent.decisionId },
    { key: LTV_KEY, value: formatMoney(intent.predictedLtv) },
  ]
  const update = {
    resourceName: campaign,
    biddingStrategy: resourceName,
    urlCustomParameters: [...others, ...ours],
  }
  return [
    { biddingStrategyOperation: strategyOperation },
    { campaignOperation: { updateMask: 'biddingStrategy,urlCustomParameters', update } },
  ]
}
