import type { Clock } from '../clock.ts'
import type { HttpClient } from '../http.ts'
import type { PlatformName } from '../platforms/index.ts'
import {
  type BreakerOptions,
  type BreakerState,
  type BudgetManager,
  CircuitBreaker,
  type RateLimit,
  RateLimiter,
  type Scope,
} from '../shield/index.ts'
import type { GoogleAdsAccount, MetaAccount, TradeDeskAccount } from './accounts.ts'
import { createBasicConnector } from './basic.ts'
import type { BidIntent, Verification } from './connector.ts'
import { PlatformHealth } from './health.ts'
import type { PlatformConnector } from './platform-connector.ts'
import { createSmartConnector, type SmartConnector } from './smart.ts'
import { createVerifier } from './verify.ts'
import { wireOperations } from './wire.ts'

/**
 * What is built, and the account on it; undefined without credentials: then every call is refused. With `_smart`:
 * behind budget, breaker and limiter. Without: the platform alone, for libraries.
 */
export type Target =
  | On<'google_ads', GoogleAdsAccount>
  | On<'meta', MetaAccount>
  | On<'tradedesk', TradeDeskAccount>

type On<P extends PlatformName, Account> =
  | { readonly type: P; readonly account: Account | undefined }
  | { readonly type: `${P}_smart`; readonly account: Account | undefined }

export type ConnectorType = Target['type']
type SmartTarget = Extract<Target, { type: `${string}_smart` }>
type BasicTarget = Exclude<Target, SmartTarget>

export interface PlatformSettings {
  /** ISO 4217, of the account. */
  readonly currency: string
  readonly rateLimit: RateLimit
  readonly breaker: BreakerOptions
  /** For one request to the platform. */
  readonly timeoutMs: number
}

export interface ConnectorDeps {
  readonly clock: Clock
  readonly http: HttpClient
  readonly settings: PlatformSettings
  /** Of the account, where others count with it as well; one of its own with `settings.rateLimit` where nothing is said. */
  readonly limiter?: RateLimiter
  /** Told of every request, with how it was classed. */
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

export interface SmartConnectorDeps extends ConnectorDeps {
  readonly budget: BudgetManager
  /** The scopes that pay for a bid on the campaign. */
  readonly scopesOf: (campaignId: string) => readonly Scope[]
  readonly newId: () => string
  readonly onBreakerChange: (from: BreakerState['is'], to: BreakerState['is']) => void
  readonly onVerified: (intent: BidIntent, verification: Verification) => void
}

/** Builds one of the six connectors. */
export function createConnector(target: SmartTarget, deps: SmartConnectorDeps): SmartConnector
export function createConnector(target: BasicTarget, deps: ConnectorDeps): PlatformConnector
export function createConnector(target: Target, deps: ConnectorDeps | SmartConnectorDeps): PlatformConnector {
  const { clock, settings } = deps
  const platform = platformOf(target.type)
  const { currency } = settings
  const health = new PlatformHealth(clock)
  const limiter = deps.limiter ?? new RateLimiter(clock, settings.rateLimit)
  const onRequest = (outcome: string, latencyMs: number) => {
    health.recordLatency(latencyMs)
    deps.onRequest(outcome, latencyMs)
  }
  const operations = wireOperations(target, { clock, http: deps.http, settings, limiter, onRequest })
  const parts = { platform, currency, health, limiter, operations }
  if (!('budget' in deps)) return createBasicConnector(parts)

  const { budget, scopesOf, newId, onVerified } = deps
  const breaker = new CircuitBreaker(clock, settings.breaker, deps.onBreakerChange)
  const verifier = createVerifier({ clock, budget, operations, onVerified })
  return createSmartConnector({ ...parts, budget, breaker, verifier, scopesOf, newId })
}

/** `meta_smart` and `meta` are both on `meta`. */
function platformOf(type: ConnectorType): PlatformName {
  switch (type) {
    case 'google_ads':
    case 'google_ads_smart':
      return 'google_ads'
    case 'meta':
    case 'meta_smart':
      return 'meta'
    case 'tradedesk':
    case 'tradedesk_smart':
      return 'tradedesk'
  }
}
