import { z } from 'zod'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { AccountRef, PlatformAccount, ReportResult } from '../platform/connector.ts'
import { at, textAt } from '../platform/json.ts'
import type { Row } from '../platform/rows.ts'
import { ask, NothingReached, type Talk, TalkRefused, whereAllowed } from '../platform/steps.ts'
import { readFigure } from '../reading/figures.ts'
import { Pages } from '../reading/pages.ts'
import { undatedReport } from '../reading/report-specs.ts'
import { type EntityQuery, listAdvertisers, listEntities, listPartners } from './requests.ts'

export const ENTITIES = 'entities'

const Next = { nextPageToken: z.string().optional() }
const Partners = z.object({ partners: z.array(z.object({ partnerId: z.string() })).default([]), ...Next })
const Advertisers = z.object({
  advertisers: z
    .array(
      z.object({
        advertiserId: z.string(),
        displayName: z.string().default(''),
        generalConfig: z
          .object({ currencyCode: z.string().optional(), timeZone: z.string().optional() })
          .optional(),
      }),
    )
    .default([]),
  ...Next,
})

/** Advertisers of all partners that the grant reaches, or of the partner in the setting `partner_id`. */
export function* listAccounts(
  host: string,
  settings: AccountRef['settings'],
): Talk<readonly PlatformAccount[]> {
  const named = settings['partner_id']
  const partners = typeof named === 'string' && named !== '' ? [named] : yield* allPartners(host)
  if (partners.length === 0) throw new NothingReached(NO_ADVERTISER)
  const found: PlatformAccount[] = []
  const denied: string[] = []
  for (const partnerId of partners) {
    const below = yield* whereAllowed(advertisersOf(host, partnerId), (detail) => denied.push(detail))
    found.push(...(below ?? []))
  }
  if (found.length === 0) throw new TalkRefused(denied[0] ?? NO_ADVERTISER)
  return found
}

const NO_ADVERTISER = 'the grant reaches no advertiser; settings.partner_id names the partner to look at'

function* advertisersOf(host: string, partnerId: string): Talk<readonly PlatformAccount[]> {
  const found: PlatformAccount[] = []
  const pages = new Pages()
  for (let pageToken: string | undefined; ; ) {
    const page = Advertisers.parse(yield* ask(listAdvertisers(host, partnerId, pageToken), ENTITIES))
    for (const { advertiserId, displayName, generalConfig } of page.advertisers) {
      found.push({
        id: advertiserId,
        name: displayName || advertiserId,
        currency: generalConfig?.currencyCode,
        timezone: generalConfig?.timeZone,
      })
    }
    pageToken = page.nextPageToken
    if (!pageToken || !pages.goOn(page.advertisers)) return found
  }
}

function* allPartners(host: string): Talk<string[]> {
  const ids: string[] = []
  const pages = new Pages()
  for (let pageToken: string | undefined; ; ) {
    const page = Partners.parse(yield* ask(listPartners(host, pageToken), ENTITIES))
    ids.push(...page.partners.map(({ partnerId }) => partnerId))
    pageToken = page.nextPageToken
    if (!pageToken || !pages.goOn(page.partners)) return ids
  }
}

export const STATUSES = ['ACTIVE', 'PAUSED', 'DRAFT', 'SCHEDULED_FOR_DELETION']
export const anyOf = (statuses: readonly string[]): string =>
  statuses.map((status) => `entityStatus="ENTITY_STATUS_${status}"`).join(' OR ')

interface Kind {
  readonly level: string
  readonly collection: EntityQuery['collection']
  readonly id: string
  readonly parent: string | undefined
}
const KINDS: readonly [Kind, Kind, Kind] = [
  { level: 'campaign', collection: 'campaigns', id: 'campaignId', parent: undefined },
  { level: 'insertion_order', collection: 'insertionOrders', id: 'insertionOrderId', parent: 'campaignId' },
  { level: 'line_item', collection: 'lineItems', id: 'lineItemId', parent: 'insertionOrderId' },
]

const [, , LINE_ITEMS] = KINDS
const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }

/** Reads all campaigns, insertion orders and line items that are not archived. */
export function* readEntities(host: string, { accountId }: AccountRef, caveats: Caveats): Talk<ReportResult> {
  for (const [index, kind] of KINDS.entries()) {
    yield* pagesOf(host, accountId, kind, { filter: anyOf(STATUSES) }, caveats)
    yield { is: 'progress', share: (index + 1) / KINDS.length }
  }
  return NOTHING
}

/** Reads line items changed since the last reading, archived ones included, so that archiving is noticed. */
export function* readChanges(
  host: string,
  { accountId }: AccountRef,
  since: string | undefined,
  caveats: Caveats,
): Talk<ReportResult> {
  const statuses = anyOf([...STATUSES, 'ARCHIVED'])
  const filter = since === undefined ? statuses : `(${statuses}) AND updateTime>="${since}"`
  const newest = yield* pagesOf(host, accountId, LINE_ITEMS, { filter, orderBy: 'updateTime' }, caveats)
  // The cursor is a time given by the platform, so our clock does not matter. Entities with the same time are read
  // again.
  const cursor = [since, newest]
    .filter((one) => one !== undefined)
    .sort()
    .at(-1)
  return { ...NOTHING, cursor: cursor ?? '' }
}

/** Yields all pages and returns the time of the newest change. */
function* pagesOf(
  host: string,
  advertiserId: string,
  kind: Kind,
  query: { readonly filter: string; readonly orderBy?: string },
  caveats: Caveats,
): Talk<string | undefined> {
  const pages = new Pages(caveats)
  let newest: string | undefined
  for (let pageToken: string | undefined; ; ) {
    const wanted = { ...query, advertiserId, collection: kind.collection, pageToken }
    const page: unknown = yield* ask(listEntities(host, wanted), ENTITIES)
    const entities = entitiesOf(page, kind.collection)
    const rows = rowsOf(caveats, entities, (one) => entityRow(caveats, one, kind))
    yield { is: 'rows', rows }
    for (const { updated_at } of rows)
      if (typeof updated_at === 'string' && updated_at > (newest ?? '')) newest = updated_at
    pageToken = textAt(page, 'nextPageToken') || undefined
    if (pageToken === undefined || !pages.goOn(entities)) return newest
  }
}

/** Entities of a page; the list is absent where it is empty. */
export const entitiesOf = (page: unknown, collection: string): readonly unknown[] =>
  z.array(z.unknown()).parse(Fields.parse(page)[collection] ?? [])
const Fields = z.record(z.string(), z.unknown())

/** Amounts are already micros, as int64 in text. A missing amount is absent. */
function entityRow(caveats: Caveats, entity: unknown, { level, id, parent }: Kind): Row {
  const key = textAt(entity, id)
  if (!key) throw new Error(`it has no ${id}`)
  const micros = (name: string, value: unknown) =>
    value === undefined ? null : readFigure(caveats, name, value, 'count')
  return {
    level,
    id: key,
    parent_id: parent === undefined ? null : (textAt(entity, parent) ?? null),
    name: textAt(entity, 'displayName') ?? null,
    status: textAt(entity, 'entityStatus')?.replace(/^ENTITY_STATUS_/, '') ?? null,
    type: textAt(entity, 'lineItemType') ?? textAt(entity, 'insertionOrderType') ?? null,
    budget_micros: micros('budget_micros', at(entity, 'budget', 'maxAmount')),
    fixed_bid_micros: micros('fixed_bid_micros', at(entity, 'bidStrategy', 'fixedBid', 'bidAmountMicros')),
    updated_at: textAt(entity, 'updateTime') ?? null,
  }
}

export const ENTITY_REPORT = undatedReport(
  ['level', 'id'],
  ['parent_id', 'name', 'status', 'type', 'budget_micros', 'fixed_bid_micros', 'updated_at'],
)
