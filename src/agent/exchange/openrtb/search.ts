import type { Micros } from '../../../money.ts'
import type { Scope } from '../../../shield/index.ts'
import { type Auction, mayNameMore, refuse, refuseCampaign, type Shade, spend } from './auction.ts'
import type { HoldRefusal, Lack } from './auction-budget.ts'
import { BlockQueue, firstOrder } from './block-queue.ts'
import { type OfferBook, SLOT_KEYS } from './campaign-index.ts'
import type { DealOffer, Floor, Imp, StreamSlot } from './imp.ts'
import { LONG_LIST, ownMismatch, termsMismatch } from './match.ts'
import type { NoBidReason } from './no-bid.ts'
import {
  type Block,
  type Bucket,
  type Offer,
  type OfferEntry,
  type OfferGroup,
  secondsOf,
  worthOf,
} from './offer-blocks.ts'
import { agreedPrice, costOf, floorCpm, plainPrice, priceFor, rateBetween } from './price.ts'
import { FAILED_ON, type Terms } from './terms.ts'

/** An offer that may answer an imp, with its price. */
export interface Pick {
  readonly offer: Offer
  readonly deal: DealOffer | undefined
  /** CPM micros in the bid's currency. */
  readonly price: number
  /** What the price would be without shading. */
  readonly fullPrice: number
  /** How the price was shaded; undefined where the winner does not pay what it bids, for deals and for roadblocks. */
  readonly shade: Shade | undefined
  /** The most that winning can cost, in micros of our own currency. */
  readonly cost: Micros
  /** Value by which offers are compared: the worth of the offer; in a pod, its worth per second. */
  readonly score: number
  /** When the offer was stored. Of picks with the same score, the earliest offer is taken. */
  readonly order: number
}

/** State of one search. */
interface Search {
  /** Unique among all searches of this process. */
  readonly id: number
  readonly auction: Auction
  readonly imp: Imp
  readonly deal: DealOffer | undefined
  readonly ltv: number
  readonly floor: Floor
  /** Factor from the floor's currency to the bid's; undefined without a rate. */
  readonly floorRate: number | undefined
  /** Advertisers that may not appear again in this pod. */
  readonly excluded: readonly string[]
  /** Seconds left in a dynamic pod; undefined for a single ad. */
  podSeconds: number | undefined
  /** Work for comparing the terms of one group, and for checking one offer in full; see {@link spend}. */
  readonly groupLook: number
  readonly offerLook: number
  /** No offer bids less than this share of its worth, but for its floor. */
  readonly leastShade: number
  sievesLeft: number
  /** Terms known not to match: every group with one of these texts fails as well. */
  readonly failed: { readonly part: keyof Terms; readonly text: string }[]
}

/** Value of `Deal.at` that makes the floor the agreed price. */
const FIXED_PRICE = 3
/** Most bids for one pod. Each holds its money, although the seller may take any number of them. */
const MAX_POD_BIDS = 8
const NO_ONE: readonly string[] = []
/** Searches of this process so far. */
let searches = 0

/**
 * Finds the offer with the highest worth that fits an imp, its floor and its budgets. Notes a reason when there is
 * none. For a dynamic pod only deals are searched here.
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
 * Yields offers for a dynamic pod: highest worth per second first, no advertiser twice, together no longer than the
 * pod. Each offer is searched after the one before was placed, so it sees what is left of the budgets.
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
    secondsLeft -= secondsOf(pick.offer.creative)
    advertisers.push(pick.offer.campaign.spec.advertiserDomain)
  }
}

/** The slot of an imp that belongs to a pod or is a dynamic pod; undefined for other imps. */
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
  searches += 1
  const isShaded = deal === undefined && auction.request.isFirstPrice
  return {
    id: searches,
    auction,
    imp,
    deal,
    ltv: ltv ?? 0,
    floor,
    floorRate: rateBetween(auction.deps.rates, floor.currency, auction.currency.code),
    excluded: podId === undefined ? NO_ONE : advertisersIn(auction, podId),
    podSeconds: undefined,
    groupLook: groupLookOf(auction, imp),
    offerLook: offerLookOf(auction, imp, deal),
    leastShade: isShaded ? auction.deps.shading.leastShade(auction.seat.id) : 1,
    sievesLeft: 0,
    failed: [],
  }
}

/** Number of blocks whose prices are read in the time of one plain look at an offer. */
const SKIMMED_AT_ONCE = 20
/** Number of entries of the request's lists compared in the time of one plain look. */
const ENTRIES_AT_ONCE = 20
/** Asking a budget that refuses takes as long as this many plain looks. */
const REFUSAL_LOOKS = 5

/** Work for one group of offers: its terms are compared with the lists of the request and of the slot. */
function groupLookOf({ request }: Auction, { banner, video, audio, native }: Imp): number {
  let entries = request.blockedCategories.length + request.allowedCategories.length
  entries += request.languages.length + request.languageTags.length
  for (const slot of [banner, video, audio, native]) {
    if (!slot) continue
    entries += slot.apis.length + slot.blockedAttributes.length
    if ('mimes' in slot) entries += slot.mimes.length
    if ('protocols' in slot) entries += slot.protocols.length + slot.exactSeconds.length
  }
  return 1 + entries / ENTRIES_AT_ONCE
}

/** Work for one offer: it is compared with the lists of advertisers and assets. */
function offerLookOf({ request }: Auction, { native }: Imp, deal: DealOffer | undefined): number {
  let entries =
    Math.min(request.blockedDomains.length, LONG_LIST) + Math.min(request.blockedApps.length, LONG_LIST)
  entries += Math.min(deal?.allowedDomains.length ?? 0, LONG_LIST) + 10 * (native?.ask?.assets.length ?? 0)
  return 1 + entries / ENTRIES_AT_ONCE
}

/** The best offer of several buckets. Of two with the same score, the one from the earlier bucket. */
function scan(search: Search, buckets: readonly Bucket[], before: Pick | undefined): Pick | undefined {
  let best = before
  for (const bucket of buckets) best = scanBucket(search, bucket, best)
  if (search.auction.campaigns && (!best || search.auction.able)) explain(search, buckets)
  return best
}

/** How many times the dearest block is picked before all blocks are sorted; one of these mostly has the best offer. */
const MAX_LEADS = 4

/** Searches run one at a time, so they share one queue. */
const queue = new BlockQueue()

/**
 * Checks the blocks that may have an offer worth more than the best so far, dearest first, until there is none. A block
 * is skipped when an earlier failure applies to it as well: the same terms, a floor above it, a budget that is used up.
 */
function scanBucket(search: Search, bucket: Bucket, before: Pick | undefined): Pick | undefined {
  if (!spend(search.auction, 1 + bucket.blocks.length / SKIMMED_AT_ONCE)) return before
  search.sievesLeft = MAX_SIEVES
  const of = { ltv: search.ltv, perSecond: search.podSeconds !== undefined }
  const looked: Block[] = []
  let broke = brokeIn(search, bucket)
  const isUseless = (block: Block, group: OfferGroup) =>
    hasFailed(search, group) || looked.includes(block) || broke.has(block)
  let best: Pick | undefined
  while (!best && looked.length < MAX_LEADS) {
    const next = queue.lead(bucket, { ...of, count: broke.from }, isUseless)
    const { first, firstScore } = queue
    if (broke.from < bucket.blocks.length && firstScore <= broke.mostWorth) broke.note()
    if (!first || (before && firstScore <= before.score)) return before
    const found = lookAt(search, first, best, before)
    if (found === 'none') return before
    best = found
    // Of blocks that may have the same score, the one with the earliest offer comes first.
    const isFirst = best?.score === firstScore && best.order === firstOrder(first)
    if (best && (isFirst || next < best.score)) return best
    looked.push(first)
    broke = brokeIn(search, bucket)
  }
  const { score: above = Number.NEGATIVE_INFINITY } = best ?? before ?? {}
  broke.note()
  queue.fill(bucket, { ...of, count: broke.from }, { above, order: best?.order ?? 0 }, isUseless)
  for (let block = queue.first; block; block = queue.first) {
    const score = queue.firstScore
    if (best && (score < best.score || (score === best.score && firstOrder(block) > best.order))) break
    queue.removeFirst()
    const found = lookAt(search, block, best, before)
    if (found === 'none') break
    best = found
  }
  return best ?? before
}

/** Whether this search already knows that the terms of a group do not match. */
function hasFailed({ id, failed }: Search, group: OfferGroup): boolean {
  if (group.failedIn === id) return true
  if (failed.length === 0 || !failed.some(({ part, text }) => group.terms[part] === text)) return false
  group.failedIn = id
  return true
}

/** Checks a block and returns the best offer so far; `none` when no block of a lower score can have a better one. */
function lookAt(
  search: Search,
  block: Block,
  best: Pick | undefined,
  before: Pick | undefined,
): Pick | 'none' | undefined {
  const problem = blockProblem(search, block)
  if (problem === undefined) return scanBlock(search, block, best, before)
  refuse(search.auction, problem)
  return isOfAllBelow(search, problem) ? 'none' : best
}

/** Checks those offers of a block in full that would beat the best so far. */
function scanBlock(
  search: Search,
  block: Block,
  best: Pick | undefined,
  before: Pick | undefined,
): Pick | undefined {
  const { auction } = search
  let found = best
  let isAnyRefused = false
  const { entries, corners, group } = block
  // The dearest offer first: most others cannot beat it and are then skipped.
  const dearest = corners.dearest(search.ltv)
  for (let n = -1; n < entries.length; n++) {
    const i = n < 0 ? dearest : n
    if (n === dearest) continue
    const worth = corners.worth(i, search.ltv)
    const score = search.podSeconds === undefined ? worth : worth / group.seconds
    if (
      found
        ? score < found.score || (score === found.score && corners.order(i) > found.order)
        : before && score <= before.score
    )
      continue
    const entry = entries[i]
    if (!entry) continue
    if (isKnownBroke(search, entry, worth)) {
      isAnyRefused = true
      continue
    }
    if (!spend(auction, search.offerLook)) return found
    const pick = consider(search, entry, worth, score)
    if (typeof pick !== 'string') found = pick
    else {
      refuse(auction, pick)
      isAnyRefused ||= pick === 'over_budget' || pick === 'stopped'
    }
  }
  if (isAnyRefused) block.restIfAllRest(auction.elapsedMs)
  return found
}

/** Why no offer of the block can bid, judged by its highest price and its terms; undefined if one may. */
function blockProblem(search: Search, block: Block): NoBidReason | undefined {
  const { group } = block
  const price = priceIn(search, group, group.bucket.most.worth(block.index, search.ltv))
  if (typeof price === 'string') return price
  const problem = termsProblem(search, group)
  if (problem === undefined) return undefined
  const part = FAILED_ON[problem] ?? 'all'
  const text = group.terms[part]
  if (search.failed.length < MAX_FAILED) search.failed.push({ part, text })
  sieve(search, (one) => one.group.terms[part] === text)
  return problem
}

/** Whether every block of a lower score has the same problem. */
function isOfAllBelow({ floor, podSeconds }: Search, problem: NoBidReason): boolean {
  if (problem === 'no_ltv' || problem === 'too_costly') return true
  if (podSeconds !== undefined || floor.cpmPerSecond !== undefined || floor.byDuration.length > 0)
    return false
  return problem === 'no_floor_rate' || problem === 'below_floor' || problem === 'below_deal_floor'
}

/** Why the terms of a group do not match; compared once per group and search. */
function termsProblem(search: Search, group: OfferGroup): NoBidReason | undefined {
  const { auction, imp } = search
  if (group.askedBy === search.id) return group.mismatch
  if (!spend(auction, search.groupLook)) return 'too_costly'
  group.askedBy = search.id
  group.mismatch = termsMismatch(auction.request, imp, group.example, auction.nowMs)
  return group.mismatch
}

/** Most terms that a search remembers as not matching. */
const MAX_FAILED = 8
/** How many times one scan may go through the whole queue and find little to remove. */
const MAX_SIEVES = 8
/** Removing at least this share of the queue was worth the pass. */
const WORTHWHILE = 0.25

/** Removes the blocks from the queue that have become useless. */
function sieve(search: Search, isUseless: (block: Block) => boolean): void {
  const { size } = queue
  if (search.sievesLeft === 0 || size === 0) return
  if (queue.drop(isUseless) < size * WORTHWHILE) search.sievesLeft -= 1
}

/** The blocks of a bucket whose offers no budget can pay, as far as budgets have refused already. */
interface Broke {
  /** All blocks from this index of the bucket on. */
  readonly from: number
  /** The highest score that one of these can have. */
  readonly mostWorth: number
  /** Notes as a no-bid reason why these cannot be paid. */
  note(): void
  /** Whether a block before `from` cannot be paid either; notes the reason. */
  has(block: Block): boolean
}

function brokeIn(search: Search, bucket: Bucket): Broke {
  const { auction, ltv } = search
  const { blocks, awake, payers } = bucket
  const none = { from: blocks.length, mostWorth: Number.NEGATIVE_INFINITY, note: () => {}, has: () => false }
  if (auction.request.test || (!bucket.anyRests && auction.rooms.size === 0)) return none
  const ofAll = payers && sharedRefusal(auction, payers)
  if (ofAll && plainCost(search, worthOf(bucket.cheapest, ltv)) > ofAll.micros) {
    const note = () => refuse(auction, ofAll.lack)
    return { ...none, from: 0, mostWorth: Number.POSITIVE_INFINITY, note }
  }
  const has = (block: Block): boolean => isBroke(search, block, payers ? (ofAll ?? 'none') : undefined)
  if (!bucket.anyRests) return { ...none, has }
  const { least, most, micros, untilMs, lacks } = bucket.resting
  if (auction.elapsedMs >= untilMs || plainCost(search, worthOf(least, ltv)) <= micros)
    return { ...none, has }
  const mostWorth = search.podSeconds === undefined ? worthOf(most, ltv) : Number.POSITIVE_INFINITY
  const note = () => {
    for (const lack of lacks) refuse(auction, lack)
  }
  return { from: awake, mostWorth, note, has }
}

/** @param ofAll the refusal of the scopes that pay for every offer of the bucket; undefined where offers differ in them */
function isBroke(search: Search, block: Block, ofAll: HoldRefusal | 'none' | undefined): boolean {
  const { auction } = search
  const { group, index } = block
  const { bucket } = group
  const shared = ofAll ?? sharedRefusal(auction, group.example.campaign.sharedScopes) ?? 'none'
  if (shared === 'none' && index < bucket.awake) return false
  const cost = leastCost(search, group, bucket.least.worth(index, search.ltv))
  const isShared = shared !== 'none' && cost > shared.micros
  const by = isShared ? shared : bucket.refusalOf(index, cost, auction.elapsedMs)
  if (by) refuse(auction, by.lack)
  return by !== undefined
}

/** Whether a budget has refused already what the offer costs at least; notes the reason. */
function isKnownBroke(search: Search, { listing, block, offer }: OfferEntry, worth: number): boolean {
  const { auction } = search
  if (auction.request.test) return false
  const own = listing.refusalAt(auction.elapsedMs)
  const shared = sharedRefusal(auction, offer.campaign.sharedScopes)
  if (!own && !shared) return false
  const cost = leastCost(search, block.group, worth)
  const by = [shared, own].find((refusal) => refusal && cost > refusal.micros)
  if (by) refuse(auction, by.lack)
  return by !== undefined
}

/** The earlier refusal of the scope with the least room; undefined where none of the scopes has refused. */
function sharedRefusal({ rooms }: Auction, scopes: readonly Scope[]): HoldRefusal | undefined {
  if (rooms.size === 0) return undefined
  let least: HoldRefusal | undefined
  for (const scope of scopes) {
    const refusal = rooms.get(scope)
    if (refusal && (!least || refusal.micros < least.micros)) least = refusal
  }
  return least
}

/** The least that an offer of this worth can cost, in micros. */
function leastCost(
  { auction, imp, deal, floor, floorRate, leastShade }: Search,
  group: OfferGroup,
  worth: number,
): number {
  const { rate } = auction.currency
  const fixed = deal?.at === FIXED_PRICE ? floorCpm(floor, group.seconds) * (floorRate ?? 1) : 0
  const price = fixed > 0 ? agreedPrice(fixed) : plainPrice(worth * rate * leastShade)
  return costOf(price, rate, imp.multiplier) ?? Number.POSITIVE_INFINITY
}

/** As {@link leastCost}, for offers of any group; 0 where the price is agreed, since that may differ between groups. */
function plainCost({ auction, imp, deal, leastShade }: Search, worth: number): number {
  if (deal?.at === FIXED_PRICE) return 0
  const { rate } = auction.currency
  return costOf(plainPrice(worth * rate * leastShade), rate, imp.multiplier) ?? Number.POSITIVE_INFINITY
}

/** Checks one offer in full: returns its price, or why it cannot bid. */
function consider(search: Search, entry: OfferEntry, worth: number, score: number): Pick | NoBidReason {
  const { auction, imp, deal } = search
  const { offer, block, corner } = entry
  const { campaign } = offer
  const fullPrice = priceIn(search, block.group, worth)
  if (typeof fullPrice === 'string') return fullPrice
  if (search.excluded.includes(campaign.spec.advertiserDomain)) return 'advertiser_in_pod'
  const reason = termsProblem(search, block.group) ?? ownMismatch(auction.request, imp, offer, deal)
  if (reason) return reason
  const shaded = isFirstPrice(search, offer) ? shadedIn(search, offer, block.group, fullPrice) : undefined
  const price = shaded?.price ?? fullPrice
  const cost = costOf(price, auction.currency.rate, imp.multiplier)
  if (cost === undefined) return 'over_budget'
  if (!auction.request.test && isOverShare(search, campaign.scopes, price, cost)) return 'over_request_share'
  const capped = auction.deps.frequencyCaps.refusal(campaign, auction.request)
  if (capped) return capped
  if (
    campaign.isPaced &&
    !auction.request.test &&
    !auction.deps.pacing.takesPart(campaign, auction.request, cost)
  )
    return 'paced'
  const lack = auction.request.test ? undefined : askBudgets(search, entry, cost)
  return lack ?? { offer, deal, price, fullPrice, shade: shaded?.shade, cost, score, order: corner[3] }
}

/** Whether the winner pays what it bids, and one bid is as good as another. A deal's price is agreed between two. */
const isFirstPrice = ({ auction, deal }: Search, { campaign }: Offer): boolean =>
  auction.request.isFirstPrice && deal === undefined && !campaign.spec.roadblock

const MICROS_PER_UNIT = 1_000_000

/** The price to bid instead of the full one: never above it, never below the floor. */
function shadedIn(
  { auction, imp, floor, floorRate = 1 }: Search,
  offer: Offer,
  { seconds }: OfferGroup,
  fullPrice: number,
): { readonly price: number; readonly shade: Shade } {
  const { deps, seat, request, currency } = auction
  const least = floorCpm(floor, seconds) * floorRate
  // A test says what would be bid mostly: it tries nothing.
  if (auction.luck === undefined) auction.luck = request.test ? 1 : deps.shading.luck()
  const bid = {
    worth: fullPrice / MICROS_PER_UNIT / currency.rate,
    floor: Math.min(fullPrice / MICROS_PER_UNIT, least) / currency.rate,
    luck: auction.luck,
  }
  const shade = deps.shading.shade(seat.id, request, imp, offer, bid)
  const price = shade.by < 1 ? Math.max(plainPrice(fullPrice * shade.by), agreedPrice(least)) : fullPrice
  return { price: price > 0 ? Math.min(price, fullPrice) : fullPrice, shade }
}

/** Asks the budgets and returns why they cannot pay. A refusal is remembered for the offers that it also applies to. */
function askBudgets(
  search: Search,
  { listing, offer: { campaign }, block }: OfferEntry,
  cost: Micros,
): Lack | undefined {
  const { auction } = search
  const refusal = auction.deps.auctionBudget.refusal(campaign.scopes, cost, auction.seat)
  if (!refusal) return undefined
  spend(auction, REFUSAL_LOOKS)
  if (refusal.scope === campaign.ownScope) listing.rest(refusal)
  else {
    const scopes = refusal.scope ? [refusal.scope] : campaign.sharedScopes
    for (const scope of scopes) auction.rooms.set(scope, refusal)
    const broke = brokeIn(search, block.group.bucket)
    sieve(search, (one) => one.index >= broke.from || broke.has(one))
  }
  return refusal.lack
}

/** The price of an offer, in CPM micros of the bid's currency, from its worth in our own; or why there is none. */
function priceIn(search: Search, group: OfferGroup, worth: number): number | NoBidReason {
  const { auction, deal, podSeconds } = search
  if (worth <= 0) return 'no_ltv'
  const { seconds } = group
  if (podSeconds !== undefined && seconds > podSeconds) return 'duration'
  const floor = floorCpm(search.floor, seconds)
  if (floor > 0 && search.floorRate === undefined) return 'no_floor_rate'
  const price = priceOf(search, worth * auction.currency.rate, floor * (search.floorRate ?? 1))
  return price ?? (deal ? 'below_deal_floor' : 'below_floor')
}

/**
 * Notes for each campaign why it does not bid, for a caller who asked, until as many are named as may be. The work for
 * this is counted apart.
 */
function explain(search: Search, buckets: readonly Bucket[]): void {
  const { auction } = search
  const { workLeft } = auction
  auction.workLeft = auction.explainLeft
  explainBuckets(search, buckets)
  auction.explainLeft = auction.workLeft
  auction.workLeft = workLeft
}

function explainBuckets(search: Search, buckets: readonly Bucket[]): void {
  const { auction, groupLook, offerLook, ltv } = search
  const look = groupLook + offerLook + REFUSAL_LOOKS
  for (const { blocks } of buckets) {
    for (const { entries, corners } of blocks) {
      for (const [i, entry] of entries.entries()) {
        // With many campaigns and many imps, passing over the others would take far longer than these looks.
        if (auction.workLeft < look || !mayNameMore(auction)) return
        auction.workLeft -= offerLook
        const reason = consider(search, entry, corners.worth(i, ltv), 0)
        if (typeof reason === 'string') refuseCampaign(auction, entry.offer.campaign.id, reason)
        else auction.able?.add(entry.offer.campaign.id)
      }
    }
  }
}

/** Whether a bid would take more than the request's share of a limit. One impression at its plain price never does. */
function isOverShare({ auction }: Search, scopes: readonly Scope[], price: number, cost: Micros): boolean {
  const { maxRequestShare } = auction.deps
  const plain = costOf(price, auction.currency.rate, 1) ?? 0
  return scopes.some((scope) => {
    const held = auction.held.get(scope) ?? 0
    if (held === 0 && cost <= plain) return false
    return scope.limits.some(({ max }) => held + cost > max * maxRequestShare)
  })
}

/**
 * Price of an offer; undefined below the floor.
 * @param worth CPM micros in the bid's currency
 * @param floor CPM units in the bid's currency
 */
function priceOf({ deal }: Search, worth: number, floor: number): number | undefined {
  if (deal?.at !== FIXED_PRICE || floor <= 0) return priceFor(worth, floor)
  const agreed = agreedPrice(floor)
  return worth >= agreed ? agreed : undefined
}
