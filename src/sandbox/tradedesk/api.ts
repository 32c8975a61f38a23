import { micros } from '../../money.ts'
import type { Clock } from '../../time/clock.ts'
import type { Account } from '../ledger.ts'
import type { Played } from '../protocol.ts'
import { type Call, type Handler, isObject, type Json, parseJson, type Reply } from '../protocol.ts'
import { NewCampaign, readChange } from './entities.ts'
import { isTradeDeskErrorName, refuse, tradeDeskError } from './errors.ts'
import { createTradeDeskReports } from './reports.ts'
import { ADVERTISER_ID, createTradeDeskState, type Kind } from './state.ts'

export interface TradeDeskCredentials {
  readonly apiKey: string
  readonly partnerId: string
}

/** A second partner, with nothing but an advertiser that was given up. */
const OLD_PARTNER_ID = 'partner-old'

/** Platform API v3 for one advertiser. `isRevoked` says whether the token is dead. */
export function createTradeDesk(
  account: Account,
  { apiKey, partnerId }: TradeDeskCredentials,
  isRevoked: () => boolean,
  clock: Clock,
  reportMs: number,
): Played & { readonly store: Handler } {
  const { currency, ledger } = account
  const state = createTradeDeskState(account)
  const reports = createTradeDeskReports(state, clock, reportMs)
  const newCampaign = NewCampaign(currency)

  const isStrict = ({ headers }: Call) => headers.get('ttd-strict-mode')?.toLowerCase() === 'true'

  function put(kind: Kind, call: Call, apply: boolean): Reply {
    const change: Json = { ...readChange<object>(kind.change, jsonBody(call), isStrict(call)) }
    const id = String(change[kind.idKey])
    const old = state.find(kind, id)
    if (old['Availability'] === 'Archived') {
      refuse('bad_request', [[kind.idKey, 'An archived entity cannot be changed.']])
    }
    if (!apply) return { status: 200, body: old }
    const entity = { ...old, ...change }
    state.put(kind, id, entity)
    if (kind.idKey === 'CampaignId') record(id, change)
    return { status: 200, body: entity }
  }

  /** The same name again is another campaign: nothing here is done only once. */
  function create(call: Call): Reply {
    const wanted: Json = { ...readChange<object>(newCampaign, jsonBody(call), isStrict(call)) }
    const { campaign } = state.kinds
    const id = `ttd-new${state.list(campaign).length}`
    const entity = { Availability: 'Available', PacingMode: 'PaceAhead', ...wanted, CampaignId: id }
    state.put(campaign, id, entity)
    record(id, { Availability: entity.Availability, ...wanted })
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
    const [version, name = '', ...rest] = call.path.split('/').slice(1)
    if (version !== 'v3') refuse('not_found')
    const kind = name === 'campaign' || name === 'adgroup' ? state.kinds[name] : undefined
    const [id] = rest
    if (kind && call.method === 'GET' && id !== undefined && rest.length === 1)
      return { status: 200, body: state.find(kind, id) }
    if (kind && call.method === 'PUT' && rest.length === 0) return put(kind, call, apply)
    if (name === 'campaign' && call.method === 'POST' && rest.length === 0) return create(call)
    if (name === 'partner' && call.method === 'GET' && id !== undefined && rest.length === 1) {
      if (id !== partnerId) refuse('forbidden')
      return {
        status: 200,
        body: { PartnerId: partnerId, PartnerName: 'Sandbox partner', CurrencyCode: currency },
      }
    }
    if (call.method === 'POST' && rest.includes('query') && name !== 'myreports')
      return queried([name, ...rest].join('/'), call)
    return reports.route([name, ...rest].join('/'), call) ?? refuse('not_found')
  }

  function queried(path: string, call: Call): Reply {
    const body = jsonBody(call)
    const asked = isObject(body) ? body : {}
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
        return delta(state.kinds.campaign, asked)
      case 'delta/adgroup/query/advertiser':
        return delta(state.kinds.adgroup, asked)
      default:
        return refuse('not_found')
    }
  }

  function advertisersOf(partner: unknown): Json[] {
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

  /** Without the entities only the ids of what has changed. */
  function delta(kind: Kind, asked: Json): Reply {
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

  return {
    handle: (call) => route(call, true),
    ignore: (call) => route(call, false),
    errorNamed: (name) => tradeDeskError(isTradeDeskErrorName(name) ? name : 'server_error'),
    jobFailed: reports.jobFailed,
    store: reports.store,
  }
}

const MAX_PAGE = 100

function page({ PageStartIndex: start, PageSize: size }: Json, all: readonly Json[]): Reply {
  const isPaged = typeof start === 'number' && typeof size === 'number' && size <= MAX_PAGE
  if (!isPaged) return refuse('bad_request', [['PageStartIndex', 'Paging is required.']])
  const Result = all.slice(start, start + size)
  const counts = { TotalFilteredCount: all.length, TotalUnfilteredCount: all.length }
  return { status: 200, body: { Result, ResultCount: Result.length, ...counts } }
}

function jsonBody({ headers, body }: Call): unknown {
  if (!/^application\/json\b/.test(headers.get('content-type') ?? '')) {
    refuse('bad_request', [['Content-Type', 'must be application/json']])
  }
  const value = parseJson(body)
  return isObject(value) ? value : refuse('bad_request', [['', 'The body must be a JSON object.']])
}
