import type { Clock } from '../../clock.ts'
import type { HoldTerms } from '../../shield/index.ts'
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
  /** Of the imp that is looked at: why its nearest offer failed. */
  reason: NoBidReason | undefined
}

/** Keeps the reason of the offer that came closest. */
export function refuse(auction: Auction, reason: NoBidReason): void {
  auction.reason = nearer(auction.reason, reason)
}
