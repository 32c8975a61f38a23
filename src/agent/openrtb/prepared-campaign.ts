import type { Scope } from '../../shield/index.ts'
import type { CampaignSpec } from './campaign.ts'
import { type Creative, prepareCreative } from './creative.ts'
import { Schedule } from './schedule.ts'

/** A stored campaign in the form the auction reads. */
export interface Campaign {
  readonly id: string
  readonly spec: CampaignSpec
  /** All of them must have room for a bid, and every bid is held in all of them. */
  readonly scopes: readonly Scope[]
  /** CPM micros per unit of lifetime value. */
  readonly microsPerLtv: number
  /** The advertiser's domain and every domain above it: `shop.example.com`, `example.com`, `com`. */
  readonly domains: readonly string[]
  /** Its categories and the categories above them: `IAB19-6`, `IAB19`. */
  readonly categories: readonly string[]
  readonly countries: readonly string[]
  readonly deviceTypes: ReadonlySet<number> | undefined
  readonly allowedDomains: ReadonlySet<string> | undefined
  readonly deniedDomains: ReadonlySet<string> | undefined
  readonly allowedBundles: ReadonlySet<string> | undefined
  readonly deniedBundles: ReadonlySet<string> | undefined
  readonly schedule: Schedule
  /** `ext.dsa` of its bids as JSON text; undefined for a campaign without transparency data. */
  readonly dsaJson: string | undefined
  readonly creatives: readonly Creative[]
}

const MICROS_PER_UNIT = 1_000_000

export function prepareCampaign(id: string, spec: CampaignSpec, scopes: readonly Scope[]): Campaign {
  const { targeting } = spec
  return {
    id,
    spec,
    scopes,
    microsPerLtv: spec.price.cpmPerLtv * MICROS_PER_UNIT,
    domains: domainAndParents(spec.advertiserDomain),
    categories: [...new Set(spec.categories.flatMap(categoryAndParents))],
    countries: [...new Set(targeting.countries)],
    deviceTypes: setOf(targeting.deviceTypes),
    allowedDomains: setOf(targeting.domains.allow),
    deniedDomains: setOf(targeting.domains.deny),
    allowedBundles: setOf(targeting.bundles.allow),
    deniedBundles: setOf(targeting.bundles.deny),
    schedule: new Schedule(spec.activeHours),
    dsaJson: spec.dsa && JSON.stringify(spec.dsa),
    creatives: spec.creatives.map((creative) => prepareCreative(id, spec, creative)),
  }
}

const setOf = <T>(values: readonly T[]): ReadonlySet<T> | undefined =>
  values.length === 0 ? undefined : new Set(values)

/** A domain and every domain it is under, itself first. */
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
