import { micros } from '../money.ts'
import type { Played } from './exchange.ts'
import type { Account } from './ledger.ts'
import { type Call, isObject, type Json, parseJson, type Reply } from './protocol.ts'
import { AdGroupChange, CampaignChange, readChange } from './tradedesk-entities.ts'
import { isTradeDeskErrorName, refuse, tradeDeskError } from './tradedesk-errors.ts'

export interface TradeDeskCredentials {
  readonly apiKey: string
  readonly partnerId: string
}

const ADVERTISER_ID = 'adv-sandbox'
const ID = /^[A-Za-z0-9_-]{1,64}$/
const NEW_DAILY_BUDGET = 100

interface Kind {
  readonly idKey: 'CampaignId' | 'AdGroupId'
  readonly entities: Map<string, Json>
  readonly change: ReturnType<typeof CampaignChange> | ReturnType<typeof AdGroupChange>
  fresh(id: string): Json
}

/** Platform API v3 for one partner with one advertiser. `isRevoked` says whether the token is dead. */
export function createTradeDesk(
  { currency, ledger }: Account,
  { apiKey, partnerId }: TradeDeskCredentials,
  isRevoked: () => boolean,
): Played {
  const money = (Amount: number) => ({ Amount, CurrencyCode: currency })
  const kinds: Readonly<Record<string, Kind>> = {
    campaign: {
      idKey: 'CampaignId',
      entities: new Map(),
      change: CampaignChange(currency),
      fresh: (id) => ({
        CampaignId: id,
        AdvertiserId: ADVERTISER_ID,
        CampaignName: `Campaign ${id}`,
        Availability: 'Available',
        DailyBudget: money(NEW_DAILY_BUDGET),
      }),
    },
    adgroup: {
      idKey: 'AdGroupId',
      entities: new Map(),
      change: AdGroupChange(currency),
      fresh: (id) => ({
        AdGroupId: id,
        CampaignId: id,
        AdGroupName: `Ad group ${id}`,
        Availability: 'Available',
        IsEnabled: true,
        RTBAttributes: { BaseBidCPM: money(1), MaxBidCPM: money(2) },
      }),
    },
  }

  function entityOf(kind: Kind, id: string): Json {
    if (!ID.test(id) || id.startsWith('missing')) refuse('not_found')
    const entity = kind.entities.get(id) ?? kind.fresh(id)
    kind.entities.set(id, entity)
    return entity
  }

  function put(kind: Kind, call: Call, apply: boolean): Reply {
    const strict = call.headers.get('ttd-strict-mode')?.toLowerCase() === 'true'
    const change: Json = { ...readChange<object>(kind.change, jsonBody(call), strict) }
    const id = String(change[kind.idKey])
    const old = entityOf(kind, id)
    if (old['Availability'] === 'Archived') {
      refuse('bad_request', [[kind.idKey, 'An archived entity cannot be changed.']])
    }
    if (!apply) return { status: 200, body: old }
    const entity = { ...old, ...change }
    kind.entities.set(id, entity)
    if (kind.idKey === 'CampaignId') record(id, change)
    return { status: 200, body: entity }
  }

  function record(campaignId: string, change: Json) {
    const write = { platform: 'tradedesk', campaignId, currency } as const
    for (const budget of [change['Budget'], change['DailyBudget']]) {
      if (isObject(budget)) {
        ledger.apply({ ...write, kind: 'budget', amount: micros(Math.round(Number(budget['Amount']) * 1e6)) })
      }
    }
    const status = change['Availability']
    if (typeof status === 'string') ledger.apply({ ...write, kind: 'status', amount: micros(0), status })
  }

  function route(call: Call, apply: boolean): Reply {
    const key = call.headers.get('ttd-auth')
    if (key !== apiKey || isRevoked()) refuse('unauthorized')
    const [version, name = '', id, more, ...rest] = call.path.split('/').slice(1)
    if (version !== 'v3' || rest.length > 0) refuse('not_found')
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind && call.method === 'GET' && id !== undefined && more === undefined) {
      return { status: 200, body: entityOf(kind, id) }
    }
    if (kind && call.method === 'PUT' && id === undefined) return put(kind, call, apply)
    if (name === 'partner' && call.method === 'GET' && id !== undefined && more === undefined) {
      if (id !== partnerId) refuse('forbidden')
      return {
        status: 200,
        body: { PartnerId: partnerId, PartnerName: 'Sandbox partner', CurrencyCode: currency },
      }
    }
    if (name === 'advertiser' && call.method === 'POST' && id === 'query' && more === 'partner')
      return advertisers(call)
    return refuse('not_found')
  }

  function advertisers(call: Call): Reply {
    const body = jsonBody(call)
    const { PartnerId, PageStartIndex, PageSize } = isObject(body) ? body : {}
    const paging = Number.isInteger(PageStartIndex) && Number.isInteger(PageSize)
    if (!paging) refuse('bad_request', [['PageStartIndex', 'Paging is required.']])
    if (PartnerId !== partnerId) refuse('forbidden')
    const advertiser = {
      AdvertiserId: ADVERTISER_ID,
      AdvertiserName: 'Sandbox advertiser',
      CurrencyCode: currency,
    }
    const all = [{ ...advertiser, PartnerId: partnerId, Availability: 'Available' }]
    const Result = all.slice(Number(PageStartIndex), Number(PageStartIndex) + Number(PageSize))
    return {
      status: 200,
      body: { Result, ResultCount: Result.length, TotalFilteredCount: 1, TotalUnfilteredCount: 1 },
    }
  }

  return {
    handle: (call) => route(call, true),
    ignore: (call) => route(call, false),
    errorNamed: (name) => tradeDeskError(isTradeDeskErrorName(name) ? name : 'server_error'),
  }
}

function jsonBody({ headers, body }: Call): unknown {
  if (!/^application\/json\b/.test(headers.get('content-type') ?? '')) {
    refuse('bad_request', [['Content-Type', 'must be application/json']])
  }
  const value = parseJson(body)
  return isObject(value) ? value : refuse('bad_request', [['', 'The body must be a JSON object.']])
}
