import { PLATFORMS } from '../../connectors/index.ts'
import { isCurrency, MAX_UNITS, type Micros, MoneyError, microsFloor, parseMoney } from '../../money.ts'
import { readExplanation } from './explanation.ts'
import { BidRequest, CAMPAIGN_ID } from './request.ts'

const FIELDS = new Set(Object.keys(BidRequest.shape))
const TARGETS: ReadonlySet<unknown> = new Set([...PLATFORMS, 'auto'])

/**
 * Checks the common form of a bid by hand. Returns undefined for every other body; the schema then accepts it or names
 * what is wrong. This function accepts only what the schema accepts, with the same result; `fast-request.test.ts` compares
 * the two. The schema would cost a third of the throughput; this function costs almost nothing.
 */
export function fastBid(body: unknown): BidRequest | undefined {
  if (body === null || typeof body !== 'object') return undefined
  for (const name in body) if (!FIELDS.has(name)) return undefined
  const {
    customerId,
    campaignId,
    platform,
    predictedLtv,
    bidAmount,
    confidence,
    currency,
    explanation,
    dryRun,
  } = body as Record<string, unknown>
  if (!isText(customerId, 128) || customerId === '') return undefined
  if (typeof campaignId !== 'string' || !CAMPAIGN_ID.test(campaignId)) return undefined
  if (!isTarget(platform)) return undefined
  if (confidence !== undefined && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1))
    return undefined
  if (currency !== undefined && !(typeof currency === 'string' && isCurrency(currency))) return undefined
  const why = explanation === undefined ? undefined : readExplanation(explanation)
  if (explanation !== undefined && why === undefined) return undefined
  if (dryRun !== undefined && typeof dryRun !== 'boolean') return undefined
  const ltv = prediction(predictedLtv)
  const amount = money(bidAmount)
  if (ltv === null || amount === null) return undefined
  return {
    customerId,
    campaignId,
    platform,
    predictedLtv: ltv,
    bidAmount: amount,
    confidence,
    currency,
    explanation: why,
    dryRun,
  }
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.length <= max
const isTarget = (value: unknown): value is BidRequest['platform'] => TARGETS.has(value)

/** Micros of a predicted value; undefined when it is absent, null when it is invalid. */
function prediction(value: unknown): Micros | undefined | null {
  if (value === undefined) return undefined
  return typeof value === 'number' && value > 0 && value <= MAX_UNITS ? microsFloor(value) : null
}

/** Micros of an amount; undefined when it is absent, null when it is not a plain JSON number of money. */
function money(value: unknown): Micros | undefined | null {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value > 0)) return null
  try {
    return parseMoney(value)
  } catch (error) {
    if (error instanceof MoneyError) return null
    throw error
  }
}
