import type { Micros } from '../../money.ts'
import type { Outcome } from '../../outcome.ts'
import type { Guarded, RateLimiter, Spend } from '../../shield/index.ts'
import type { BidIntent, Connected } from '../platform/bids.ts'
import type { PlatformName } from '../platform/ids.ts'
import type { GrantState, LatencyStats, PlatformHealth } from './health.ts'
import type { PlatformRef } from './operations.ts'

export interface PlatformStatus {
  readonly platform: PlatformName
  /** ISO 4217 code of the account. */
  readonly currency: string
  readonly auth: GrantState
  readonly limiter: {
    readonly calls: number
    readonly windowMs: number
    readonly remaining: number
    /** Whether the platform has asked for a pause that is not over. */
    readonly isPaused: boolean
  }
  /** Undefined before the first request. */
  readonly latency: LatencyStats | undefined
}

/** Operations on one ad platform. No answer of a platform makes them throw. */
export interface PlatformConnector {
  /** Tests the credentials. */
  connect(): Promise<Outcome<Connected>>
  /**
   * Places a bid.
   * @param before called just before the first request, to record the hold; if it rejects, no request is sent
   */
  placeBid(intent: BidIntent, before?: Spend['before']): Promise<Guarded<PlatformRef>>
  /** Sets the daily budget of a campaign. */
  updateCampaignBudget(campaignId: string, dailyBudget: Micros): Promise<Guarded<PlatformRef>>
  pauseCampaign(campaignId: string): Promise<Outcome<PlatformRef>>
  resumeCampaign(campaignId: string): Promise<Guarded<PlatformRef>>
  status(): PlatformStatus
  /** Stops the timers. The HTTP client is closed by whoever created it. */
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
    limiter: { calls, windowMs, remaining: limiter.remaining(), isPaused: limiter.isPaused },
    latency: health.latency(),
  }
}
