import { zipSync } from 'fflate'
import type { Clock } from '../../time/clock.ts'
import { googleApi, paged, refuseRpc } from '../google/api.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { WritableLedger } from '../ledger.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'
import { ADVERTISERS, createDisplayVideoState } from './state.ts'
import { createDisplayVideoWriter } from './write.ts'

const SCOPE = 'https://www.googleapis.com/auth/display-video'
const PARTNERS = [{ partnerId: '11', displayName: 'Sandbox partner' }]
/** The most entries of a page. The API allows 200; here a client has to turn pages. */
const LARGEST_PAGE = 2

/**
 * Display & Video 360: one partner, its advertisers, and structured data files.
 * @param reportMs how long a file takes to be made, in milliseconds
 */
export function createDisplayVideo(
  oauth: GoogleOauth,
  clock: Clock,
  ledger: WritableLedger,
  reportMs: number,
): Played {
  const state = createDisplayVideoState(clock)
  const writer = createDisplayVideoWriter(state, ledger)
  const tasks = new Map<string, { advertiserId: string; readyMs: number }>()

  function route(call: Call): SandboxReply {
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
      return listed(collection, filtered(state.collection(advertiserId, collection), query), query)
    if (method === 'POST' && collection !== '')
      return { status: 200, body: writer.create(advertiserId, collection, parseJson(call.body)) }
    const [, owner = '', kind = '', id = ''] = /^\/v4\/advertisers\/(\d+)\/(\w+)\/(\d+)$/.exec(path) ?? []
    if (method === 'PATCH' && id !== '') {
      const mask = (query.get('updateMask') ?? '').split(',').filter((one) => one !== '')
      return { status: 200, body: writer.patch(owner, kind, id, mask, parseJson(call.body)) }
    }
    if (method === 'POST' && path === '/v4/sdfdownloadtasks') return begun(parseJson(call.body))
    const operation = /^\/v4\/(sdfdownloadtasks\/operations\/\d+)$/.exec(path)?.[1]
    if (method === 'GET' && operation !== undefined) return stateOf(operation)
    const media = /^\/download\/sdfdownloadtasks\/media\/(\d+)$/.exec(path)?.[1]
    if (method === 'GET' && media !== undefined && query.get('alt') === 'media') return files(media)
    return refuseRpc('NOT_FOUND')
  }

  function begun(asked: unknown): SandboxReply {
    const advertiserId = isObject(asked) ? asked['advertiserId'] : undefined
    if (!ADVERTISERS.some((one) => one.advertiserId === advertiserId)) return refuseRpc('INVALID_ARGUMENT')
    const name = `sdfdownloadtasks/operations/${tasks.size + 1}`
    tasks.set(name, { advertiserId: String(advertiserId), readyMs: clock.elapsedMs() + reportMs })
    return { status: 200, body: { name, metadata: { version: 'SDF_VERSION_9' } } }
  }

  function stateOf(name: string): SandboxReply {
    const task = tasks.get(name)
    if (!task) return refuseRpc('NOT_FOUND')
    if (clock.elapsedMs() < task.readyMs) return { status: 200, body: { name } }
    const id = name.replace(/^.*\//, '')
    const response = { '@type': 'SdfDownloadTask', resourceName: `download/sdfdownloadtasks/media/${id}` }
    return { status: 200, body: { name, done: true, response } }
  }

  function files(id: string): SandboxReply {
    const task = tasks.get(`sdfdownloadtasks/operations/${id}`)
    if (!task || clock.elapsedMs() < task.readyMs) return refuseRpc('NOT_FOUND')
    const campaigns = state.collection(task.advertiserId, 'campaigns')
    const lineItems = state.collection(task.advertiserId, 'lineItems')
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

  function jobFailed({ path }: Call): SandboxReply {
    const error = { code: 13, message: 'Internal error encountered.' }
    return { status: 200, body: { name: path.replace(/^\/v4\//, ''), done: true, error } }
  }

  return { ...googleApi(oauth, () => SCOPE, route), jobFailed }
}

/** A page of a list. An empty list is left out, as in every answer of the API. */
function listed(name: string, all: readonly unknown[], query: URLSearchParams): SandboxReply {
  const size = Number(query.get('pageSize') ?? 100)
  if (!(size >= 1 && size <= 200)) refuseRpc('INVALID_ARGUMENT', 'page_size must be between 1 and 200.')
  query.set('pageSize', String(Math.min(size, LARGEST_PAGE)))
  const { page, next } = paged(all, query, LARGEST_PAGE, LARGEST_PAGE)
  return { status: 200, body: { ...(page.length > 0 && { [name]: page }), ...next } }
}

/** Plays as much of the filter language as our connector uses: a campaign, statuses joined by OR, changes since a time. */
function filtered(all: readonly JsonObject[], query: URLSearchParams): readonly JsonObject[] {
  if (!['displayName', 'updateTime', null].includes(query.get('orderBy')))
    refuseRpc('INVALID_ARGUMENT', 'order_by')
  const filter = query.get('filter') ?? ''
  const statuses = [...filter.matchAll(/entityStatus="(ENTITY_STATUS_\w+)"/g)].map(([, name]) => name)
  const since = /updateTime>="([^"]+)"/.exec(filter)?.[1] ?? ''
  const campaign = /campaignId="([^"]+)"/.exec(filter)?.[1]
  return all.filter(({ entityStatus, updateTime, campaignId }) => {
    const shown =
      statuses.length > 0
        ? statuses.includes(String(entityStatus))
        : entityStatus !== 'ENTITY_STATUS_ARCHIVED'
    return shown && String(updateTime) >= since && (campaign === undefined || campaignId === campaign)
  })
}
