/** A bid that spent money, as conversions are joined to it. */
export interface BoughtBy {
  /** When it was decided (Unix time in ms). */
  readonly atMs: number
  readonly platform: string
  readonly campaignId: string
  readonly source: BidSource
  /** The currency in which the bid was placed. */
  readonly currency: string
}

/** Whether the value behind a bid was predicted, or came from the fallback. */
export const BID_SOURCES = ['ai', 'fallback'] as const
export type BidSource = (typeof BID_SOURCES)[number]

/**
 * What is known of a bid. `open`: its outcome is not final; `bought` is how it counts until then. `no_spend`: it spent
 * nothing. `unknown`: no decision with this id is stored here.
 */
export type BidFound =
  | { readonly is: 'bought'; readonly bought: BoughtBy }
  | { readonly is: 'open'; readonly bought: BoughtBy | undefined }
  | { readonly is: 'no_spend' | 'unknown' }

/** The spend of the bids of one campaign and source. */
export interface SpendOfBids {
  readonly platform: string
  readonly campaignId: string
  /** Null if it was not recorded. */
  readonly source: BidSource | null
  readonly currency: string
  readonly micros: number
  readonly bids: number
  /** How many of `bids` have an unknown outcome. */
  readonly unknown: number
}

export interface SpendOfBidsPage {
  readonly spends: readonly SpendOfBids[]
  /** Where the next page begins; undefined after the last one. */
  readonly nextMs: number | undefined
  /** Decisions from before this time may have been deleted; undefined if none ever was. */
  readonly keptFromMs: number | undefined
}

/** The bids of this service, as conversions are joined to them. */
export interface BidBook {
  /** Whether other processes place bids too, which are not known here. */
  readonly isPartial: boolean
  /**
   * Looks up a bid of an organisation; a bid of another organisation is `unknown`. Rejects while the records cannot be
   * read.
   */
  find(orgId: number, bidId: string): Promise<BidFound>
  /** The spend of an organisation's bids in a time span, page by page. Rejects while the records cannot be read. */
  spentPage(orgId: number, fromMs: number, toMs: number): Promise<SpendOfBidsPage>
}
