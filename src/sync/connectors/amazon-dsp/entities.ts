import { z } from 'zod'
import type { HttpRequest } from '../../../http.ts'
import { textAt } from '../../../platforms/index.ts'
import { rowsOf } from '../caveats.ts'
import {
  type AccountRef,
  ask,
  type PlatformAccount,
  type ReadTalk,
  type ReportResult,
  type Row,
  type Since,
  TalkRefused,
} from '../read-connector.ts'
import { type Door, listAdvertisers, listLineItems, listOrders, listProfiles, PAGE_SIZE } from './requests.ts'

export const ENTITIES = 'entities'

/** Ids are numbers in one place and text in another. */
const Id = z.union([z.string().min(1), z.int()]).transform(String)
const Profiles = z.array(
  z.object({
    profileId: Id,
    currencyCode: z.string().optional(),
    timezone: z.string().optional(),
    accountInfo: z.object({ type: z.string().default('') }).prefault({}),
  }),
)
const Advertiser = z.object({
  advertiserId: Id,
  name: z.string().default(''),
  currency: z.string().optional(),
  timezone: z.string().optional(),
})
const Page = z.object({ totalResults: z.int().optional(), response: z.array(z.unknown()).default([]) })

/** Names an advertiser together with the profile it is opened through, without which nothing can be asked of it. */
const accountIdOf = (profileId: string, advertiserId: string): string => `${profileId}:${advertiserId}`

export function doorTo(host: string, { accountId }: AccountRef): Door {
  const [profileId = '', advertiserId = ''] = accountId.split(':')
  if (profileId === '' || advertiserId === '')
    throw new TalkRefused('account_id: is profile:advertiser, as the list of accounts has it')
  return { host, profileId, advertiserId }
}

/** Advertisers of all agency profiles: the others have no demand-side platform. */
export function* listAccounts(host: string): ReadTalk<readonly PlatformAccount[]> {
  const profiles = Profiles.parse(yield* ask(listProfiles(host), ENTITIES))
  const found: PlatformAccount[] = []
  for (const { profileId, currencyCode, timezone, accountInfo } of profiles) {
    if (accountInfo.type !== 'agency') continue
    for (const one of yield* allOf((from) => listAdvertisers(host, profileId, from))) {
      const { advertiserId, name, currency, timezone: own } = Advertiser.parse(one)
      found.push({
        id: accountIdOf(profileId, advertiserId),
        name: name || advertiserId,
        currency: currency ?? currencyCode,
        timezone: own ?? timezone,
      })
    }
  }
  if (found.length === 0)
    throw new TalkRefused(
      'the grant reaches no advertiser in this region; settings.region may be NA, EU or FE',
    )
  return found
}

/** Every page of a list. Ends at a short page: totals are not always there. */
function* allOf(request: (startIndex: number) => HttpRequest): ReadTalk<unknown[]> {
  const all: unknown[] = []
  for (;;) {
    const { response, totalResults } = Page.parse(yield* ask(request(all.length), ENTITIES))
    all.push(...response)
    const isWhole = totalResults === undefined ? response.length < PAGE_SIZE : all.length >= totalResults
    if (isWhole || response.length === 0) return all
  }
}

/** Orders, which are what others call campaigns, and their line items. */
export function* readEntities(door: Door, { caveats }: Since): ReadTalk<ReportResult> {
  const orders = yield* allOf((from) => listOrders(door, from))
  yield { is: 'rows', rows: rowsOf(caveats, orders, (one) => entityRow(one, 'order', 'orderId', null)) }
  for (const [index, order] of orders.entries()) {
    const orderId = Id.safeParse(Object(order).orderId).data
    // It is left out above, and nothing below it can be asked for.
    if (orderId === undefined) continue
    const items = yield* allOf((from) => listLineItems(door, orderId, from))
    yield {
      is: 'rows',
      rows: rowsOf(caveats, items, (one) => entityRow(one, 'line_item', 'lineItemId', orderId)),
    }
    yield { is: 'progress', share: (index + 1) / orders.length }
  }
  return { cursor: undefined, finalThrough: undefined, caveats: [] }
}

const entityRow = (one: unknown, level: string, id: string, parentId: string | null): Row => ({
  level,
  id: Id.parse(Object(one)[id]),
  parent_id: parentId,
  name: textAt(one, 'name') ?? null,
  status: textAt(one, 'deliveryActivationStatus') ?? null,
  start_at: textAt(one, 'startDateTime') ?? null,
  end_at: textAt(one, 'endDateTime') ?? null,
})
