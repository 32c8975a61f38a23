import type { Clock } from '../../clock.ts'
import type { HoldTerms, Scope } from '../../shield/index.ts'
import type { BidIds } from './bid-ids.ts'
import type { CampaignIndex } from './campaign-index.ts'
import type { Prediction } from './extension.ts'
import type { BidLedger } from './ledger.ts'
import { type NoBidReason, nearer } from './no-bid.ts'
import type { BillingNotice, NoticeTokens } from './notice-token.ts'
import type { BidCurrency, Rates } from './price.ts'
import type { BidRequest } from './request.ts'

/** An exchange's seat with us. */
export interface Seat {
  /** The buyer seat, of `wseat`, `bseat` and `seatbid.seat`. */
  readonly id: string
  readonly hold: HoldTerms
  readonly billOn: BillingNotice
  /** Where notices are sent, up to and without `/win`, `/billing` and `/loss`. */
  readonly noticeUrl: string
}

export interface DecideDeps {
  readonly clock: Clock
  readonly campaigns: CampaignIndex
  readonly ledger: BidLedger
  readonly ids: BidIds
  readonly tokens: NoticeTokens
  /** ISO 4217 code of all budgets and price rules. */
  readonly currency: string
  readonly rates: Rates
  /** Milliseconds of `tmax` that the network is taken to need. */
  readonly networkMarginMs: number
  /** Share of a limit, 0 to 1, that one request may hold; one impression at its plain price may always be held. */
  readonly maxRequestShare: number
  /** The stored prediction for the user of a request. */
  predict(request: BidRequest): Prediction | undefined
  /** The median lifetime value seen at a seat, in currency units; undefined while none was seen. */
  typicalLtv(seat: string): number | undefined
  /** Takes every predicted value into what is typical. */
  recordLtv(seat: string, ltv: number): void
}

/** Where a lifetime value came from: a prediction for this user, or the values seen at the seat. */
export interface Value {
  readonly source: 'ai' | 'fallback'
  /** In currency units; undefined where nothing is known, and the bid is the price rule's minimum. */
  readonly ltv: number | undefined
  readonly confidence: number | undefined
}

/** One request's auction: what its searches share. */
export interface Auction {
  readonly deps: DecideDeps
  readonly seat: Seat
  readonly request: BidRequest
  readonly currency: BidCurrency
  readonly nowMs: number
  /** Advertisers already in a pod, by its id. */
  readonly pods: Map<string, string[]>
  /** Of the whole request; undefined until it is needed. */
  value: Value | undefined
  /** What may still be looked at for this request; see {@link spend}. */
  workLeft: number
  /** Micros this request holds, by scope. */
  readonly held: Map<Scope, number>
  /** Of the imp that is looked at: why each campaign failed; undefined where nobody asked. */
  campaigns: Map<string, NoBidReason> | undefined
  /** Of the imp that is looked at: why its nearest offer failed. */
  reason: NoBidReason | undefined
}

/** Keeps the reason of the offer that came closest. */
export function refuse(auction: Auction, reason: NoBidReason): void {
  auction.reason = nearer(auction.reason, reason)
}

/** Offers and list entries looked at for one request: some ten milliseconds of work at most. */
export const MAX_WORK = 20_000

/** Takes the work from what is left; false, and a reason, when there is none. */
export function spend(auction: Auction, work: number): boolean {
  auction.workLeft -= work
  if (auction.workLeft >= 0) return true
  refuse(auction, 'too_costly')
  return false
}

/** Campaigns that are named to whoever asks why an impression got no bid. */
const MAX_NAMED = 100

export function refuseCampaign(auction: Auction, campaign: string, reason: NoBidReason): void {
  refuse(auction, reason)
  const { campaigns } = auction
  if (campaigns && (campaigns.size < MAX_NAMED || campaigns.has(campaign))) {
    campaigns.set(campaign, nearer(campaigns.get(campaign), reason))
  }
}
