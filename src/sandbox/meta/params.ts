import { z } from 'zod'
import { MAX_MICROS } from '../../money.ts'
import { perCurrency } from '../per-currency.ts'
import { type Call, isObject, type JsonObject, parseJson } from '../protocol.ts'
import { refuse, refuseParameter } from './errors.ts'
import { minorUnitsOf } from './money.ts'

export const WITHOUT_CAP = 'LOWEST_COST_WITHOUT_CAP'
export const MIN_ROAS = 'LOWEST_COST_WITH_MIN_ROAS'
export const BID_CAP = 'LOWEST_COST_WITH_BID_CAP'
const COST_CAP = 'COST_CAP'

export const takesAmount = (strategy: string): boolean => strategy === BID_CAP || strategy === COST_CAP

const GOALS = [
  'VALUE',
  'OFFSITE_CONVERSIONS',
  'LINK_CLICKS',
  'LANDING_PAGE_VIEWS',
  'IMPRESSIONS',
  'REACH',
  'CONVERSATIONS',
  'LEAD_GENERATION',
  'APP_INSTALLS',
  'THRUPLAY',
  'POST_ENGAGEMENT',
] as const

/** The range of a ROAS floor, in ten-thousandths: 0.01 to 1000. */
const [MIN_FLOOR, MAX_FLOOR] = [100, 10_000_000]

const Whole = (max: number) =>
  z
    .union([z.int(), z.string().regex(/^\d{1,16}$/)])
    .transform(Number)
    .pipe(z.int().min(1).max(max))

const shared = (most: number) => ({
  name: z.string().min(1).optional(),
  status: z.enum(['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED']).optional(),
  daily_budget: Whole(most).optional(),
  bid_strategy: z.enum([COST_CAP, WITHOUT_CAP, BID_CAP, MIN_ROAS]).optional(),
  execution_options: z.array(z.enum(['validate_only', 'include_recommendations'])).optional(),
})

const mostMinor = (currency: string) => Math.floor((MAX_MICROS / 1_000_000) * minorUnitsOf(currency))

/** What may be written to a campaign. The bids of its ad sets under a campaign budget: by ad set id, in minor units. */
export const CampaignParams = perCurrency((currency) =>
  z.strictObject({
    ...shared(mostMinor(currency)),
    adset_bid_amounts: z.record(z.string(), Whole(mostMinor(currency))).optional(),
  }),
)
export type CampaignParams = z.infer<ReturnType<typeof CampaignParams>>

/** The parameters of a new campaign. */
export const NewCampaignParams = perCurrency((currency) =>
  z.strictObject({
    ...shared(mostMinor(currency)),
    name: z.string().min(1),
    status: z.enum(['ACTIVE', 'PAUSED']),
    objective: z.enum(['OUTCOME_SALES', 'OUTCOME_TRAFFIC', 'OUTCOME_AWARENESS', 'OUTCOME_LEADS']),
    special_ad_categories: z.array(z.string()),
    buying_type: z.literal('AUCTION').optional(),
  }),
)

/** What may be written to an ad set. */
export const AdSetParams = perCurrency((currency) =>
  z.strictObject({
    ...shared(mostMinor(currency)),
    bid_amount: Whole(mostMinor(currency)).optional(),
    bid_constraints: z.strictObject({ roas_average_floor: z.int().min(MIN_FLOOR).max(MAX_FLOOR) }).optional(),
    optimization_goal: z.enum(GOALS).optional(),
  }),
)
export type AdSetParams = z.infer<ReturnType<typeof AdSetParams>>

/** The parameters by the schema. Refuses what does not fit with code 100 and the parameter's name, as Meta does. */
export function readParams<T>(schema: z.ZodType<T>, params: JsonObject): T {
  const read = schema.safeParse(params)
  if (read.success) return read.data
  const issue = read.error.issues[0]
  if (issue?.code === 'unrecognized_keys') {
    return refuseParameter(`Invalid parameter: ${issue.keys.join(', ')} is not a parameter of this object`)
  }
  return refuseParameter(`Param ${issue?.path.join('.')} is not valid: ${issue?.message}`)
}

/** Parameters whose value in a form is JSON. */
const NESTED = new Set([
  'bid_constraints',
  'adset_bid_amounts',
  'execution_options',
  'special_ad_categories',
  'effective_status',
])
/** Parameters that concern the call and not the object. */
const OF_THE_CALL = new Set(['access_token', 'appsecret_proof'])

/** The parameters of query and body. Nested values of a form are parsed, since they are JSON. */
export function paramsOf({ query, headers, body }: Call): JsonObject {
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('application/json')) {
    const value = parseJson(body)
    return isObject(value) ? { ...fromForm(query), ...value } : refuse(100)
  }
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  if (body !== '' && !isForm) return refuseParameter('The body must be a form or JSON')
  return { ...fromForm(query), ...fromForm(new URLSearchParams(body)) }
}

function fromForm(form: URLSearchParams): JsonObject {
  return Object.fromEntries(
    [...form].map(([name, value]) => [name, NESTED.has(name) ? (parseJson(value) ?? value) : value]),
  )
}

export const ofTheObject = (params: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !OF_THE_CALL.has(name)))
