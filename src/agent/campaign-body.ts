import { toUnits } from '../money.ts'
import type { Campaign } from './openrtb/index.ts'

/** As it was sent, money in currency units. */
export function campaignBody({ id, spec }: Campaign) {
  const { limits, price, ...rest } = spec
  return {
    id,
    ...rest,
    limits: limits.map((limit) => ({ ...limit, max: toUnits(limit.max) })),
    price: { ...price, minCpm: toUnits(price.minCpm), maxCpm: toUnits(price.maxCpm) },
  }
}
