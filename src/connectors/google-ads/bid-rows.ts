import { z } from 'zod'
import { quoted } from './gaql.ts'
import { MutateResult, ResourceName } from './rows.ts'

/** An int64 is sent as text. Fields that are zero, empty or false may be absent. */
const Int64 = z.string().regex(/^\d{1,19}$/)
const CustomParameter = z.object({ key: z.string(), value: z.string().default('') })
export type CustomParameter = Readonly<z.output<typeof CustomParameter>>

export const CustomerRow = z.object({
  customer: z.object({
    id: Int64,
    descriptiveName: z.string().optional(),
    currencyCode: z.string().optional(),
    timeZone: z.string().optional(),
    status: z.string().optional(),
  }),
})

export const CampaignRow = z.object({
  campaign: z.object({ urlCustomParameters: z.array(CustomParameter).default([]) }),
})

export const StrategyRow = z.object({
  biddingStrategy: z.object({
    resourceName: ResourceName,
    type: z.string().optional(),
    targetRoas: z.object({ cpcBidCeilingMicros: Int64.optional() }).optional(),
  }),
})

export const Rows = <T extends z.ZodType>(row: T) => z.object({ results: z.array(row).default([]) })

/** Answer to a mutate: one slot per operation, in order. */
export const Mutated = z.object({
  mutateOperationResponses: z.array(
    z.object({
      biddingStrategyResult: MutateResult.optional(),
      campaignResult: MutateResult.optional(),
    }),
  ),
})

export const CUSTOMER_QUERY =
  'SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, customer.status FROM customer LIMIT 1'

export const campaignQuery = (campaign: string): string =>
  `SELECT campaign.resource_name, campaign.url_custom_parameters FROM campaign WHERE campaign.resource_name = ${quoted(campaign)} AND campaign.status != 'REMOVED'`

export const strategyQuery = (name: string): string =>
  `SELECT bidding_strategy.resource_name, bidding_strategy.type, bidding_strategy.target_roas.cpc_bid_ceiling_micros FROM bidding_strategy WHERE bidding_strategy.name = ${quoted(name)} AND bidding_strategy.status != 'REMOVED'`
