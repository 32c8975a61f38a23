import type { HttpClient } from '../../http/http.ts'
import { type BreakerState, type BudgetManager, CircuitBreaker, RateLimiter } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { BidIntent, Verification } from '../platform/bids.ts'
import type { PlatformName } from '../platform/ids.ts'
import { createBasicConnector } from './basic.ts'
import { PlatformHealth } from './health.ts'
import type { PlatformConnector } from './platform-connector.ts'
import { createSmartConnector, type SmartConnector, type SmartDeps } from './smart.ts'
import { type ConnectorTarget, type PlatformSettings, withoutCredentials } from './target.ts'
import { createVerifier } from './verify.ts'
import { wireOperations } from './wire.ts'

type SmartTarget = Extract<ConnectorTarget, { type: `${string}_smart` }>
type BasicTarget = Exclude<ConnectorTarget, SmartTarget>

export interface ConnectorDeps {
  readonly clock: Clock
  readonly http: HttpClient
  readonly settings: PlatformSettings
  /** Limiter of the account, when shared with other callers; by default a new one with `settings.rateLimit`. */
  readonly limiter?: RateLimiter
  /** Called after every request with the class of its answer. */
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

export interface SmartConnectorDeps extends ConnectorDeps {
  readonly budget: BudgetManager
  /** See {@link SmartDeps.scopesOf}. */
  readonly scopesOf: SmartDeps['scopesOf']
  readonly newId: () => string
  readonly onBreakerChange: (from: BreakerState['is'], to: BreakerState['is']) => void
  readonly onVerified: (intent: BidIntent, verification: Verification) => void
}

/** Builds one of the six connectors. */
export function createConnector(target: SmartTarget, deps: SmartConnectorDeps): SmartConnector
export function createConnector(target: BasicTarget, deps: ConnectorDeps): PlatformConnector
export function createConnector(
  target: ConnectorTarget,
  deps: ConnectorDeps | SmartConnectorDeps,
): PlatformConnector {
  const { clock, settings } = deps
  const platform = platformOf(target.type)
  const { currency } = settings
  const health = new PlatformHealth(clock, target.account ? undefined : withoutCredentials(settings))
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

/** Platform of a connector type: `meta_smart` and `meta` are both `meta`. */
function platformOf(type: ConnectorTarget['type']): PlatformName {
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
