import { toUnits } from '../../money.ts'
import type { PreparedCampaign } from './openrtb/index.ts'

/** The campaign as JSON of the API, with money in currency units, as it was sent. */
export function campaignBody({ id, spec }: Pick<PreparedCampaign, 'id' | 'spec'>) {
  const { limits, price, ...rest } = spec
  return {
    id,
    ...rest,
    limits: limits.map((limit) => ({ ...limit, max: toUnits(limit.max) })),
    price: { ...price, minCpm: toUnits(price.minCpm), maxCpm: toUnits(price.maxCpm) },
  }
}
