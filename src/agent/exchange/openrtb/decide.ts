import { ZERO } from '../../../money.ts'
import {
  type Auction,
  type DecideAuctionDeps,
  MAX_EXPLAIN_WORK,
  MAX_WORK,
  refuse,
  type Seat,
  spend,
  type Value,
} from './auction.ts'
import type { OfferBook, SeatCampaigns } from './campaign-index.ts'
import type { GivenPrediction } from './extension.ts'
import { NOTHING } from './fields.ts'
import type { Imp } from './imp.ts'
import type { NoBid, NoBidReason } from './no-bid.ts'
import { type BidCurrency, chooseCurrency } from './price.ts'
import type { OpenRtbRequest } from './request.ts'
import { advertisersIn, type Pick, podOf, podPicks, searchBest } from './search.ts'

/** One bid of the answer, with its hold. */
export interface PlacedBid extends Pick {
  readonly imp: Imp
  readonly seq: number
  readonly value: Value
}

/** Bids of one `seatbid`: won all together or not at all, or each on its own. */
export interface BidGroup {
  readonly group: boolean
  readonly bids: readonly PlacedBid[]
}

export interface AuctionDecision {
  readonly currency: BidCurrency
  readonly atMs: number
  readonly groups: readonly BidGroup[]
  /** One entry for each impression that got no bid. */
  readonly noBids: readonly NoBid[]
  /** One entry for each impression that was decided, where everything was to be explained. */
  readonly looks: readonly ImpLook[]
}

/** What was found of the campaigns for one impression. */
export interface ImpLook {
  readonly impId: string
  /** Why a campaign, or one of its ads, cannot bid. */
  readonly refused: ReadonlyMap<string, NoBidReason>
  /** Campaigns that can, the one that bids among them. */
  readonly able: ReadonlySet<string>
}

const MICROS_PER_UNIT = 1_000_000
/** Most bids in one answer. No real page needs more, and the answer would delay all other requests. */
const MAX_BIDS = 100

/**
 * Decides a whole request. For each imp it makes the best offer of the open market and the best one for its deals; for
 * a dynamic pod as many as fit. When it returns, every bid has its own hold. A caller that does not send the answer has
 * to release them with {@link abandon}.
 * @param explainsAll whether campaigns are looked at for impressions with a bid, too; for a test request only
 */
export function decide(
  deps: DecideAuctionDeps,
  seat: Seat,
  request: OpenRtbRequest,
  explainsAll = false,
): AuctionDecision {
  const nowMs = deps.clock.nowMs()
  const own: BidCurrency = { code: deps.currency, rate: 1 }
  const currency = chooseCurrency(request.currencies, own, deps.rates)
  const none = { currency: currency ?? own, atMs: nowMs, groups: NOTHING, looks: NOTHING }
  const refusal = requestRefusal(deps, seat, request, currency)
  if (refusal !== undefined || currency === undefined) return { ...none, noBids: refuseAll(request, refusal) }
  const campaigns = deps.campaigns.seat(seat.id)
  if (!campaigns) return { ...none, noBids: refuseAll(request, 'no_campaign') }
  // Campaigns that were refused are not asked again until money is freed, and holds that have expired free some.
  deps.auctionBudget.expire()

  const auction: Auction = {
    deps,
    seat,
    request,
    currency,
    nowMs,
    elapsedMs: deps.clock.elapsedMs(),
    pods: new Map(),
    workLeft: MAX_WORK,
    explainLeft: MAX_EXPLAIN_WORK,
    rooms: new Map(),
    held: new Map(),
    luck: undefined,
    campaigns: undefined,
    able: undefined,
    value: undefined,
    reason: undefined,
  }
  const roadblock =
    request.allImps && request.badImps.length === 0 && request.imps.length <= MAX_BIDS
      ? placeRoadblock(auction, campaigns)
      : undefined
  if (roadblock) return { ...none, groups: [{ group: true, bids: roadblock }], noBids: NOTHING }
  const bids: PlacedBid[] = []
  const noBids: NoBid[] = badImps(request)
  const looks: ImpLook[] = []
  const explains = request.debug || request.test
  for (const imp of request.imps) {
    const before = bids.length
    auction.reason = undefined
    auction.luck = undefined
    if (explains) auction.campaigns = new Map()
    if (explainsAll) auction.able = new Set()
    if (bids.length < MAX_BIDS) placeForImp(auction, campaigns, imp, bids)
    else refuse(auction, 'too_many_imps')
    if (bids.length === before) {
      const { reason = 'no_campaign', campaigns } = auction
      noBids.push({ impId: imp.id, reason, ...(campaigns && { campaigns }) })
    }
    const { campaigns: refused, able } = auction
    if (refused && able) looks.push({ impId: imp.id, refused, able })
  }
  return { ...none, groups: bids.length === 0 ? NOTHING : [{ group: false, bids }], noBids, looks }
}

/** The decision for a request that is shed: no bid for any impression. */
export const shed = ({ clock, currency }: DecideAuctionDeps, request: OpenRtbRequest): AuctionDecision => ({
  currency: { code: currency, rate: 1 },
  atMs: clock.nowMs(),
  groups: NOTHING,
  looks: NOTHING,
  noBids: refuseAll(request, 'shed'),
})

/** Releases the holds of an answer that was not sent. */
export function abandon(
  { auctionBudget, frequencyCaps, shading }: DecideAuctionDeps,
  decision: AuctionDecision,
): void {
  for (const { bids } of decision.groups) {
    for (const { seq } of bids) {
      auctionBudget.withdraw(seq)
      frequencyCaps.dropped(seq)
      shading.dropped(seq)
    }
  }
}

function requestRefusal(
  deps: DecideAuctionDeps,
  { id }: Seat,
  request: OpenRtbRequest,
  currency: BidCurrency | undefined,
): NoBidReason | undefined {
  if (request.badField !== undefined) return 'bad_request'
  if (deps.auctionBudget.isFull) return 'too_many_open_bids'
  if (request.tmaxMs !== undefined && request.tmaxMs <= deps.networkMarginMs) return 'too_late'
  if (request.allowedSeats.length > 0 && !request.allowedSeats.includes(id)) return 'seat_not_allowed'
  if (request.blockedSeats.includes(id)) return 'seat_not_allowed'
  return currency === undefined ? 'no_common_currency' : undefined
}

const badImps = ({ badImps }: OpenRtbRequest): NoBid[] =>
  badImps.map(({ impId, field }) => ({ impId, reason: 'bad_impression', field }))

function refuseAll(request: OpenRtbRequest, reason: NoBidReason = 'no_campaign'): NoBid[] {
  const { badField: field } = request
  const refused = request.imps.map(({ id }) => ({
    impId: id,
    reason,
    ...(field !== undefined && { field }),
  }))
  return [...badImps(request), ...refused]
}

/** Bids for deals first, then for the open market unless the auction is private (2.6 implementation guide 7.3). */
function placeForImp(auction: Auction, campaigns: SeatCampaigns, imp: Imp, bids: PlacedBid[]): void {
  const value = impValue(auction, imp)
  if (imp.deals.length > 0 && campaigns.deals.size > 0) placeBestDeal(auction, campaigns, imp, value, bids)
  if (imp.privateAuction) {
    refuse(auction, 'private_auction')
    return
  }
  const before = bids.length
  for (const pick of podPicks(auction, imp, campaigns.open, value.ltv)) place(auction, imp, value, pick, bids)
  if (bids.length > before) return
  const best = searchBest(auction, imp, campaigns.open, value.ltv, undefined)
  if (best) place(auction, imp, value, best, bids)
}

function placeBestDeal(
  auction: Auction,
  { deals }: SeatCampaigns,
  imp: Imp,
  value: Value,
  bids: PlacedBid[],
): void {
  let best: Pick | undefined
  for (const deal of imp.deals) {
    if (!spend(auction, 1)) return
    const book = deals.get(deal.id)
    if (!book) continue
    if (deal.allowedSeats.length > 0 && !deal.allowedSeats.includes(auction.seat.id)) {
      refuse(auction, 'deal_terms')
      continue
    }
    const pick = searchBest(auction, imp, book, value.ltv, deal)
    if (pick && (!best || pick.price > best.price)) best = pick
  }
  if (best) place(auction, imp, value, best, bids)
}

/**
 * Holds the money of a bid and adds the bid to the answer. Returns false when it could not be held. A test holds
 * nothing.
 */
function place(auction: Auction, imp: Imp, value: Value, pick: Pick, bids: PlacedBid[]): boolean {
  const { deps, request, seat } = auction
  const seq = deps.ids.next()
  const cost = request.test ? ZERO : pick.cost
  const lack = request.test ? undefined : deps.auctionBudget.hold(seq, pick.offer.campaign.scopes, cost, seat)
  if (lack) {
    refuse(auction, lack)
    return false
  }
  for (const scope of pick.offer.campaign.scopes) {
    auction.held.set(scope, (auction.held.get(scope) ?? 0) + cost)
  }
  bids.push({ ...pick, cost, imp, seq, value })
  if (!request.test) deps.frequencyCaps.made(seq, pick.offer.campaign, request, seat.hold.ttlMs)
  if (pick.shade && !request.test) {
    const unitsOf = (cpm: number) => cpm / MICROS_PER_UNIT / auction.currency.rate
    const bid = { seq, price: unitsOf(pick.price), worth: unitsOf(pick.fullPrice) }
    deps.shading.made(seat, request, imp, pick.offer, bid)
  }
  const podId = podOf(imp)?.podId
  if (podId !== undefined) advertisersIn(auction, podId).push(pick.offer.campaign.spec.advertiserDomain)
  return true
}

/** Bids for every imp of the page with one campaign, or for none: a failure releases the holds already made. */
function placeRoadblock(auction: Auction, { roadblocks }: SeatCampaigns): PlacedBid[] | undefined {
  for (const book of roadblocks.values()) {
    const bids: PlacedBid[] = []
    if (auction.request.imps.every((imp) => placeOne(auction, imp, book, bids))) return bids
    const { auctionBudget, frequencyCaps } = auction.deps
    for (const { seq } of auction.request.test ? [] : bids) {
      auctionBudget.withdraw(seq)
      frequencyCaps.dropped(seq)
    }
    auction.held.clear()
    auction.rooms.clear()
  }
  return undefined
}

function placeOne(auction: Auction, imp: Imp, book: OfferBook, bids: PlacedBid[]): boolean {
  if (imp.privateAuction) return false
  const value = impValue(auction, imp)
  const pick = searchBest(auction, imp, book, value.ltv, undefined)
  return pick !== undefined && place(auction, imp, value, pick, bids)
}

/**
 * Value for an imp: its own prediction, else the request's, else the stored one of the user, else the seat's typical
 * value.
 */
function impValue(auction: Auction, imp: Imp): Value {
  if (imp.prediction) return predicted(auction, imp.prediction)
  auction.value ??= requestValue(auction)
  return auction.value
}

function requestValue(auction: Auction): Value {
  const { deps, request, seat } = auction
  const prediction = request.prediction ?? deps.predict(request, seat.id)
  if (prediction) return predicted(auction, prediction)
  return { source: 'fallback', ltv: deps.typicalLtv(seat.id), confidence: undefined }
}

function predicted({ deps, seat }: Auction, { ltv, confidence }: GivenPrediction): Value {
  deps.recordLtv(seat.id, ltv)
  return { source: 'ai', ltv, confidence }
}
