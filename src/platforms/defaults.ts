import type { PlatformName } from './platform.ts'

export interface PlatformDefaults {
  /** Origin of the API. */
  readonly url: string
  /** As it stands in the path. */
  readonly version: string
  /**
   * Calls per window that we allow ourselves. The platforms' own quotas are larger, unpublished or scored otherwise;
   * their refusals and usage headers tighten this at run time.
   */
  readonly rateLimit: { readonly calls: number; readonly windowMs: number }
}

export const PLATFORM_DEFAULTS = {
  google_ads: {
    url: 'https://googleads.googleapis.com',
    version: 'v26',
    rateLimit: { calls: 100, windowMs: 60_000 },
  },
  meta: {
    url: 'https://graph.facebook.com',
    version: 'v26.0',
    rateLimit: { calls: 200, windowMs: 3_600_000 },
  },
  tradedesk: {
    url: 'https://api.thetradedesk.com',
    version: 'v3',
    rateLimit: { calls: 300, windowMs: 60_000 },
  },
} as const satisfies Record<PlatformName, PlatformDefaults>

/** Where Google's refresh tokens are exchanged. */
export const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'
