import type { KeyScope } from '../../api/settings.ts'

/** What each scope lets a key do, in the order in which they are offered. */
export const SCOPES: readonly (readonly [KeyScope, string])[] = [
  ['bid', 'places bids'],
  ['read', 'sees bids, budgets, reports and changes'],
  ['operate', 'changes limits and campaigns, pauses, stops all bidding'],
  ['connect', 'connects accounts of platforms and reads them'],
  ['convert', 'sends conversions'],
  ['premium', 'its reports are read before others'],
  ['admin', 'everything, API keys too'],
]
