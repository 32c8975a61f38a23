import type { JsonObject, SandboxReply } from '../protocol.ts'
import { refuse } from './errors.ts'
import { ADVERTISER_ID, type EntityKind, type TradeDeskState } from './state.ts'

/** A second partner, which has only an archived advertiser. */
const OLD_PARTNER_ID = 'partner-old'

/** The `…/query/…` calls: lists in pages, and changes since a version. */
export function createQueries(state: TradeDeskState, partnerId: string, currency: string) {
  function advertisersOf(partner: unknown): JsonObject[] {
    if (partner !== partnerId && partner !== OLD_PARTNER_ID) refuse('forbidden')
    const isOld = partner === OLD_PARTNER_ID
    return [
      {
        AdvertiserId: isOld ? 'adv-old' : ADVERTISER_ID,
        AdvertiserName: isOld ? 'Given up' : 'Sandbox advertiser',
        CurrencyCode: currency,
        PartnerId: partner,
        Availability: isOld ? 'Archived' : 'Available',
      },
    ]
  }

  return (path: string, asked: JsonObject): SandboxReply => {
    switch (path) {
      case 'partner/query':
        return page(asked, [
          { PartnerId: OLD_PARTNER_ID, PartnerName: 'Old partner' },
          { PartnerId: partnerId, PartnerName: 'Sandbox partner' },
        ])
      case 'advertiser/query/partner':
        return page(asked, advertisersOf(asked['PartnerId']))
      case 'campaign/query/advertiser':
      case 'adgroup/query/advertiser':
        if (asked['AdvertiserId'] !== ADVERTISER_ID) refuse('forbidden')
        return page(
          asked,
          state.list(path.startsWith('campaign') ? state.kinds.campaign : state.kinds.adgroup),
        )
      case 'delta/campaign/query/advertiser':
        return delta(state, state.kinds.campaign, asked)
      case 'delta/adgroup/query/advertiser':
        return delta(state, state.kinds.adgroup, asked)
      default:
        return refuse('not_found')
    }
  }
}

/** What has changed since a version: whole entities if the caller wants them, else only ids. */
function delta(state: TradeDeskState, kind: EntityKind, asked: JsonObject): SandboxReply {
  if (asked['AdvertiserId'] !== ADVERTISER_ID) refuse('forbidden')
  const since = asked['LastChangeTrackingVersion'] ?? null
  if (since !== null && !Number.isInteger(since))
    refuse('bad_request', [['LastChangeTrackingVersion', 'must be a whole number']])
  const { changed, more, version } = state.changes(kind, since === null ? null : Number(since))
  const [list, noun] = kind.name === 'campaign' ? ['Campaigns', 'Campaign'] : ['AdGroups', 'AdGroup']
  const whole = asked[`ReturnEntire${noun}`] === true
  return {
    status: 200,
    body: {
      [list]: whole ? changed : null,
      [`More${list}Available`]: more,
      ElementIds: whole ? null : changed.map((entity) => entity[kind.idKey]),
      LastChangeTrackingVersion: version,
    },
  }
}

/** The most entries of a page. */
const MAX_PAGE = 100

function page(
  { PageStartIndex: start, PageSize: size }: JsonObject,
  all: readonly JsonObject[],
): SandboxReply {
  const isPaged = typeof start === 'number' && typeof size === 'number' && size <= MAX_PAGE
  if (!isPaged) return refuse('bad_request', [['PageStartIndex', 'Paging is required.']])
  const Result = all.slice(start, start + size)
  const counts = { TotalFilteredCount: all.length, TotalUnfilteredCount: all.length }
  return { status: 200, body: { Result, ResultCount: Result.length, ...counts } }
}
