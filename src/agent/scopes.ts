import type { BudgetManager, Scope } from '../shield/index.ts'
import { type Org, orgOf, orgScope, ownId, shownName } from './organisations.ts'

/** Names of the scopes that pay for bids. */
export const platformScope = (platform: string): string => `platform:${platform}`
export const campaignScope = (platform: string, campaignId: string, org?: Org): string =>
  `campaign:${platform}:${ownId(campaignId, org)}`
export const GLOBAL_SCOPE = 'global'

/** The platform, campaign and organisation in the name of a campaign's scope; undefined for any other scope. */
export function spenderOf(
  scope: string,
): { readonly platform: string; readonly campaignId: string; readonly org: Org } | undefined {
  const [, platform, id] = /^campaign:([^:]+):(.+)$/.exec(scope) ?? []
  if (platform === undefined || id === undefined) return undefined
  const org = orgOf(id)
  return { platform, campaignId: shownName(id, org), org }
}

/**
 * Returns the scopes that pay for a bid or for a campaign's budget: the platform's, the global one, the organisation's,
 * and the campaign's where it has a budget.
 * @param org organisation that pays, where the campaign id does not name it
 */
export function scopesOf(
  budget: BudgetManager,
  platform: string,
  campaignId: string,
  org: Org = orgOf(campaignId),
): Scope[] {
  const id = orgOf(campaignId) === undefined ? ownId(campaignId, org) : campaignId
  const names = [platformScope(platform), GLOBAL_SCOPE, campaignScope(platform, id)]
  if (org !== undefined) names.splice(2, 0, orgScope(org))
  return names.map((name) => budget.scope(name)).filter((scope) => scope !== undefined)
}

/**
 * Whether an organisation may bid on a campaign. The operator gives it a campaign by defining a budget for it. The
 * operator itself may bid on every campaign.
 */
export const isGiven = (budget: BudgetManager, platform: string, campaignId: string, org: Org): boolean =>
  org === undefined || budget.scope(campaignScope(platform, campaignId, org)) !== undefined
