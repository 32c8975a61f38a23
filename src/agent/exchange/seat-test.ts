import { z } from '@hono/zod-openapi'
import { type Caller, ok, type Route, readBody, WRONG_BODY } from '../../api/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { toUnits } from '../../money.ts'
import { maySee, nameFor, type Org, shownName } from '../organisations.ts'
import type { Bidder, SeatConfig } from './bidder.ts'
import {
  type AuctionDecision,
  costOf,
  decide,
  type ImpLook,
  isRefusal,
  NO_BID_REASONS,
  type OpenRtbRequest,
  type PlacedBid,
  readBidRequest,
  SHADE_REASONS,
} from './openrtb/index.ts'

/** The most impressions of a test: as many as may get a bid. */
const MAX_IMPS = 100
/** Rate-limit cost of a test, in calls: all campaigns are examined, also those that another bid has beaten. */
const TEST_COST = 20

const Input = z
  .looseObject({
    id: z.string(),
    imp: z
      .array(z.looseObject({ id: z.string() }))
      .min(1)
      .max(MAX_IMPS),
  })
  .openapi('TestRequest', { description: 'A bid request of OpenRTB 2.5 or 2.6.' })

const Reason = z.enum(NO_BID_REASONS)
const TestBid = z.object({
  campaign: z.string(),
  creative: z.string(),
  dealId: z.string().optional(),
  price: z.number().openapi({ description: 'For a thousand impressions, in `currency`.' }),
  source: z.enum(['ai', 'fallback']),
  predictedLtv: z.number().optional(),
  shade: z
    .object({
      by: z.number().openapi({ description: 'The share of its worth that is bid.' }),
      why: z.enum(SHADE_REASONS),
      worth: z.number().openapi({ description: 'The price without shading.' }),
    })
    .optional()
    .openapi({
      description:
        'Of a first-price auction, but for deals and roadblocks. `off`: the campaign wants none. `learning`: too few auctions are known, so that the whole worth is bid. A test tries no other price.',
    }),
  wouldHold: z.number().openapi({ description: "What the bid would hold, in the budgets' currency." }),
  lack: z
    .object({ is: z.enum(['over_budget', 'budget_unknown', 'stopped']), budget: z.string().optional() })
    .optional()
    .openapi({ description: 'Why the money cannot be held now, so that there would be no bid after all.' }),
})
const Look = z.object({
  campaign: z.string(),
  is: z.enum(['bids', 'beaten', 'refused']),
  reason: Reason.optional(),
})
const TestImp = z.object({
  impId: z.string(),
  bids: z.array(TestBid),
  isTaken: z.boolean().openapi({ description: 'A campaign that you may not see would bid.' }),
  reason: Reason.optional().openapi({ description: 'Why there is no bid at all.' }),
  field: z.string().optional().openapi({ description: 'The field that is wrong.' }),
  campaigns: z.array(Look).openapi({
    description: 'Those that have an ad of the size or type of the slot: at most 100.',
  }),
})
const SeatTest = z
  .object({
    seat: z.string(),
    currency: z.string().openapi({ description: 'Of the prices.' }),
    heldCurrency: z.string().openapi({ description: 'Of the budgets.' }),
    imps: z.array(TestImp),
  })
  .openapi('SeatTest')

/** Decides a bid request without holding or sending anything, and explains for each campaign why it bids or not. */
export function seatTestRoute(bidder: Bidder): Route {
  return {
    method: 'post',
    path: '/v1/seats/{seat}/test',
    summary:
      'What the seat would answer to a bid request, and why each campaign bids or not; nothing is held',
    scope: 'bid',
    params: z.object({ seat: z.string() }),
    body: Input,
    example: {
      id: 'a-test',
      imp: [{ id: '1', banner: { format: [{ w: 300, h: 250 }] }, bidfloor: 0.5 }],
      site: { domain: 'news.example' },
      ext: { bidwarden: { predictedLtv: 120 } },
    },
    answers: { 200: { description: 'What was found', schema: SeatTest } },
    refusals: [...WRONG_BODY, 'not_found'],
    async handle(c, caller) {
      const seat = seatFor(bidder, c.req.param('seat') ?? '', caller)
      caller.charge(TEST_COST)
      const body = await readBody(c)
      const imps: unknown = Object(body).imp
      if (Array.isArray(imps) && imps.length > MAX_IMPS)
        throw invalidField('imp', `a test has at most ${MAX_IMPS}`)
      const request = readBidRequest(body, bidder.isUserPrivate)
      if (isRefusal(request)) {
        const { refused: field, because = 'is missing or of the wrong type' } = request
        throw invalidField(field, because)
      }
      return ok(tested(bidder, seat, { ...request, test: true }, caller.boundTo))
    },
  }
}

/** A seat of the caller's organisation, or a shared one, at which its campaigns bid too. */
function seatFor({ seats }: Bidder, id: string, { boundTo }: Caller): SeatConfig {
  const seat = seats.get(id)
  if (!seat || (boundTo !== undefined && seat.org !== undefined && seat.org !== boundTo))
    throw new AppError('not_found', 'There is no such seat')
  return seat
}

function tested(
  { decide: deps }: Bidder,
  seat: SeatConfig,
  request: OpenRtbRequest,
  boundTo: Org,
): z.output<typeof SeatTest> {
  // A test records no lifetime value, because bids without a prediction would later be decided by it.
  const decision = decide({ ...deps, recordLtv: () => {} }, seat, request, true)
  const ids = [...request.imps, ...request.badImps.map(({ impId }) => ({ id: impId }))].map(({ id }) => id)
  const show = { deps, seat, decision, boundTo }
  return {
    seat: seat.id,
    currency: decision.currency.code,
    heldCurrency: deps.currency,
    imps: ids.map((impId) => impBody(show, impId)),
  }
}

interface Show {
  readonly deps: Bidder['decide']
  readonly seat: SeatConfig
  readonly decision: AuctionDecision
  readonly boundTo: Org
}

function impBody(show: Show, impId: string): z.output<typeof TestImp> {
  const { decision, boundTo } = show
  const bids = decision.groups.flatMap((group) => group.bids).filter(({ imp }) => imp.id === impId)
  const own = bids.filter(({ offer }) => maySee(offer.campaign.id, boundTo))
  const missing = decision.noBids.find((one) => one.impId === impId)
  const look = decision.looks.find((one) => one.impId === impId)
  return {
    impId,
    bids: own.map((bid) => bidBody(show, bid)),
    isTaken: own.length < bids.length,
    ...(missing && { reason: missing.reason }),
    ...(missing?.field !== undefined && { field: missing.field }),
    campaigns: looksOf(look, bids, boundTo),
  }
}

function bidBody({ deps, seat, decision, boundTo }: Show, bid: PlacedBid): z.output<typeof TestBid> {
  const { offer, deal, imp, price, fullPrice, shade, value } = bid
  const { campaign, creative } = offer
  // A test is decided as if it cost nothing. What it would cost, and whether the money is there, is computed here.
  const cost = costOf(price, decision.currency.rate, imp.multiplier)
  const refusal = cost === undefined ? undefined : deps.auctionBudget.refusal(campaign.scopes, cost, seat)
  return {
    campaign: shownName(campaign.id, boundTo),
    creative: creative.id,
    ...(deal && { dealId: deal.id }),
    price: price / 1_000_000,
    source: value.source,
    ...(value.ltv !== undefined && { predictedLtv: value.ltv }),
    ...(shade && { shade: { ...shade, worth: fullPrice / 1_000_000 } }),
    wouldHold: cost === undefined ? 0 : toUnits(cost),
    ...(refusal && {
      lack: { is: refusal.lack, ...(refusal.scope && { budget: nameFor(boundTo, refusal.scope) }) },
    }),
  }
}

/** The result for each campaign, those that bid first. */
function looksOf(
  look: ImpLook | undefined,
  bids: readonly PlacedBid[],
  boundTo: Org,
): z.output<typeof Look>[] {
  const looks = new Map<string, Omit<z.output<typeof Look>, 'campaign'>>()
  for (const { offer } of bids) looks.set(offer.campaign.id, { is: 'bids' })
  for (const id of look?.able ?? []) if (!looks.has(id)) looks.set(id, { is: 'beaten' })
  for (const [id, reason] of look?.refused ?? []) if (!looks.has(id)) looks.set(id, { is: 'refused', reason })
  return [...looks]
    .filter(([id]) => maySee(id, boundTo))
    .map(([id, became]) => ({ campaign: shownName(id, boundTo), ...became }))
}
