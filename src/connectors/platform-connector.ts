import type { Micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { PlatformName } from '../platforms/index.ts'
import type { Guarded, RateLimiter, Spend } from '../shield/index.ts'
import type { BidIntent } from './connector.ts'
import type { Auth, LatencyStats, PlatformHealth } from './health.ts'
import type { PlatformRef } from './operations.ts'

export interface PlatformStatus {
  readonly platform: PlatformName
  /** ISO 4217, of the account. */
  readonly currency: string
  readonly auth: Auth
  readonly limiter: { readonly calls: number; readonly windowMs: number; readonly remaining: number }
  /** Undefined before the first request. */
  readonly latency: LatencyStats | undefined
}

/** What a program does with one ad platform. Nothing here throws for what a platform answers. */
export interface PlatformConnector {
  /** Proves that the credentials work. */
  connect(): Promise<Outcome<{ readonly account: string }>>
  /** @param before the last step before the first request, which writes down what it is given; when it rejects, none is sent */
  placeBid(intent: BidIntent, before?: Spend['before']): Promise<Guarded<PlatformRef>>
  /** Sets the campaign's daily budget on the platform. */
  updateCampaignBudget(campaignId: string, dailyBudget: Micros): Promise<Guarded<PlatformRef>>
  pauseCampaign(campaignId: string): Promise<Outcome<PlatformRef>>
  resumeCampaign(campaignId: string): Promise<Guarded<PlatformRef>>
  status(): PlatformStatus
  /** Stops its timers. The HTTP client belongs to whoever built it. */
  close(): void
}

interface StatusParts {
  readonly platform: PlatformName
  readonly currency: string
  readonly health: PlatformHealth
  readonly limiter: RateLimiter
}

export function statusOf({ platform, currency, health, limiter }: StatusParts): PlatformStatus {
  const { calls, windowMs } = limiter.limit
  return {
    platform,
    currency,
    auth: health.auth,
    limiter: { calls, windowMs, remaining: limiter.remaining() },
    latency: health.latency(),
  }
}
