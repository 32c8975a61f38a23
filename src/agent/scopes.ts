import { AppError } from '../errors.ts'
import type { BudgetManager, Scope } from '../shield/index.ts'
import { type Org, orgOf, orgScope, ownId, shownName } from './organisations.ts'

/** Names of the scopes that pay for bids. */
export const platformScope = (platform: string): string => `platform:${platform}`
export const campaignScope = (platform: string, campaignId: string, org?: Org): string =>
  `campaign:${platform}:${ownId(campaignId, org)}`
export const GLOBAL_SCOPE = 'global'

const KEY = 'key:'
/**
 * Name of the budget that an API key has of its own.
 * @param id name of the key, `ml@7` for a key of organisation 7
 */
export const keyScope = (id: string): string => `${KEY}${id}`
export const isKeyScope = (scope: string): boolean => scope.startsWith(KEY)

/** Who pays for a bid besides the platform and the campaign. */
export interface Payer {
  readonly org?: Org
  /** Id of the calling API key, if it has a budget of its own. */
  readonly payingKey?: string | undefined
}

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
 * The refusal of a key whose budget is gone because it was revoked: nothing would bound what it spends. Undefined for
 * every other key.
 */
export function keyRefusal(budget: BudgetManager, { payingKey }: Payer): AppError | undefined {
  if (payingKey === undefined || budget.scope(keyScope(payingKey))) return undefined
  const name = shownName(payingKey, orgOf(payingKey))
  return new AppError('unauthorized', `The API key ${name} has been revoked`)
}

/**
 * Names of the scopes that pay for a bid or for a campaign's budget, whether or not they have budgets.
 * @param payer its organisation where the campaign id does not name it
 */
export function payingScopes(
  platform: string,
  campaignId: string,
  { org = orgOf(campaignId), payingKey }: Payer = {},
): string[] {
  const id = orgOf(campaignId) === undefined ? ownId(campaignId, org) : campaignId
  return [
    platformScope(platform),
    GLOBAL_SCOPE,
    ...(org === undefined ? [] : [orgScope(org)]),
    ...(payingKey === undefined ? [] : [keyScope(payingKey)]),
    campaignScope(platform, id),
  ]
}

/** Names of a scope and of those above it: a rule for one of them is a rule for it. */
export function scopesAbove(name: string): string[] {
  const org = orgOf(name)
  const { platform } = spenderOf(name) ?? {}
  const above = [
    name,
    ...(platform === undefined ? [] : [platformScope(platform)]),
    ...(org === undefined ? [] : [orgScope(org)]),
    GLOBAL_SCOPE,
  ]
  return [...new Set(above)]
}

/**
 * The scopes that pay for a bid or for a campaign's budget: the platform's, the global one, and those of the
 * organisation, the key and the campaign if they have budgets. Throws 401 if the key has been revoked.
 * @param payer its organisation is used if the campaign id names none
 */
export function scopesOf(
  budget: BudgetManager,
  platform: string,
  campaignId: string,
  payer: Payer = {},
): Scope[] {
  const revoked = keyRefusal(budget, payer)
  if (revoked) throw revoked
  const names = payingScopes(platform, campaignId, payer)
  return names.map((name) => budget.scope(name)).filter((scope) => scope !== undefined)
}

/**
 * Whether an organisation may bid on a campaign. The operator gives it a campaign by defining a budget for it. The
 * operator itself may bid on every campaign.
 */
export const isGiven = (budget: BudgetManager, platform: string, campaignId: string, org: Org): boolean =>
  org === undefined || budget.scope(campaignScope(platform, campaignId, org)) !== undefined
