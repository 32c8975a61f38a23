import { zipSync } from 'fflate'
import type { Clock } from '../clock.ts'
import type { Played } from './exchange.ts'
import { googleApi, paged, refuseRpc } from './google-api.ts'
import type { GoogleOauth } from './google-oauth.ts'
import { type Call, isObject, type Json, parseJson, type Reply } from './protocol.ts'

const SCOPE = 'https://www.googleapis.com/auth/display-video'
const PARTNERS = [{ partnerId: '11', displayName: 'Sandbox partner' }]
const ADVERTISERS = [
  { advertiserId: '77', displayName: 'Acme', currencyCode: 'EUR', timeZone: 'Europe/Berlin' },
  { advertiserId: '78', displayName: 'Acme Japan', currencyCode: 'JPY', timeZone: 'Asia/Tokyo' },
] as const
const LINE_ITEMS = 5
/** A task is made for this long. */
const TASK_MS = 40_000
/** The API allows 200; here pages are small, so that a client has to turn them. */
const LARGEST_PAGE = 2

const status = (index: number) =>
  `ENTITY_STATUS_${['ACTIVE', 'PAUSED', 'DRAFT', 'ACTIVE', 'ARCHIVED'][index % LINE_ITEMS]}`
const changed = (index: number) => `2026-11-${String(10 + index).padStart(2, '0')}T08:00:00Z`

const entitiesOf = (advertiserId: string): Readonly<Record<string, readonly Json[]>> => ({
  campaigns: [1, 2, 3].map((n) => ({
    advertiserId,
    campaignId: `${advertiserId}0${n}`,
    displayName: `Campaign ${n}`,
    entityStatus: status(n - 1),
    updateTime: changed(n),
  })),
  insertionOrders: [
    {
      advertiserId,
      campaignId: `${advertiserId}01`,
      insertionOrderId: `${advertiserId}11`,
      displayName: 'Insertion order 1',
      insertionOrderType: 'RTB',
      entityStatus: status(0),
      updateTime: changed(0),
    },
  ],
  lineItems: Array.from({ length: LINE_ITEMS }, (_, index) => ({
    advertiserId,
    campaignId: `${advertiserId}01`,
    insertionOrderId: `${advertiserId}11`,
    lineItemId: `${advertiserId}2${index}`,
    displayName: `Line item ${index}`,
    lineItemType: 'LINE_ITEM_TYPE_DISPLAY_DEFAULT',
    entityStatus: status(index),
    updateTime: changed(index),
    budget: { budgetAllocationType: 'LINE_ITEM_BUDGET_ALLOCATION_TYPE_FIXED', maxAmount: '25000000' },
    bidStrategy: { fixedBid: { bidAmountMicros: '1500000' } },
  })),
})

/** Display & Video 360: one partner, two advertisers, and structured data files that take their time. */
export function createDisplayVideo(oauth: GoogleOauth, clock: Clock): Played {
  const tasks = new Map<string, { advertiserId: string; readyMs: number }>()

  function route(call: Call): Reply {
    const { method, path, query } = call
    if (method === 'GET' && path === '/v4/partners') return listed('partners', PARTNERS, query)
    if (method === 'GET' && path === '/v4/advertisers') {
      if (query.get('partnerId') !== '11') return refuseRpc('PERMISSION_DENIED')
      const advertisers = ADVERTISERS.map(({ currencyCode, timeZone, ...rest }) => ({
        ...rest,
        generalConfig: { currencyCode, timeZone },
      }))
      return listed('advertisers', advertisers, query)
    }
    const [, advertiserId = '', collection = ''] = /^\/v4\/advertisers\/(\d+)\/(\w+)$/.exec(path) ?? []
    if (method === 'GET' && collection !== '')
      return listed(collection, filtered(advertiserId, collection, query), query)
    if (method === 'POST' && path === '/v4/sdfdownloadtasks') return begun(parseJson(call.body))
    const operation = /^\/v4\/(sdfdownloadtasks\/operations\/\d+)$/.exec(path)?.[1]
    if (method === 'GET' && operation !== undefined) return looked(operation)
    const media = /^\/download\/sdfdownloadtasks\/media\/(\d+)$/.exec(path)?.[1]
    if (method === 'GET' && media !== undefined && query.get('alt') === 'media') return files(media)
    return refuseRpc('NOT_FOUND')
  }

  function begun(asked: unknown): Reply {
    const advertiserId = isObject(asked) ? asked['advertiserId'] : undefined
    if (!ADVERTISERS.some((one) => one.advertiserId === advertiserId)) return refuseRpc('INVALID_ARGUMENT')
    const name = `sdfdownloadtasks/operations/${tasks.size + 1}`
    tasks.set(name, { advertiserId: String(advertiserId), readyMs: clock.elapsedMs() + TASK_MS })
    return { status: 200, body: { name, metadata: { version: 'SDF_VERSION_9' } } }
  }

  function looked(name: string): Reply {
    const task = tasks.get(name)
    if (!task) return refuseRpc('NOT_FOUND')
    if (clock.elapsedMs() < task.readyMs) return { status: 200, body: { name } }
    const id = name.replace(/^.*\//, '')
    const response = { '@type': 'SdfDownloadTask', resourceName: `download/sdfdownloadtasks/media/${id}` }
    return { status: 200, body: { name, done: true, response } }
  }

  function files(id: string): Reply {
    const task = tasks.get(`sdfdownloadtasks/operations/${id}`)
    if (!task || clock.elapsedMs() < task.readyMs) return refuseRpc('NOT_FOUND')
    const { campaigns = [], lineItems = [] } = entitiesOf(task.advertiserId)
    const line = (...cells: unknown[]) =>
      `${cells.map((cell) => JSON.stringify(String(cell ?? ''))).join(',')}\n`
    const campaignFile = [
      line('Campaign Id', 'Name', 'Status', 'Campaign Goal'),
      ...campaigns.map((one) => line(one['campaignId'], one['displayName'], one['entityStatus'], '')),
    ]
    const lineItemFile = [
      line('Line Item Id', 'Io Id', 'Name', 'Status'),
      ...lineItems.map((one) => line(one['lineItemId'], one['insertionOrderId'], one['displayName'], '')),
    ]
    const zipped = zipSync({
      'SDF-Campaigns.csv': Buffer.from(campaignFile.join('')),
      'SDF-LineItems.csv': Buffer.from(lineItemFile.join('')),
    })
    return { status: 200, headers: { 'content-type': 'application/zip' }, body: zipped }
  }

  return googleApi(oauth, () => SCOPE, route)
}

/** The list is absent where it is empty. */
function listed(name: string, all: readonly unknown[], query: URLSearchParams): Reply {
  const size = Number(query.get('pageSize') ?? 100)
  if (!(size >= 1 && size <= 200)) refuseRpc('INVALID_ARGUMENT', 'page_size must be between 1 and 200.')
  query.set('pageSize', String(Math.min(size, LARGEST_PAGE)))
  const { page, next } = paged(all, query, LARGEST_PAGE, LARGEST_PAGE)
  return { status: 200, body: { ...(page.length > 0 && { [name]: page }), ...next } }
}

/** As much of the filter language as has been seen: statuses joined by OR, and changes since a time. */
function filtered(advertiserId: string, collection: string, query: URLSearchParams): readonly Json[] {
  const all = ADVERTISERS.some((one) => one.advertiserId === advertiserId)
    ? entitiesOf(advertiserId)[collection]
    : refuseRpc('PERMISSION_DENIED')
  if (!all) return refuseRpc('NOT_FOUND')
  if (!['displayName', 'updateTime', null].includes(query.get('orderBy')))
    refuseRpc('INVALID_ARGUMENT', 'order_by')
  const filter = query.get('filter') ?? ''
  const statuses = [...filter.matchAll(/entityStatus="(ENTITY_STATUS_\w+)"/g)].map(([, name]) => name)
  const since = /updateTime>="([^"]+)"/.exec(filter)?.[1] ?? ''
  return all.filter(({ entityStatus, updateTime }) => {
    const shown = statuses.length > 0 ? statuses.includes(String(entityStatus)) : entityStatus !== status(4)
    return shown && String(updateTime) >= since
  })
}
