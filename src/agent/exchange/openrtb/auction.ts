import type { HoldTerms, Scope } from '../../../shield/index.ts'
import type { Clock } from '../../../time/clock.ts'
import type { AuctionBudget, HoldRefusal } from './auction-budget.ts'
import type { BidIds } from './bid-ids.ts'
import type { CampaignIndex } from './campaign-index.ts'
import type { EncryptedPrices } from './encrypted-price.ts'
import type { GivenPrediction } from './extension.ts'
import type { FrequencyCaps } from './frequency-caps.ts'
import type { Imp } from './imp.ts'
import { type NoBidReason, nearer } from './no-bid.ts'
import type { BillingNotice, NoticeTokens } from './notice-token.ts'
import type { Offer } from './offer-blocks.ts'
import type { PreparedCampaign } from './prepared-campaign.ts'
import type { BidCurrency, Rates } from './price.ts'
import type { OpenRtbRequest } from './request.ts'

/** One exchange that may ask for bids. */
export interface Seat {
  /** Id of the seat: `seatbid.seat`, compared with `wseat` and `bseat`. */
  readonly id: string
  readonly hold: HoldTerms
  readonly billOn: BillingNotice
  /** Start of every notice address, up to and without `/win`, `/billing` and `/loss`. */
  readonly noticeUrl: string
  /** How the exchange encrypts prices; undefined where they are plain text. */
  readonly encryptedPrices?: EncryptedPrices | undefined
}

/** Spreads the budgets of campaigns over time. Asked only for paced ones, never for a test. */
export interface Pacing {
  /**
   * Whether the campaign takes its chance to bid on a request; for the same request always the same.
   *
   * @param cost micros that winning would cost at most
   */
  takesPart(campaign: PreparedCampaign, request: OpenRtbRequest, cost: number): boolean
  /** The share of its chances that the campaign takes now. */
  shareOf(campaign: PreparedCampaign): number
}

/** How much of its worth a bid bids, and why. */
export interface Shade {
  /** Share of the worth, above 0 up to 1. */
  readonly by: number
  readonly why: ShadeReason
}
/** `off`: the campaign wants no shading. `learning`: too little is known. `trial`: a price is tried. `learned`: by what is known. */
export const SHADE_REASONS = ['off', 'learning', 'trial', 'learned'] as const
export type ShadeReason = (typeof SHADE_REASONS)[number]

/** Lowers prices where the winner pays what it bid. Prices are CPM units of the budgets' currency. */
export interface Shading {
  /** One random number, from 0 up to 1: whether this impression tries a price, and which. */
  luck(): number
  /** No bid of the seat is shaded to less than this share. */
  leastShade(seat: string): number
  /**
   * @param bid its worth, the lowest price that may be bid (at most the worth), and {@link Shading.luck}; 1 for no trial
   */
  shade(
    seat: string,
    request: OpenRtbRequest,
    imp: Imp,
    offer: Offer,
    bid: { readonly worth: number; readonly floor: number; readonly luck: number },
  ): Shade
  /** A bid is in the answer: what becomes of it will be learned from. */
  made(
    seat: Seat,
    request: OpenRtbRequest,
    imp: Imp,
    offer: Offer,
    bid: { readonly seq: number; readonly price: number; readonly worth: number },
  ): void
  /** The answer with the bid was not sent. */
  dropped(seq: number): void
}

export interface DecideAuctionDeps {
  readonly clock: Clock
  readonly campaigns: CampaignIndex
  readonly auctionBudget: AuctionBudget
  readonly pacing: Pacing
  readonly shading: Shading
  readonly frequencyCaps: FrequencyCaps
  readonly ids: BidIds
  readonly tokens: NoticeTokens
  /** ISO 4217 code of all budgets and price rules. */
  readonly currency: string
  readonly rates: Rates
  /** Milliseconds of `tmax` reserved for the network. */
  readonly networkMarginMs: number
  /** Share of a limit, 0 to 1, that one request may hold. One impression at its plain price is always allowed. */
  readonly maxRequestShare: number
  /** The stored prediction for the user of a request at a seat. */
  predict(request: OpenRtbRequest, seat: string): GivenPrediction | undefined
  /** Median lifetime value seen at a seat, in currency units; undefined while none was seen. */
  typicalLtv(seat: string): number | undefined
  /** Adds a predicted value, in currency units, to the seat's history. */
  recordLtv(seat: string, ltv: number): void
}

/** Source of a lifetime value: a prediction for this user, or the values seen at the seat. */
export interface Value {
  readonly source: 'ai' | 'fallback'
  /** In currency units. Undefined where nothing is known; the bid is then the minimum of the price rule. */
  readonly ltv: number | undefined
  readonly confidence: number | undefined
}

/** State shared by all searches of one request. */
export interface Auction {
  readonly deps: DecideAuctionDeps
  readonly seat: Seat
  readonly request: OpenRtbRequest
  readonly currency: BidCurrency
  /** When the request arrived: `nowMs` by the wall clock, `elapsedMs` by the clock that never goes back. */
  readonly nowMs: number
  readonly elapsedMs: number
  /** Advertisers that already have a bid in a pod, by the pod's id. */
  readonly pods: Map<string, string[]>
  /** {@link Shading.luck} of the present imp; drawn on first use. */
  luck: number | undefined
  /** Value of the whole request; computed on first use. */
  value: Value | undefined
  /** Work left for this request, in plain looks at one offer; see {@link spend}. */
  workLeft: number
  /** Work left for finding out why campaigns did not bid, in the same unit. */
  explainLeft: number
  /** The refusals of shared scopes so far, by scope. */
  readonly rooms: Map<Scope, HoldRefusal>
  /** Micros that this request holds, by scope. */
  readonly held: Map<Scope, number>
  /** Why each campaign does not bid for the present imp; undefined where the caller did not ask. */
  campaigns: Map<string, NoBidReason> | undefined
  /**
   * The campaigns that could bid for the present imp, the one that does among them; undefined where the caller asked only why
   * there is no bid.
   */
  able: Set<string> | undefined
  /** Why the offer that came closest to a bid for the present imp failed. */
  reason: NoBidReason | undefined
}

/** Notes why an offer cannot bid. The reason that stays is that of the offer which came closest to a bid. */
export function refuse(auction: Auction, reason: NoBidReason): void {
  if (auction.reason !== reason) auction.reason = nearer(auction.reason, reason)
}

/** Most work for one request, in plain looks at one offer: about ten milliseconds. */
export const MAX_WORK = 20_000

/**
 * Most work for finding out why campaigns did not bid. The answer names about as many of them, for all imps together, and
 * to write so many takes as long as to look at them.
 */
export const MAX_EXPLAIN_WORK = 5_000

/** Uses up work of the request. Returns false, and notes `too_costly`, when there is not enough left. */
export function spend(auction: Auction, work: number): boolean {
  auction.workLeft -= work
  if (auction.workLeft >= 0) return true
  refuse(auction, 'too_costly')
  return false
}

/** Most campaigns named in the reasons for one imp without a bid. */
const MAX_NAMED = 100

export const mayNameMore = ({ campaigns }: Auction): boolean =>
  campaigns !== undefined && campaigns.size < MAX_NAMED

export function refuseCampaign(auction: Auction, campaign: string, reason: NoBidReason): void {
  refuse(auction, reason)
  auction.campaigns?.set(campaign, nearer(auction.campaigns.get(campaign), reason))
}
