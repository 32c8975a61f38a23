import { z } from '@hono/zod-openapi'
import { readMoney } from '../../api/index.ts'
import { PLATFORMS } from '../../connectors/index.ts'
import { isCurrency, MAX_UNITS, microsFloor } from '../../money.ts'
import { ExplanationField } from './explanation.ts'

/** A JSON number of currency units, read exactly into micros. */
export const Money = z.number().transform(readMoney).openapi({
  type: 'number',
  description: 'Currency units, used exactly as sent: at most 6 decimals.',
  example: 150.25,
})

const PositiveMoney = Money.refine((amount) => amount > 0, 'must be more than 0').openapi({ type: 'number' })

/** A lifetime value as a model gives it: a float. Digits below a millionth are cut off. */
export const PredictedLtv = z
  .number()
  .positive('must be more than 0')
  .max(MAX_UNITS, `must not exceed ${MAX_UNITS}`)
  .transform(microsFloor)
  .openapi({
    type: 'number',
    description: 'Currency units with any number of decimals; what is below a millionth is cut off.',
    example: 102.34567260742188,
  })

/** Highest confidence accepted. Models that add up floats give certainty as a little more than 1; 1.00001 was seen. */
export const MAX_CONFIDENCE = 1.0001
/** Cuts a confidence up to {@link MAX_CONFIDENCE} to 1. */
export const cutToOne = (confidence: number): number => Math.min(confidence, 1)

/** How sure a model is of its prediction, 0 to 1. */
export const Confidence = z
  .number()
  .min(0)
  .max(MAX_CONFIDENCE, 'must not exceed 1')
  .transform(cutToOne)
  .openapi({
    type: 'number',
    minimum: 0,
    maximum: MAX_CONFIDENCE,
    description: 'A share, from 0 to 1. What sums of floats have above 1 is cut off.',
  })

const Currency = z
  .string()
  .refine(isCurrency, 'must be an ISO 4217 code')
  .openapi({ type: 'string', example: 'USD' })

/** Ids of campaigns: characters that need no escaping in any platform's URLs or query languages. */
export const CAMPAIGN_ID = /^[A-Za-z0-9_-]{1,64}$/
const CampaignId = z
  .string()
  .regex(CAMPAIGN_ID, 'must be 1 to 64 letters, digits, _ or -')
  .openapi({ example: 'summer-sale' })

export const BidRequest = z
  .strictObject({
    customerId: z.string().min(1).max(128).openapi({ example: 'CUST_001' }),
    campaignId: CampaignId,
    platform: z.enum([...PLATFORMS, 'auto']),
    predictedLtv: PredictedLtv.optional(),
    bidAmount: PositiveMoney.optional(),
    confidence: Confidence.optional(),
    currency: Currency.optional(),
    explanation: ExplanationField.optional(),
    dryRun: z.boolean().optional(),
  })
  .openapi('BidRequest')

export type BidRequest = z.output<typeof BidRequest>

export const BidBatch = z
  .strictObject({
    bids: z.array(z.unknown()).min(1).max(500).openapi({ description: '1 to 500 bid requests.' }),
  })
  .openapi('BidBatch')
