import type { Scope } from '../../../shield/index.ts'
import type { CampaignSpec } from './campaign.ts'
import { type Creative, prepareCreative } from './creative.ts'
import { blockedCategory } from './names.ts'
import { CampaignSchedule } from './schedule.ts'

/** A stored campaign, prepared for the auction. */
export interface PreparedCampaign {
  readonly id: string
  readonly spec: CampaignSpec
  /** Every bid of the campaign is held in all of these scopes, so all of them need room. */
  readonly scopes: readonly Scope[]
  /** The last of them, which no other campaign pays from, and the rest. */
  readonly ownScope: Scope | undefined
  readonly sharedScopes: readonly Scope[]
  /** CPM micros for each unit of lifetime value. */
  readonly microsPerLtv: number
  /** Domain of the advertiser and its parent domains: `shop.example.com`, `example.com`, `com`. */
  readonly domains: readonly string[]
  /**
   * Categories of the campaign and their parents, in the form in which blocked ones are compared: `IAB19-6`, `IAB19`.
   */
  readonly categories: readonly string[]
  readonly countries: readonly string[]
  readonly deviceTypes: ReadonlySet<number> | undefined
  readonly allowedDomains: ReadonlySet<string> | undefined
  readonly deniedDomains: ReadonlySet<string> | undefined
  readonly allowedBundles: ReadonlySet<string> | undefined
  readonly deniedBundles: ReadonlySet<string> | undefined
  readonly schedule: CampaignSchedule
  /** Whether its budget is spread over time, so that it takes only a share of its chances. */
  readonly isPaced: boolean
  /** Whether it may bid less than an impression is worth to it where the winner pays what it bids. */
  readonly isShaded: boolean
  /** `ext.dsa` of the campaign's bids as JSON text; undefined for a campaign without transparency data. */
  readonly dsaJson: string | undefined
  readonly creatives: readonly Creative[]
}

const MICROS_PER_UNIT = 1_000_000

/** @param scopes the campaign's own is the last */
export function prepareCampaign(id: string, spec: CampaignSpec, scopes: readonly Scope[]): PreparedCampaign {
  const { targeting } = spec
  return {
    id,
    spec,
    scopes,
    ownScope: scopes.at(-1),
    sharedScopes: scopes.slice(0, -1),
    microsPerLtv: spec.price.cpmPerLtv * MICROS_PER_UNIT,
    domains: domainAndParents(spec.advertiserDomain),
    categories: [...new Set(spec.categories.flatMap(categoryAndParents).map(blockedCategory))],
    countries: [...new Set(targeting.countries)],
    deviceTypes: setOf(targeting.deviceTypes),
    allowedDomains: setOf(targeting.domains.allow),
    deniedDomains: setOf(targeting.domains.deny),
    allowedBundles: setOf(targeting.bundles.allow),
    deniedBundles: setOf(targeting.bundles.deny),
    schedule: new CampaignSchedule(spec.activeHours, spec.pacing.flight),
    isPaced: spec.pacing.mode !== 'asap',
    isShaded: spec.shading === 'on',
    dsaJson: spec.dsa && JSON.stringify(spec.dsa),
    creatives: spec.creatives.map((creative) => prepareCreative(id, spec, creative)),
  }
}

const setOf = <T>(values: readonly T[]): ReadonlySet<T> | undefined =>
  values.length === 0 ? undefined : new Set(values)

/** The domain and all its parent domains, the domain first. */
export function domainAndParents(domain: string): string[] {
  const parents = [domain]
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1))
    parents.push(domain.slice(dot + 1))
  return parents
}

function categoryAndParents(category: string): string[] {
  const dash = category.indexOf('-')
  return dash < 0 ? [category] : [category, category.slice(0, dash)]
}
