import { z } from '@hono/zod-openapi'
import { isCurrency, MAX_UNITS, type Micros, MoneyError, microsFloor, parseMoney } from '../money.ts'
import { PLATFORMS } from '../platforms/index.ts'
import { ExplanationField } from './explanation.ts'

/** A JSON number of currency units, read exactly into micros. */
export const Money = z
  .number()
  .transform((units, ctx): Micros => {
    try {
      return parseMoney(units)
    } catch (error) {
      if (!(error instanceof MoneyError)) throw error
      ctx.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
  .openapi({
    type: 'number',
    description: 'Currency units, used exactly as sent: at most 6 decimals.',
    example: 150.25,
  })

const PositiveMoney = Money.refine((amount) => amount > 0, 'must be more than 0').openapi({ type: 'number' })

/** A lifetime value as a model gives it, a float with all its digits; what is below a millionth is cut off. */
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

/** How sure a model is of its prediction. */
export const Confidence = z.number().min(0).max(1)

const Currency = z
  .string()
  .refine(isCurrency, 'must be an ISO 4217 code')
  .openapi({ type: 'string', example: 'USD' })

/** Safe in every platform's URLs and query languages. */
const CampaignId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
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
