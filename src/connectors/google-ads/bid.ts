import { formatMoney } from '../../money.ts'
import type { GoogleMicros } from '../../platforms/index.ts'
import type { BidIntent } from '../connector.ts'
import type { CustomParameter } from './rows.ts'

/** The campaign carries our decision id, so that a write whose answer was lost can be recognised. */
const DECISION_KEY = 'bwid'
const LTV_KEY = 'bwltv'
/** Google Ads has room for so many custom parameters on a campaign. */
const MAX_PARAMETERS = 8
/** TargetRoas accepts no other values. */
const [MIN_ROAS, MAX_ROAS] = [0.01, 1000]
const ROAS_STEPS = 10_000

/** Of the one portfolio strategy that we keep for a campaign, so that it is found again after a restart. */
export const strategyName = (campaignId: string): string => `bidwarden ${campaignId}`

/** Empty when the campaign carries none of ours. */
export const decisionIdIn = (parameters: readonly CustomParameter[]): string =>
  parameters.find(({ key }) => key === DECISION_KEY)?.value ?? ''

export const othersIn = (parameters: readonly CustomParameter[]): CustomParameter[] =>
  parameters.filter(({ key }) => key !== DECISION_KEY && key !== LTV_KEY)

export const hasRoomBeside = (others: readonly CustomParameter[]): boolean =>
  others.length + 2 <= MAX_PARAMETERS

/** LTV per bid, down to four decimals, within what Google accepts. */
function roasOf({ predictedLtv, bid }: BidIntent): number {
  const roas = Math.floor((predictedLtv / bid) * ROAS_STEPS) / ROAS_STEPS
  return Math.min(MAX_ROAS, Math.max(MIN_ROAS, roas))
}

export interface BidTarget {
  readonly customer: string
  readonly campaign: string
  /** Undefined before our first bid on the campaign: then it is created in the same request. */
  readonly strategy: string | undefined
  /** Custom parameters that are not ours and must stay: an update replaces the list. */
  readonly others: readonly CustomParameter[]
}

/** Strategy, campaign and parameters: the operations of one atomic mutate. */
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
