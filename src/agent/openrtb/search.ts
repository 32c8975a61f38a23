import type { Micros } from '../../money.ts'
import type { Scope } from '../../shield/index.ts'
import { type Auction, refuseCampaign, spend } from './auction.ts'
import { type Bucket, type Offer, type OfferBook, SLOT_KEYS } from './campaign-index.ts'
import type { DealOffer, Floor, Imp, StreamSlot } from './imp.ts'
import { LONG_LIST, mismatch } from './match.ts'
import type { NoBidReason } from './no-bid.ts'
import { agreedPrice, costOf, floorCpm, priceFor, rateBetween } from './price.ts'

/** An offer that may answer an imp, with its price. */
export interface Pick {
  readonly offer: Offer
  readonly deal: DealOffer | undefined
  /** CPM micros in the bid's currency. */
  readonly price: number
  /** Micros of our own money that winning costs at most. */
  readonly cost: Micros
  /** What picks are compared by: the worth of the offer, in a pod that of each second. */
  readonly score: number
}

/** What one search goes by. */
interface Search {
  readonly auction: Auction
  readonly imp: Imp
  readonly deal: DealOffer | undefined
  readonly ltv: number
  readonly floor: Floor
  /** From the floor's currency to the bid's; undefined without a rate. */
  readonly floorRate: number | undefined
  /** Advertisers that may not come again in this pod. */
  readonly excluded: readonly string[]
  /** Seconds left in a dynamic pod; undefined for a single ad. */
  podSeconds: number | undefined
  /** What looking closely at one offer costs; see {@link spend}. */
  readonly closeLook: number
}

/** `Deal.at`: the floor is the agreed price. */
const FIXED_PRICE = 3
/** Bids for one pod at most: each holds its money although the seller may take any number of them. */
const MAX_POD_BIDS = 8
const NO_ONE: readonly string[] = []

/**
 * The dearest offer in a book that fits an imp, its floor and its budgets; leaves a reason when there is none. A dynamic
 * pod is bid for here by deals only.
 */
export function searchBest(
  auction: Auction,
  imp: Imp,
  book: OfferBook,
  ltv: number | undefined,
  deal: DealOffer | undefined,
): Pick | undefined {
  const search = searchFor(auction, imp, ltv, deal)
  const { country } = auction.request
  let best: Pick | undefined
  if (imp.banner) {
    for (const size of imp.banner.sizes) best = scan(search, book.find(size, country), best)
    for (const flex of imp.banner.flexSizes) {
      if (!spend(auction, 1 + book.slotCount / SKIMMED_AT_ONCE)) return best
      for (const size of book.sizesLike(flex)) best = scan(search, book.find(size, country), best)
    }
  }
  if (imp.video && (deal || !imp.video.pod)) best = scan(search, book.find(SLOT_KEYS.video, country), best)
  if (imp.audio && (deal || !imp.audio.pod)) best = scan(search, book.find(SLOT_KEYS.audio, country), best)
  if (imp.native) best = scan(search, book.find(SLOT_KEYS.native, country), best)
  return best
}

/**
 * Offers for a dynamic pod: the dearest second first, no advertiser twice, together no longer than the pod. Each is
 * found after the one before was placed, so it sees what is left of the budgets.
 */
export function* podPicks(
  auction: Auction,
  imp: Imp,
  book: OfferBook,
  ltv: number | undefined,
): Generator<Pick, void, undefined> {
  const slot = podOf(imp)
  if (!slot?.pod) return
  const key = slot === imp.video ? SLOT_KEYS.video : SLOT_KEYS.audio
  const advertisers = [...advertisersIn(auction, slot.podId)]
  const search = { ...searchFor(auction, imp, ltv, undefined), excluded: advertisers }
  let secondsLeft = slot.pod.seconds
  for (let count = 0; count < Math.min(slot.pod.maxBids, MAX_POD_BIDS); count++) {
    search.podSeconds = secondsLeft
    const pick = scan(search, book.find(key, auction.request.country), undefined)
    if (!pick) return
    yield pick
    secondsLeft -= secondsOf(pick.offer)
    advertisers.push(pick.offer.campaign.spec.advertiserDomain)
  }
}

/** The slot of an imp that belongs to a pod, or is one. */
export function podOf({ video, audio }: Imp): StreamSlot | undefined {
  if (video && (video.pod || video.podId !== undefined)) return video
  return audio && (audio.pod || audio.podId !== undefined) ? audio : undefined
}

/** Advertisers that already have a bid in a pod of this request. */
export function advertisersIn({ pods }: Auction, podId: string | undefined): string[] {
  if (podId === undefined) return []
  const advertisers = pods.get(podId) ?? []
  pods.set(podId, advertisers)
  return advertisers
}

function searchFor(auction: Auction, imp: Imp, ltv: number | undefined, deal: DealOffer | undefined): Search {
  const floor = deal ? deal.floor : imp.floor
  const podId = podOf(imp)?.podId
  return {
    auction,
    imp,
    deal,
    ltv: ltv ?? 0,
    floor,
    floorRate: rateBetween(auction.deps.rates, floor.currency, auction.currency.code),
    excluded: podId === undefined ? NO_ONE : advertisersIn(auction, podId),
    podSeconds: undefined,
    closeLook: closeLookOf(auction, imp),
  }
}

/** Offers whose prices are read in the time that one is looked at closely. */
const SKIMMED_AT_ONCE = 20
/** Entries of the request's lists that are compared in the time of one plain look. */
const ENTRIES_AT_ONCE = 20

/** Every offer is held against the lists of the request and of its slot. */
function closeLookOf({ request }: Auction, { banner, video, audio, native }: Imp): number {
  let entries = request.blockedCategories.length + request.allowedCategories.length
  entries += request.languages.length + request.languageTags.length
  entries +=
    Math.min(request.blockedDomains.length, LONG_LIST) + Math.min(request.blockedApps.length, LONG_LIST)
  for (const slot of [banner, video, audio, native]) {
    if (!slot) continue
    entries += slot.apis.length + slot.blockedAttributes.length
    if ('mimes' in slot) entries += slot.mimes.length
    if ('protocols' in slot) entries += slot.protocols.length + slot.exactSeconds.length
    if ('ask' in slot) entries += 10 * (slot.ask?.assets.length ?? 0)
  }
  return 1 + entries / ENTRIES_AT_ONCE
}

/** Looks closely only at offers that would be worth more than the best so far. */
function scan(search: Search, buckets: readonly Bucket[], before: Pick | undefined): Pick | undefined {
  let best = before
  for (const { offers, microsPerLtv, minCpm, maxCpm } of buckets) {
    if (!spend(search.auction, 1 + offers.length / SKIMMED_AT_ONCE)) return best
    for (let i = 0; i < offers.length; i++) {
      const offer = offers[i]
      if (!offer) continue
      let worth = search.ltv * (microsPerLtv[i] ?? 0)
      worth = Math.min(Math.max(worth, minCpm[i] ?? 0), maxCpm[i] ?? 0)
      const score = search.podSeconds === undefined ? worth : worth / secondsOf(offer)
      if (best && score <= best.score) continue
      if (!spend(search.auction, search.closeLook)) return best
      const pick = consider(search, offer, worth, score)
      if (typeof pick === 'string') refuseCampaign(search.auction, offer.campaign.id, pick)
      else best = pick
    }
  }
  return best
}

function consider(search: Search, offer: Offer, worth: number, score: number): Pick | NoBidReason {
  const { auction, imp, deal } = search
  const { campaign } = offer
  if (worth <= 0) return 'no_ltv'
  const seconds = secondsOf(offer)
  if (search.podSeconds !== undefined && seconds > search.podSeconds) return 'duration'
  if (search.excluded.includes(campaign.spec.advertiserDomain)) return 'advertiser_in_pod'
  const floor = floorCpm(search.floor, seconds)
  if (floor > 0 && search.floorRate === undefined) return 'no_floor_rate'
  const price = priceOf(search, worth * auction.currency.rate, floor * (search.floorRate ?? 1))
  if (price === undefined) return deal ? 'below_deal_floor' : 'below_floor'
  const reason = mismatch(auction.request, imp, offer, deal, auction.nowMs)
  if (reason) return reason
  const cost = costOf(price, auction.currency.rate, imp.multiplier)
  if (cost === undefined) return 'over_budget'
  if (!auction.request.test && isOverShare(search, campaign.scopes, price, cost)) return 'over_request_share'
  if (!auction.request.test && !auction.deps.ledger.fits(campaign.scopes, cost, auction.seat))
    return 'over_budget'
  return { offer, deal, price, cost, score }
}

/** One impression at its plain price is always within the share. */
function isOverShare({ auction }: Search, scopes: readonly Scope[], price: number, cost: Micros): boolean {
  const { maxRequestShare } = auction.deps
  const plain = costOf(price, auction.currency.rate, 1) ?? 0
  return scopes.some((scope) => {
    const held = auction.held.get(scope) ?? 0
    if (held === 0 && cost <= plain) return false
    return scope.limits.some(({ max }) => held + cost > max * maxRequestShare)
  })
}

/** @param worth CPM micros, @param floor CPM units, both of the bid's currency */
function priceOf({ deal }: Search, worth: number, floor: number): number | undefined {
  if (deal?.at !== FIXED_PRICE || floor <= 0) return priceFor(worth, floor)
  const agreed = agreedPrice(floor)
  return worth >= agreed ? agreed : undefined
}

const secondsOf = ({ creative }: Offer): number => ('seconds' in creative ? creative.seconds : 0)
