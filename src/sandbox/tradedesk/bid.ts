import { z } from 'zod'
import { isCurrency, micros } from '../../money.ts'
import type { SandboxAccount } from '../ledger.ts'
import { type Handler, parseJson } from '../protocol.ts'

/** One bid of OpenRTB 2.5, section 4.2.3. `price` is per thousand impressions. */
const Bid = z.strictObject({
  id: z.string().min(1),
  impid: z.string().min(1),
  price: z.number().positive().max(1_000_000_000),
  adid: z.string().optional(),
  nurl: z.url().optional(),
  burl: z.url().optional(),
  lurl: z.url().optional(),
  adm: z.string().optional(),
  adomain: z.array(z.string()).optional(),
  bundle: z.string().optional(),
  iurl: z.string().optional(),
  cid: z.string().min(1),
  crid: z.string().optional(),
  tactic: z.string().optional(),
  cat: z.array(z.string()).optional(),
  attr: z.array(z.int()).optional(),
  api: z.int().optional(),
  protocol: z.int().optional(),
  qagmediarating: z.int().optional(),
  language: z.string().optional(),
  dealid: z.string().optional(),
  w: z.int().positive().optional(),
  h: z.int().positive().optional(),
  wratio: z.int().optional(),
  hratio: z.int().optional(),
  exp: z.int().optional(),
  ext: z.record(z.string(), z.unknown()).optional(),
})

const Seat = z.strictObject({
  bid: z.array(Bid).min(1),
  seat: z.string().optional(),
  group: z.union([z.literal(0), z.literal(1)]).optional(),
  ext: z.record(z.string(), z.unknown()).optional(),
})

/** A bid response of OpenRTB 2.5, section 4.2.1, with at least one bid. */
const BidResponse = z.strictObject({
  id: z.string().min(1),
  seatbid: z.array(Seat).min(1),
  bidid: z.string().optional(),
  cur: z.string().refine(isCurrency, 'is not an ISO 4217 currency').default('USD'),
  customdata: z.string().optional(),
  ext: z.record(z.string(), z.unknown()).optional(),
})

/** Takes bid responses. One with an `id` that came before gets the same answer and places no bid. */
export function createBidEndpoint({ currency, ledger }: SandboxAccount): Handler {
  const seen = new Set<string>()
  const bad = (reasons: readonly string[]) => ({ status: 400, body: { error: 'bad_request', reasons } })

  return ({ method, headers, body }) => {
    if (method !== 'POST') return { status: 405, body: { error: 'method_not_allowed' } }
    if (!/^application\/json\b/.test(headers.get('content-type') ?? '')) {
      return { status: 415, body: { error: 'unsupported_media_type' } }
    }
    if (headers.get('x-openrtb-version') !== '2.5') return bad(['x-openrtb-version must be 2.5'])
    const read = BidResponse.safeParse(parseJson(body))
    if (!read.success) {
      return bad(read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
    }
    const { id, seatbid, cur } = read.data
    if (cur !== currency) return bad([`cur: must be ${currency}`])
    const bid = seatbid[0]?.bid[0]
    if (bid !== undefined && !seen.has(id)) {
      seen.add(id)
      const amount = micros(Math.round(bid.price * 1000))
      ledger.apply({
        platform: 'tradedesk',
        kind: 'bid',
        campaignId: bid.cid,
        decisionId: bid.id,
        amount,
        currency,
      })
    }
    return { status: 200, body: { id, accepted: true } }
  }
}
