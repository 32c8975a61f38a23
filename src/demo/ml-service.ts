import { between, happens, oneOf, worthAround } from './chance.ts'
import { busyness, call, repeat, type Stage } from './stage.ts'

export const CAMPAIGNS = ['summer-sale', 'new-customers', 'win-back', 'brand'] as const
const PLATFORMS = ['google_ads', 'meta', 'tradedesk'] as const
/** Milliseconds between two bids in the busiest hour. */
const BID_EVERY_MS = 700
/** Median of what customers are worth, in units of the currency. */
const MEDIAN_LTV = 6
/** The share of a customer's predicted LTV that is bid. */
const SHARE = 0.8
/** Share of bids that are sent without a prediction, so that the fallback decides them. */
const UNKNOWN_CUSTOMERS = 0.12

/** A bid of the ML service that was placed; orders of its customer name it. */
export interface BidOfModel {
  readonly bidId: string
  readonly customerId: string
  readonly predictedLtv: number
}

/** Bids again and again. @param onPlaced called with each bid that was placed */
export function playMlService(stage: Stage, onPlaced: (bid: BidOfModel) => void): void {
  repeat(
    stage,
    () => BID_EVERY_MS / busyness(stage),
    async () => {
      const customerId = `CUST_${Math.floor(between(1000, 9999))}`
      const predictedLtv = worthAround(MEDIAN_LTV)
      const { status, body } = await call(stage, 'POST', '/v1/bids', {
        customerId,
        campaignId: oneOf(CAMPAIGNS),
        platform: oneOf(PLATFORMS),
        ...(!happens(UNKNOWN_CUSTOMERS) && { predictedLtv, ...bidFor(predictedLtv) }),
      })
      const { bidId } = Object(body)
      if (status === 200 && typeof bidId === 'string') onPlaced({ bidId, customerId, predictedLtv })
    },
  )
}

const bidFor = (predictedLtv: number) => ({
  bidAmount: Math.max(0.5, Math.round(predictedLtv * SHARE * 100) / 100),
  confidence: between(0.6, 0.99),
  explanation: {
    orders_last_90_days: Math.round(between(0, 6)),
    days_since_visit: Math.round(between(0, 40)),
  },
})
