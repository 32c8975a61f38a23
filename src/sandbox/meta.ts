import { type Micros, micros } from '../money.ts'
import type { SandboxLedger } from './ledger.ts'
import { metaError, metaUsage } from './meta-errors.ts'
import type { SandboxTokens } from './server.ts'
import { type FakePlatform, json, parseJson, type WireAnswer, type WireRequest } from './wire.ts'

export interface MetaOptions {
  readonly ledger: SandboxLedger
  readonly tokens: SandboxTokens
  readonly currency: string
  readonly accessToken: string
  readonly businessId: string
}

type Fields = Record<string, unknown>

interface Campaign {
  readonly fields: Fields & { id: string }
  readonly adSets: (Fields & { id: string })[]
}

/** Currencies that Meta counts in whole units. */
const WHOLE = /^(CLP|COP|CRC|HUF|ISK|IDR|JPY|KRW|PYG|TWD|VND)$/
const STRATEGIES = [
  'COST_CAP',
  'LOWEST_COST_WITHOUT_CAP',
  'LOWEST_COST_WITH_BID_CAP',
  'LOWEST_COST_WITH_MIN_ROAS',
]
const CAPPED = ['COST_CAP', 'LOWEST_COST_WITH_BID_CAP']
const STATUSES = ['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED']
const BID_FIELDS = ['bid_amount', 'adset_bid_amounts', 'bid_constraints']
const WRITABLE = [...BID_FIELDS, 'status', 'daily_budget', 'bid_strategy', 'optimization_goal']

/** Meta's Marketing API: campaigns with their ad sets, read and changed by id. */
export function createMeta({ ledger, tokens, currency, accessToken, businessId }: MetaOptions): FakePlatform {
  const campaigns = new Map<string, Campaign>()
  const microsPerMinor = WHOLE.test(currency) ? 1_000_000 : 10_000

  /** A campaign springs into being when it is first named; ids that begin with `missing` never do. */
  function campaignOf(id: string): Campaign | undefined {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id) || id.startsWith('missing')) return undefined
    const known = campaigns.get(id)
    if (known) return known
    const ownBudget = id.includes('cbo')
    const count = id.includes('empty') ? 0 : id.includes('many') ? 60 : ownBudget ? 2 : 1
    const adSets = Array.from({ length: count }, (_, i) => ({
      id: `${id}.as${i + 1}`,
      status: 'ACTIVE',
      effective_status: 'ACTIVE',
      bid_strategy: 'LOWEST_COST_WITHOUT_CAP',
      optimization_goal: 'OFFSITE_CONVERSIONS',
    }))
    const fields = {
      id,
      name: id,
      status: 'ACTIVE',
      effective_status: 'ACTIVE',
      ...(ownBudget && { daily_budget: '10000', bid_strategy: 'LOWEST_COST_WITHOUT_CAP' }),
    }
    const campaign = { fields, adSets }
    campaigns.set(id, campaign)
    return campaign
  }

  function entityOf(id: string): { campaign: Campaign; fields: Fields; isAdSet: boolean } | undefined {
    const [campaignId = '', adSet] = id.split('.')
    const campaign = campaignOf(campaignId)
    if (!campaign) return undefined
    if (adSet === undefined) return { campaign, fields: campaign.fields, isAdSet: false }
    const fields = campaign.adSets.find((one) => one.id === id)
    return fields && { campaign, fields, isAdSet: true }
  }

  function handle(request: WireRequest, applies: boolean): WireAnswer {
    const [, id = '', edge] = /^\/v\d+\.\d+\/([\w.-]+)(?:\/(\w+))?$/.exec(request.path) ?? []
    const parameters = parametersOf(request)
    const refusal = authenticate(request, parameters)
    if (refusal) return refusal
    if (id === businessId) return json(200, { id, name: 'Sandbox business' })
    const entity = entityOf(id)
    if (!entity) return failed('code_100_33', `Unsupported request. Object with ID '${id}' does not exist`)
    if (request.method === 'GET')
      return edge === 'adsets'
        ? adSetsPage(request, entity.campaign)
        : json(200, pick(entity.fields, parameters['fields']))
    if (request.method === 'POST' && edge === undefined) return change(entity, parameters, applies)
    return failed('code_100', 'Unsupported request')
  }

  function authenticate({ headers }: WireRequest, parameters: Fields): WireAnswer | undefined {
    const token = headers['authorization']?.replace(/^Bearer /, '') ?? parameters['access_token']
    if (token !== accessToken || tokens.meta === 'revoked') return metaError('code_190_467')
    return tokens.meta === 'expired' ? metaError('code_190_463') : undefined
  }

  function adSetsPage(request: WireRequest, { adSets, fields }: Campaign): WireAnswer {
    const limit = Number(request.query.get('limit') ?? 25)
    const from = Number(request.query.get('after') ?? 0)
    const page = adSets.slice(from, from + limit)
    const after = String(from + page.length)
    const more = from + page.length < adSets.length
    return json(200, {
      data: page.map((one) => pick(one, request.query.get('fields'))),
      paging: {
        cursors: { before: String(from), after },
        ...(more && { next: `https://graph.facebook.com/next/${fields.id}?after=${after}` }),
      },
    })
  }

  function change(
    entity: NonNullable<ReturnType<typeof entityOf>>,
    parameters: Fields,
    applies: boolean,
  ): WireAnswer {
    const { execution_options: options, appsecret_proof: _, access_token: __, ...wanted } = parameters
    const problem = problemWith(entity, wanted)
    if (problem !== undefined) return failed('code_100', problem)
    const validates = Array.isArray(options) && options.includes('validate_only')
    if (!validates && applies) apply(entity, wanted)
    return json(200, { success: true })
  }

  function problemWith(
    { campaign, fields, isAdSet }: NonNullable<ReturnType<typeof entityOf>>,
    wanted: Fields,
  ): string | undefined {
    const unknown = Object.keys(wanted).find((name) => !WRITABLE.includes(name))
    if (unknown !== undefined) return `Unknown field ${unknown}`
    for (const name of ['daily_budget', 'bid_amount']) {
      if (wanted[name] !== undefined && !/^[1-9]\d{0,15}$/.test(String(wanted[name])))
        return `${name} must be a positive integer`
    }
    if (wanted['status'] !== undefined && !STATUSES.includes(String(wanted['status'])))
      return 'status is not valid'
    const strategy = wanted['bid_strategy']
    if (strategy === undefined) return undefined
    if (!STRATEGIES.includes(String(strategy))) return 'bid_strategy is not valid'
    if (isAdSet && 'daily_budget' in campaign.fields)
      return 'The bid strategy of a campaign with its own budget is set on the campaign'
    const amount = wanted['bid_amount'] ?? wanted['adset_bid_amounts']
    if (CAPPED.includes(String(strategy)) && amount === undefined)
      return 'bid_amount is required for this bid strategy'
    if (strategy === 'LOWEST_COST_WITHOUT_CAP' && amount !== undefined)
      return 'bid_amount is not allowed for this bid strategy'
    const goal = wanted['optimization_goal'] ?? fields['optimization_goal']
    if (strategy === 'LOWEST_COST_WITH_MIN_ROAS') return minRoasProblem(wanted, isAdSet ? goal : 'VALUE')
    if (goal === 'VALUE' && campaign.fields.id.includes('noval'))
      return 'VALUE optimization is not available with this bid strategy'
    return undefined
  }

  function apply(
    { campaign, fields, isAdSet }: NonNullable<ReturnType<typeof entityOf>>,
    wanted: Fields,
  ): void {
    const { adset_bid_amounts: caps, ...direct } = wanted
    Object.assign(fields, direct)
    if (typeof direct['status'] === 'string') fields['effective_status'] = direct['status']
    if (caps && typeof caps === 'object') {
      for (const [id, cap] of Object.entries(caps)) {
        const adSet = campaign.adSets.find((one) => one.id === id)
        if (adSet) adSet['bid_amount'] = cap
      }
    }
    const campaignId = campaign.fields.id
    const note = (kind: 'bid' | 'budget' | 'status', minor: number) =>
      ledger.apply({
        platform: 'meta',
        kind,
        campaignId,
        decisionId: undefined,
        amount: toMicros(minor),
        currency,
      })
    if (BID_FIELDS.some((name) => name in wanted)) note('bid', largestBid(wanted))
    if ('daily_budget' in wanted) note('budget', Number(wanted['daily_budget']))
    if ('status' in wanted && !isAdSet) note('status', 0)
  }

  const toMicros = (minor: number): Micros => micros(minor * microsPerMinor)

  return {
    handle,
    error: metaError,
    usage: (percent) => metaUsage(percent),
    state: () => [...campaigns.values()],
  }
}

const failed = (name: string, text: string): WireAnswer => {
  const error = metaError(name)
  return error
    ? { ...error, body: error.body.replace(/"message":"[^"]*"/, `"message":${JSON.stringify(text)}`) }
    : json(500, {})
}

function minRoasProblem(wanted: Fields, goal: unknown): string | undefined {
  const floor: unknown = Reflect.get(Object(wanted['bid_constraints']), 'roas_average_floor')
  if (typeof floor !== 'number' || floor < 100) return 'roas_average_floor is required for this bid strategy'
  return goal === 'VALUE' ? undefined : 'This bid strategy needs VALUE optimization'
}

function largestBid(wanted: Fields): number {
  const caps = Object.values(Object(wanted['adset_bid_amounts'])).map(Number)
  return Math.max(0, Number(wanted['bid_amount'] ?? 0), ...caps)
}

/** Form fields with JSON inside, or a JSON body; for GET the query. */
function parametersOf({ query, body, headers, method }: WireRequest): Fields {
  if (headers['content-type']?.startsWith('application/json')) return { ...Object(parseJson(body)) }
  const pairs = method === 'GET' ? query : new URLSearchParams(body)
  return Object.fromEntries(
    [...pairs].map(([name, value]) => [name, /^[[{]/.test(value) ? parseJson(value) : value]),
  )
}

/** The fields that were asked for; amounts are text on reading. */
function pick(fields: Fields, asked: unknown): Fields {
  const names = new Set(['id', ...String(asked ?? '').split(',')])
  const found = Object.entries(fields).filter(([name]) => names.has(name))
  return Object.fromEntries(
    found.map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  )
}
