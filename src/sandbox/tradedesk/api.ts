import { micros } from '../../money.ts'
import type { Clock } from '../../time/clock.ts'
import type { SandboxAccount } from '../ledger.ts'
import type { Call, Handler, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'
import { NewCampaign, readChange } from './entities.ts'
import { isTradeDeskErrorName, refuse, tradeDeskError } from './errors.ts'
import { createQueries } from './queries.ts'
import { createTradeDeskReports } from './reports.ts'
import { createTradeDeskState, type EntityKind } from './state.ts'

export interface TradeDeskCredentials {
  readonly apiKey: string
  readonly partnerId: string
}

/**
 * The Trade Desk's Platform API v3 for one advertiser.
 * @param isRevoked whether the API key is answered as revoked
 * @param reportMs how long a report takes to be made, in milliseconds
 */
export function createTradeDesk(
  account: SandboxAccount,
  { apiKey, partnerId }: TradeDeskCredentials,
  isRevoked: () => boolean,
  clock: Clock,
  reportMs: number,
): Played & { readonly store: Handler } {
  const { currency, ledger } = account
  const state = createTradeDeskState(account)
  const reports = createTradeDeskReports(state, clock, reportMs)
  const queries = createQueries(state, partnerId, currency)

  const isStrict = ({ headers }: Call) => headers.get('ttd-strict-mode')?.toLowerCase() === 'true'

  function put(kind: EntityKind, call: Call, apply: boolean): SandboxReply {
    const change: JsonObject = { ...readChange<object>(kind.change(), jsonBody(call), isStrict(call)) }
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

  /** The Trade Desk recognises no repetition: the same name again creates another campaign. */
  function create(call: Call): SandboxReply {
    const wanted: JsonObject = {
      ...readChange<object>(NewCampaign(currency), jsonBody(call), isStrict(call)),
    }
    const { campaign } = state.kinds
    const id = `ttd-new${state.list(campaign).length}`
    const entity = { Availability: 'Available', PacingMode: 'PaceAhead', ...wanted, CampaignId: id }
    state.put(campaign, id, entity)
    record(id, { Availability: entity.Availability, ...wanted })
    return { status: 200, body: entity }
  }

  function record(campaignId: string, change: JsonObject) {
    const write = { platform: 'tradedesk', campaignId, currency } as const
    for (const budget of [change['Budget'], change['DailyBudget']]) {
      if (isObject(budget)) {
        ledger.apply({ ...write, kind: 'budget', amount: micros(Math.round(Number(budget['Amount']) * 1e6)) })
      }
    }
    const status = change['Availability']
    if (typeof status === 'string') ledger.apply({ ...write, kind: 'status', amount: micros(0), status })
  }

  function route(call: Call, apply: boolean): SandboxReply {
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
      return queries([name, ...rest].join('/'), jsonBody(call))
    return reports.route([name, ...rest].join('/'), call) ?? refuse('not_found')
  }

  return {
    handle: (call) => route(call, true),
    ignore: (call) => route(call, false),
    errorNamed: (name) => tradeDeskError(isTradeDeskErrorName(name) ? name : 'server_error'),
    jobFailed: reports.jobFailed,
    store: reports.store,
  }
}

function jsonBody({ headers, body }: Call): JsonObject {
  if (!/^application\/json\b/.test(headers.get('content-type') ?? '')) {
    refuse('bad_request', [['Content-Type', 'must be application/json']])
  }
  const value = parseJson(body)
  return isObject(value) ? value : refuse('bad_request', [['', 'The body must be a JSON object.']])
}
