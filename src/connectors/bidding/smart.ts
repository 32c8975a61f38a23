import { LRUCache } from 'lru-cache'
import { atMost } from '../../cache-size.ts'
import { type Micros, minus, ZERO } from '../../money.ts'
import type { Failure, Outcome } from '../../outcome.ts'
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
} from '../../shield/index.ts'
import type { BidIntent } from '../platform/bids.ts'
import type { PlatformName } from '../platform/ids.ts'
import { CALL_TERMS } from './call-terms.ts'
import type { PlatformHealth } from './health.ts'
import type { Operations, PlatformRef } from './operations.ts'
import { type PlatformConnector, type PlatformStatus, statusOf } from './platform-connector.ts'
import type { Verifier } from './verify.ts'

type BidPayer = Pick<BidIntent, 'org' | 'payingKey'>

export interface SmartDeps extends GuardDeps {
  readonly limiter: RateLimiter
  readonly breaker: CircuitBreaker
  readonly platform: PlatformName
  readonly currency: string
  readonly operations: Operations
  readonly health: PlatformHealth
  /** Reads back bids of unknown outcome. Their money counts as spent until it is proved not to be. */
  readonly verifier: Verifier
  /** The scopes that pay for a bid on the campaign, with those of the organisation and of the key that pay. */
  readonly scopesOf: (campaignId: string, payer: BidPayer) => readonly Scope[]
  /** A new id for a hold that is not a bid's. */
  readonly newId: () => string
}

export interface SmartStatus extends PlatformStatus {
  readonly breaker: BreakerState
}

/** A connector whose spending calls pass the guard: limiter, breaker, hold, call, settle. */
export interface SmartConnector extends PlatformConnector {
  /** ISO 4217 code of the account. */
  readonly currency: string
  readonly limiter: RateLimiter
  readonly breaker: CircuitBreaker
  /** Campaigns on which this process has placed a bid, or may have. */
  campaigns(): string[]
  status(): SmartStatus
}

/** Terms of a bid's hold, which `before` records. */
const BID_TERMS = { ...CALL_TERMS, isRecorded: true }
/** Most campaigns remembered for the kill switch; the one bid on least recently is dropped first. */
const MAX_CAMPAIGNS = 100_000

export function createSmartConnector(deps: SmartDeps): SmartConnector {
  const { operations, health, limiter, breaker, platform, currency } = deps
  const touched = new LRUCache<string, true>(atMost(MAX_CAMPAIGNS))

  /** Updates the state of the credentials with the result of a call. */
  async function watched<T>(call: Promise<Called<T>>): Promise<Called<T>> {
    const called = await call
    const { outcome } = called
    if (outcome.is === 'accepted') health.regainAuth()
    // Without an account the detail says already what is missing.
    if (outcome.is !== 'auth_lost' || health.auth.is === 'none') return called
    const detail = `it does not take our credentials: ${outcome.detail}`
    health.loseAuth(detail)
    return { ...called, outcome: { is: 'auth_lost', detail } }
  }

  async function spend<T>(
    id: string,
    campaignId: string,
    amount: Micros,
    call: () => Promise<Called<T>>,
    before?: Spend['before'],
    payer: BidPayer = {},
  ): Promise<Guarded<T>> {
    const lost = health.authRefusal()
    if (lost !== undefined) return { is: 'auth_lost', detail: lost }
    const scopes = deps.scopesOf(campaignId, payer)
    const terms = before ? BID_TERMS : CALL_TERMS
    return guard(deps, { id, scopes, amount, terms, priority: 'bid', before }, () => watched(call()))
  }

  /** Runs a call that lowers risk: without budget, breaker, limiter and the state of the credentials. */
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
      const placed = await spend(intent.decisionId, intent.campaignId, intent.bid, call, before, intent)
      if (placed.is === 'unknown') deps.verifier.verify(intent)
      return placed
    },

    async updateCampaignBudget(campaignId, dailyBudget) {
      const now = (await watched(operations.readCampaignBudget(campaignId, 'lowering'))).outcome
      if (now.is !== 'accepted') return now
      if (now.value === undefined) return noOwnBudget
      if (dailyBudget <= now.value)
        return lower(operations.updateCampaignBudget(campaignId, dailyBudget, 'lowering'))
      // The platform may spend the difference from now on, so the difference is paid for.
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
