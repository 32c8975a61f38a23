import { z } from 'zod'
import { at, textAt } from '../../../platforms/index.ts'
import { type Caveats, rowsOf } from '../caveats.ts'
import { readFigure } from '../figures.ts'
import {
  type AccountRef,
  ask,
  type PlatformAccount,
  type ReadTalk,
  type ReportResult,
  type ReportSpec,
  type Row,
  TalkRefused,
} from '../read-connector.ts'
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

/** Advertisers of all partners the grant reaches, or of the one that `partner_id` names. */
export function* listAccounts(
  host: string,
  settings: AccountRef['settings'],
): ReadTalk<readonly PlatformAccount[]> {
  const named = settings['partner_id']
  const partners = typeof named === 'string' && named !== '' ? [named] : yield* allPartners(host)
  const found: PlatformAccount[] = []
  for (const partnerId of partners) {
    let pageToken: string | undefined
    do {
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
    } while (pageToken)
  }
  if (found.length === 0)
    throw new TalkRefused('the grant reaches no advertiser; settings.partner_id names the partner to look at')
  return found
}

function* allPartners(host: string): ReadTalk<string[]> {
  const ids: string[] = []
  let pageToken: string | undefined
  do {
    const page = Partners.parse(yield* ask(listPartners(host, pageToken), ENTITIES))
    ids.push(...page.partners.map(({ partnerId }) => partnerId))
    pageToken = page.nextPageToken
  } while (pageToken)
  return ids
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

/** Campaigns, insertion orders and line items, but for what is archived. */
export function* readEntities(
  host: string,
  { accountId }: AccountRef,
  caveats: Caveats,
): ReadTalk<ReportResult> {
  for (const [index, kind] of KINDS.entries()) {
    yield* pagesOf(host, accountId, kind, { filter: anyOf(STATUSES) }, caveats)
    yield { is: 'progress', share: (index + 1) / KINDS.length }
  }
  return NOTHING
}

/** Line items that were changed since the last time, archived ones too: so it is seen that they are. */
export function* readChanges(
  host: string,
  { accountId }: AccountRef,
  since: string | undefined,
  caveats: Caveats,
): ReadTalk<ReportResult> {
  const statuses = anyOf([...STATUSES, 'ARCHIVED'])
  const filter = since === undefined ? statuses : `(${statuses}) AND updateTime>="${since}"`
  const newest = yield* pagesOf(host, accountId, LINE_ITEMS, { filter, orderBy: 'updateTime' }, caveats)
  // The cursor is what the platform said itself, so no clock of ours has a part in it. Ties are read again.
  const cursor = [since, newest]
    .filter((one) => one !== undefined)
    .sort()
    .at(-1)
  return { ...NOTHING, cursor: cursor ?? '' }
}

/** Yields all pages. Returns the time of the newest change. */
function* pagesOf(
  host: string,
  advertiserId: string,
  kind: Kind,
  query: { readonly filter: string; readonly orderBy?: string },
  caveats: Caveats,
): ReadTalk<string | undefined> {
  let newest: string | undefined
  let pageToken: string | undefined
  do {
    const wanted = { ...query, advertiserId, collection: kind.collection, pageToken }
    const page: unknown = yield* ask(listEntities(host, wanted), ENTITIES)
    const rows = rowsOf(caveats, entitiesOf(page, kind.collection), (one) => entityRow(caveats, one, kind))
    yield { is: 'rows', rows }
    for (const { updated_at } of rows)
      if (typeof updated_at === 'string' && updated_at > (newest ?? '')) newest = updated_at
    pageToken = textAt(page, 'nextPageToken') || undefined
  } while (pageToken !== undefined)
  return newest
}

/** The list is absent where it is empty. */
export const entitiesOf = (page: unknown, collection: string): readonly unknown[] =>
  z.array(z.unknown()).parse(at(page, collection) ?? [])

/** Micros already: an int64, which JSON carries as text. Absent where there is none. */
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

export const ENTITY_REPORT: ReportSpec = {
  fields: ['parent_id', 'name', 'status', 'type', 'budget_micros', 'fixed_bid_micros', 'updated_at'],
  key: ['level', 'id'],
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}
