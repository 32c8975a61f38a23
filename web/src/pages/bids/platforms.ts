import type { BidRecord } from '../../api/client.ts'

/** Platforms that bids are placed on. */
export const PLATFORMS = [
  'google_ads',
  'meta',
  'tradedesk',
] as const satisfies readonly BidRecord['platform'][]
