import { prepare, type RateLimiter } from '../../shield/index.ts'
import type { PlatformName } from '../platform/ids.ts'
import type { PlatformHealth } from './health.ts'
import type { Operations } from './operations.ts'
import { type PlatformConnector, statusOf } from './platform-connector.ts'

export interface BasicDeps {
  readonly platform: PlatformName
  readonly currency: string
  readonly health: PlatformHealth
  readonly limiter: RateLimiter
  readonly operations: Operations
}

/**
 * A connector without a budget: its caller pays. For programs that keep their money elsewhere; the service never uses
 * it.
 */
export function createBasicConnector(deps: BasicDeps): PlatformConnector {
  const { operations } = deps
  return {
    connect: async () => (await operations.connect()).outcome,
    placeBid: async (intent, before) =>
      (await prepare(before)) ?? (await operations.placeBid(intent)).outcome,
    updateCampaignBudget: async (campaignId, dailyBudget) =>
      (await operations.updateCampaignBudget(campaignId, dailyBudget, 'bid')).outcome,
    pauseCampaign: async (campaignId) =>
      (await operations.setCampaignStatus(campaignId, 'paused', 'lowering')).outcome,
    resumeCampaign: async (campaignId) =>
      (await operations.setCampaignStatus(campaignId, 'active', 'bid')).outcome,
    status: () => statusOf(deps),
    close() {},
  }
}
