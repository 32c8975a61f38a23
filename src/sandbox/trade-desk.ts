import { z } from 'zod'
import { micros, parseMoney } from '../money.ts'
import type { SandboxLedger } from './ledger.ts'
import type { SandboxTokens } from './server.ts'
import { type FakePlatform, json, parseJson, type WireAnswer, type WireRequest } from './wire.ts'

export interface TradeDeskOptions {
  readonly ledger: SandboxLedger
  readonly tokens: SandboxTokens
  readonly currency: string
  readonly apiKey: string
  readonly partnerId: string
}

const Money = z.strictObject({ Amount: z.number().positive(), CurrencyCode: z.string() })
const CampaignChange = z.object({
  CampaignId: z.string(),
  DailyBudget: Money.optional(),
  Budget: Money.optional(),
  Availability: z.enum(['Available', 'Paused', 'Archived']).optional(),
})
type Campaign = z.output<typeof CampaignChange>

const notice = z.url()
const Bid = z.object({
  id: z.string(),
  impid: z.string(),
  price: z.number().positive(),
  adid: z.string().optional(),
  cid: z.string(),
  crid: z.string(),
  adomain: z.array(z.string()).min(1),
  nurl: notice,
  burl: notice,
  lurl: notice,
})
const BidResponse = z.object({
  id: z.string(),
  cur: z.string(),
  seatbid: z.array(z.object({ seat: z.string(), bid: z.array(Bid).min(1) })).min(1),
})

const ERRORS: Readonly<Record<string, [status: number, headers: Record<string, string>]>> = {
  bad_request: [400, {}],
  unauthorized: [401, {}],
  forbidden: [403, {}],
  not_found: [404, {}],
  conflict: [409, {}],
  gone: [410, {}],
  too_large: [413, {}],
  throttled: [429, { 'retry-after': '60' }],
  server_error: [500, {}],
  unavailable: [503, { 'retry-after': '30' }],
}

/** The Trade Desk's Platform API, and beside it a bidder endpoint that takes OpenRTB bid responses. */
export function createTradeDesk({
  ledger,
  tokens,
  currency,
  apiKey,
  partnerId,
}: TradeDeskOptions): FakePlatform {
  const campaigns = new Map<string, Campaign>()
  const bids = new Set<string>()

  /** A campaign springs into being when it is first named; ids that begin with `missing` never do. */
  function campaignOf(id: string): Campaign | undefined {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id) || id.startsWith('missing')) return undefined
    const known = campaigns.get(id)
    if (known) return known
    const campaign: Campaign = {
      CampaignId: id,
      DailyBudget: { Amount: 100, CurrencyCode: currency },
      Availability: 'Available',
    }
    campaigns.set(id, campaign)
    return campaign
  }

  function handle(request: WireRequest, applies: boolean): WireAnswer {
    if (request.headers['ttd-auth'] !== apiKey || tokens.tradedesk === 'revoked')
      return failed('unauthorized')
    const { method, path } = request
    if (method === 'POST' && path === '/bid') return takeBid(parseJson(request.body), applies)
    if (method === 'GET' && path === `/v3/partner/${partnerId}`)
      return json(200, { PartnerId: partnerId, PartnerName: 'Sandbox partner' })
    const [, id] = /^\/v3\/campaign\/([\w-]+)$/.exec(path) ?? []
    if (method === 'GET' && id !== undefined) {
      const campaign = campaignOf(id)
      return campaign ? json(200, campaign) : failed('not_found')
    }
    if (method === 'PUT' && path === '/v3/campaign') return changeCampaign(request, applies)
    return failed('not_found')
  }

  function changeCampaign({ body, headers }: WireRequest, applies: boolean): WireAnswer {
    // In strict mode what is not known is an error; otherwise it is dropped without a word.
    const schema = headers['ttd-strict-mode'] === 'true' ? CampaignChange.strict() : CampaignChange
    const change = schema.safeParse(parseJson(body))
    if (!change.success) {
      const [issue] = change.error.issues
      const property = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0]
      return json(400, {
        Message: 'The request is not valid.',
        ErrorDetails: [{ Property: String(property), Reasons: [issue?.message] }],
      })
    }
    const campaign = campaignOf(change.data.CampaignId)
    if (!campaign) return failed('not_found')
    if (applies) apply(campaign, change.data)
    return json(200, campaign)
  }

  function apply(campaign: Campaign, change: Campaign): void {
    Object.assign(campaign, change)
    const write = { platform: 'tradedesk', campaignId: campaign.CampaignId, decisionId: undefined, currency }
    if (change.DailyBudget)
      ledger.apply({ ...write, kind: 'budget', amount: parseMoney(change.DailyBudget.Amount) })
    if (change.Availability) ledger.apply({ ...write, kind: 'status', amount: micros(0) })
  }

  function takeBid(body: unknown, applies: boolean): WireAnswer {
    const response = BidResponse.safeParse(body)
    if (!response.success) return failed('bad_request')
    const { id, cur, seatbid } = response.data
    const repeated = bids.has(id)
    if (!repeated && applies) {
      bids.add(id)
      for (const bid of seatbid.flatMap((seat) => seat.bid)) {
        // A price is per thousand impressions, and a bid is for one.
        const amount = micros(Math.round(bid.price * 1000))
        ledger.apply({
          platform: 'tradedesk',
          kind: 'bid',
          campaignId: bid.cid,
          decisionId: bid.id,
          amount,
          currency: cur,
        })
      }
    }
    return json(200, { id, accepted: true })
  }

  return {
    handle,
    error: (name) => (name in ERRORS ? failed(name) : undefined),
    usage: () => ({}),
    state: () => ({ campaigns: [...campaigns.values()], bids: bids.size }),
  }
}

function failed(name: string): WireAnswer {
  const [status, headers] = ERRORS[name] ?? [500, {}]
  return json(status, { Message: name.replaceAll('_', ' ') }, headers)
}
