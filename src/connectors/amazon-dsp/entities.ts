import { z } from 'zod'
import type { HttpRequest } from '../../http/http.ts'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { AccountRef, PlatformAccount, ReportResult, Since } from '../platform/connector.ts'
import { textAt } from '../platform/json.ts'
import type { Row } from '../platform/rows.ts'
import { ask, NothingReached, type Talk, TalkRefused, whereAllowed } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import {
  type AdvertiserPlace,
  listAdvertisers,
  listLineItems,
  listOrders,
  listProfiles,
  PAGE_SIZE,
} from './requests.ts'

export const ENTITIES = 'entities'

/** Amazon sends ids as numbers in some answers and as text in others. */
const Id = z.union([z.string().min(1), z.int()]).transform(String)
const Profiles = z.array(
  z.object({
    profileId: Id,
    currencyCode: z.string().nullish(),
    timezone: z.string().nullish(),
    accountInfo: z.object({ type: z.string().nullish() }).nullish(),
  }),
)
const Advertiser = z.object({
  advertiserId: Id,
  name: z.string().nullish(),
  currency: z.string().nullish(),
  timezone: z.string().nullish(),
})
const Page = z.object({ totalResults: z.int().nullish(), response: z.array(z.unknown()) })

const IN_THIS_REGION = 'in this region; settings.region may be NA, EU or FE'

/** Account id: the advertiser with the profile through which it is opened, since every request needs the profile. */
const accountIdOf = (profileId: string, advertiserId: string): string => `${profileId}:${advertiserId}`

export function advertiserOf(host: string, { accountId }: AccountRef): AdvertiserPlace {
  const [profileId = '', advertiserId = ''] = accountId.split(':')
  if (profileId === '' || advertiserId === '')
    throw new TalkRefused('account_id: is profile:advertiser, as the list of accounts has it')
  return { host, profileId, advertiserId }
}

/** Advertisers of all agency profiles; other profiles have no demand-side platform. */
export function* listAccounts(host: string): Talk<readonly PlatformAccount[]> {
  const profiles = Profiles.parse(yield* ask(listProfiles(host), ENTITIES))
  if (profiles.length === 0) throw new NothingReached(`the grant reaches no profile ${IN_THIS_REGION}`)
  const found: PlatformAccount[] = []
  const denied: string[] = []
  for (const { profileId, currencyCode, timezone, accountInfo } of profiles) {
    if (accountInfo?.type !== 'agency') continue
    const list = allOf((from) => listAdvertisers(host, profileId, from))
    for (const one of (yield* whereAllowed(list, (detail) => denied.push(detail))) ?? []) {
      const { advertiserId, name, currency, timezone: own } = Advertiser.parse(one)
      found.push({
        id: accountIdOf(profileId, advertiserId),
        name: name || advertiserId,
        currency: currency ?? currencyCode ?? undefined,
        timezone: own ?? timezone ?? undefined,
      })
    }
  }
  if (found.length === 0)
    throw new TalkRefused(denied[0] ?? `the grant reaches no advertiser ${IN_THIS_REGION}`)
  return found
}

/** Reads all pages of a list. A short page is the last one, because totals are not always given. */
function* allOf(request: (startIndex: number) => HttpRequest): Talk<unknown[]> {
  const all: unknown[] = []
  yield* eachPage(request, undefined, (page) => {
    all.push(...page)
    return []
  })
  return all
}

/** Reads the pages of a list one by one and yields the rows of each. */
function* eachPage(
  request: (startIndex: number) => HttpRequest,
  caveats: Caveats | undefined,
  take: (page: readonly unknown[]) => readonly Row[],
): Talk<void> {
  const pages = new Pages(caveats)
  for (let count = 0; ; ) {
    const { response, totalResults } = Page.parse(yield* ask(request(count), ENTITIES))
    const rows = take(response)
    if (rows.length > 0) yield { is: 'rows', rows }
    count += response.length
    const isWhole = totalResults == null ? response.length < PAGE_SIZE : count >= totalResults
    if (!isWhole && response.length === 0) {
      const problem = `the platform says that there are ${totalResults}, and lists ${count}`
      if (!caveats) throw new TalkRefused(problem)
      caveats.cutOff(problem)
    }
    if (isWhole || response.length === 0 || !pages.goOn(response)) return
  }
}

/** Reads orders (Amazon's campaigns) and their line items. */
export function* readEntities(advertiser: AdvertiserPlace, { caveats }: Since): Talk<ReportResult> {
  // An order without an id is left out, because its line items cannot be asked for.
  const orderIds = new Set<string>()
  yield* eachPage(
    (from) => listOrders(advertiser, from),
    caveats,
    (page) =>
      rowsOf(caveats, page, (one) => {
        const row = entityRow(one, 'order', 'orderId', null)
        orderIds.add(String(row['id']))
        return row
      }),
  )
  for (const [index, orderId] of [...orderIds].entries()) {
    yield* eachPage(
      (from) => listLineItems(advertiser, orderId, from),
      caveats,
      (page) => rowsOf(caveats, page, (one) => entityRow(one, 'line_item', 'lineItemId', orderId)),
    )
    yield { is: 'progress', share: (index + 1) / orderIds.size }
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
