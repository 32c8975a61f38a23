import { LRUCache } from 'lru-cache'
import { atMost } from '../cache-size.ts'
import { type Micros, minus, ZERO } from '../money.ts'
import type { Failure, Outcome } from '../outcome.ts'
import type { PlatformName } from '../platforms/index.ts'
import {
  type BreakerState,
  type Called,
  type CircuitBreaker,
  type GuardDeps,
  type Guarded,
  guard,
  type RateLimiter,
  type Scope,
  type Spend,
} from '../shield/index.ts'
import type { PlatformHealth } from './health.ts'
import type { Operations, PlatformRef } from './operations.ts'
import { type PlatformConnector, type PlatformStatus, statusOf } from './platform-connector.ts'
import type { Verifier } from './verify.ts'

export interface SmartDeps extends GuardDeps {
  readonly limiter: RateLimiter
  readonly breaker: CircuitBreaker
  readonly platform: PlatformName
  readonly currency: string
  readonly operations: Operations
  readonly health: PlatformHealth
  /** Reads back bids whose answer was lost; their money counts as spent until it is proven not to be. */
  readonly verifier: Verifier
  /** The scopes that pay for a bid on the campaign. */
  readonly scopesOf: (campaignId: string) => readonly Scope[]
  /** A fresh id for a hold that is not a bid's. */
  readonly newId: () => string
}

export interface SmartStatus extends PlatformStatus {
  readonly breaker: BreakerState
}

/** Every spending call passes the guard: limiter, breaker, hold, call, settle. */
export interface SmartConnector extends PlatformConnector {
  /** ISO 4217, of the account. */
  readonly currency: string
  readonly limiter: RateLimiter
  readonly breaker: CircuitBreaker
  /** Campaigns this process has placed a bid on, or may have. */
  campaigns(): string[]
  status(): SmartStatus
}

/**
 * How long a call may take before its hold is settled as unknown. Above the longest conversation with all its
 * deadlines; a call that ends later still corrects its settlement.
 */
const TERMS = { ttlMs: 120_000, onExpiry: 'settle' } as const
/** Of a bid: `before` writes its hold down. */
const BID_TERMS = { ...TERMS, isRecorded: true }
/** Campaigns remembered for the kill switch; the least recently bid on are forgotten first. */
const MAX_CAMPAIGNS = 100_000

export function createSmartConnector(deps: SmartDeps): SmartConnector {
  const { operations, health, limiter, breaker, platform, currency } = deps
  const touched = new LRUCache<string, true>(atMost(MAX_CAMPAIGNS))

  /** Keeps the mark of lost credentials in step with what calls come to. */
  async function watched<T>(call: Promise<Called<T>>): Promise<Called<T>> {
    const called = await call
    if (called.outcome.is === 'auth_lost') health.loseAuth(called.outcome.detail)
    else if (called.outcome.is === 'accepted') health.regainAuth()
    return called
  }

  async function spend<T>(
    id: string,
    campaignId: string,
    amount: Micros,
    call: () => Promise<Called<T>>,
    before?: Spend['before'],
  ): Promise<Guarded<T>> {
    const lost = health.authRefusal()
    if (lost !== undefined) return { is: 'auth_lost', detail: lost }
    const scopes = deps.scopesOf(campaignId)
    const terms = before ? BID_TERMS : TERMS
    return guard(deps, { id, scopes, amount, terms, priority: 'bid', before }, () => watched(call()))
  }

  /** For what lowers risk: no budget, no breaker, no limit, no look at the credentials' state. */
  async function lower<T>(call: Promise<Called<T>>): Promise<Outcome<T>> {
    return (await watched(call)).outcome
  }

  return {
    currency,
    limiter,
    breaker,

    connect: async () => (await watched(operations.connect())).outcome,

    async placeBid(intent, before) {
      const call = () => {
        touched.set(intent.campaignId, true)
        return operations.placeBid(intent)
      }
      const placed = await spend(intent.decisionId, intent.campaignId, intent.bid, call, before)
      if (placed.is === 'unknown') deps.verifier.verify(intent)
      return placed
    },

    async updateCampaignBudget(campaignId, dailyBudget) {
      const now = (await watched(operations.readCampaignBudget(campaignId, 'lowering'))).outcome
      if (now.is !== 'accepted') return now
      if (now.value === undefined) return noOwnBudget
      if (dailyBudget <= now.value)
        return lower(operations.updateCampaignBudget(campaignId, dailyBudget, 'lowering'))
      // The platform may spend the difference from now on, so the difference is what must be paid for.
      return spend(deps.newId(), campaignId, minus(dailyBudget, now.value), () =>
        operations.updateCampaignBudget(campaignId, dailyBudget, 'bid'),
      )
    },

    pauseCampaign: (campaignId) => lower(operations.setCampaignStatus(campaignId, 'paused', 'lowering')),

    resumeCampaign: (campaignId) =>
      spend<PlatformRef>(deps.newId(), campaignId, ZERO, () =>
        operations.setCampaignStatus(campaignId, 'active', 'bid'),
      ),

    campaigns: () => [...touched.keys()],
    status: () => ({ ...statusOf({ platform, currency, health, limiter }), breaker: breaker.state }),
    close: () => deps.verifier.close(),
  }
}

const noOwnBudget: Failure = { is: 'refused', detail: 'the campaign has no daily budget of its own' }
