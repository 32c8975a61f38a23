import type { SandboxAccount } from '../ledger.ts'
import type { JsonObject } from '../protocol.ts'
import { AdGroupChange, CampaignChange } from './entities.ts'
import { refuse } from './errors.ts'

export const ADVERTISER_ID = 'adv-sandbox'
const ID = /^[A-Za-z0-9_-]{1,64}$/
/** The daily budget of a new campaign, in units of the currency. */
const NEW_DAILY_BUDGET = 100
/** The campaigns that exist from the beginning. The first has more ad groups than fit on a page. */
const SEEDS = [
  { id: 'ttd-c1', availability: 'Available', adGroups: 120 },
  { id: 'ttd-c2', availability: 'Paused', adGroups: 1 },
  { id: 'ttd-c3', availability: 'Archived', adGroups: 1 },
]
const FIRST_VERSION = 361_335_703
/** Changes before this version are no longer tracked. */
const OLDEST_VERSION = FIRST_VERSION - 1_000
/** The most changed entities of one answer. */
const DELTA_PAGE = 50

export interface EntityKind {
  readonly name: 'campaign' | 'adgroup'
  readonly idKey: 'CampaignId' | 'AdGroupId'
  change(): ReturnType<typeof CampaignChange> | ReturnType<typeof AdGroupChange>
}

export interface TradeDeskState {
  readonly kinds: { readonly campaign: EntityKind; readonly adgroup: EntityKind }
  /** An unknown id creates an entity, unless it begins with `missing`: that is refused. */
  find(kind: EntityKind, id: string): JsonObject
  put(kind: EntityKind, id: string, entity: JsonObject): void
  list(kind: EntityKind): readonly JsonObject[]
  /** What has changed since a version, oldest change first; all entities for null. */

  changes(
    kind: EntityKind,
    since: number | null,
  ): { changed: readonly JsonObject[]; more: boolean; version: number }
}

/** The entities of one advertiser, each with the version of its last change. */
export function createTradeDeskState({ currency }: SandboxAccount): TradeDeskState {
  const money = (Amount: number) => ({ Amount, CurrencyCode: currency })
  let version = FIRST_VERSION
  const kinds = {
    campaign: { name: 'campaign', idKey: 'CampaignId', change: () => CampaignChange(currency) },
    adgroup: { name: 'adgroup', idKey: 'AdGroupId', change: () => AdGroupChange(currency) },
  } as const
  const all = {
    campaign: new Map<string, { entity: JsonObject; version: number }>(),
    adgroup: new Map<string, { entity: JsonObject; version: number }>(),
  }

  const fresh = (kind: EntityKind, id: string): JsonObject =>
    kind.name === 'campaign'
      ? {
          CampaignId: id,
          AdvertiserId: ADVERTISER_ID,
          CampaignName: `Campaign ${id}`,
          Availability: 'Available',
          Budget: null,
          DailyBudget: money(NEW_DAILY_BUDGET),
          PacingMode: 'PaceAhead',
          StartDate: '2026-10-01T00:00:00',
          EndDate: null,
        }
      : {
          AdGroupId: id,
          CampaignId: id,
          AdGroupName: `Ad group ${id}`,
          Availability: 'Available',
          IsEnabled: true,
          RTBAttributes: { BaseBidCPM: money(1), MaxBidCPM: money(2) },
        }

  function put(kind: EntityKind, id: string, entity: JsonObject): void {
    version += 1
    all[kind.name].set(id, { entity, version })
  }

  for (const { id, availability, adGroups } of SEEDS) {
    put(kinds.campaign, id, { ...fresh(kinds.campaign, id), Availability: availability })
    for (let index = 1; index <= adGroups; index++) {
      const adGroup = `${id}-ag${index}`
      put(kinds.adgroup, adGroup, { ...fresh(kinds.adgroup, adGroup), CampaignId: id })
    }
  }

  return {
    kinds,
    find(kind, id) {
      if (!ID.test(id) || id.startsWith('missing')) refuse('not_found')
      const known = all[kind.name].get(id)
      if (known) return known.entity
      const entity = fresh(kind, id)
      put(kind, id, entity)
      return entity
    },
    put,
    list: (kind) => [...all[kind.name].values()].map(({ entity }) => entity),
    changes(kind, since) {
      if (since !== null && since < OLDEST_VERSION)
        refuse('bad_request', [['LastChangeTrackingVersion', 'The version is too old.']])
      const later = [...all[kind.name].values()]
        .filter((one) => one.version > (since ?? 0))
        .sort((one, other) => one.version - other.version)
      const page = later.slice(0, DELTA_PAGE)
      const more = later.length > page.length
      return {
        changed: page.map(({ entity }) => entity),
        more,
        version: more ? (page.at(-1)?.version ?? version) : version,
      }
    },
  }
}
