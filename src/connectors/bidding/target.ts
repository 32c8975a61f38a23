import type { BreakerOptions, RateLimit } from '../../shield/index.ts'
import type { GoogleAdsAccount } from '../google-ads/account.ts'
import type { MetaAccount } from '../meta/account.ts'
import type { PlatformName } from '../platform/ids.ts'
import type { TradeDeskAccount } from '../tradedesk/account.ts'

/**
 * The connector to build, and its account; without an account every call is refused. Types ending in `_smart` add
 * budget, breaker and limiter; the others are the platform alone, for libraries.
 */
export type ConnectorTarget =
  | On<'google_ads', GoogleAdsAccount>
  | On<'meta', MetaAccount>
  | On<'tradedesk', TradeDeskAccount>

type On<P extends PlatformName, Account> =
  | { readonly type: P; readonly account: Account | undefined }
  | { readonly type: `${P}_smart`; readonly account: Account | undefined }

export interface PlatformSettings {
  /** ISO 4217 code of the account. */
  readonly currency: string
  /** Names of the variables that the credentials are taken from. */
  readonly credentialVariables: readonly string[]
  readonly rateLimit: RateLimit
  readonly breaker: BreakerOptions
  /** Longest time for one request to the platform, in milliseconds. */
  readonly timeoutMs: number
}

/** Why nothing can be done on a platform without an account. */
export const withoutCredentials = ({ credentialVariables }: PlatformSettings): string =>
  `no credentials are configured (set ${credentialVariables.join(', ')})`
