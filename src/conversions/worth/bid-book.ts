/** A bid that spent money, as conversions are joined to it. */
export interface BoughtBy {
  /** When it was decided: wall-clock ms. */
  readonly atMs: number
  readonly platform: string
  readonly campaignId: string
  readonly source: BidSource
  /** In which the bid was placed. */
  readonly currency: string
}

/** Whether the value of a bid was predicted or is that of the fallback. */
export const BID_SOURCES = ['ai', 'fallback'] as const
export type BidSource = (typeof BID_SOURCES)[number]

/**
 * What is known of a bid. `open`: it may still come to nothing; `bought` is what it counts as until then. `no_spend`: it
 * bought nothing. `unknown`: no decision of this id is kept here.
 */
export type BidFound =
  | { readonly is: 'bought'; readonly bought: BoughtBy }
  | { readonly is: 'open'; readonly bought: BoughtBy | undefined }
  | { readonly is: 'no_spend' | 'unknown' }

/** What bids of one campaign and source spent. */
export interface SpendOfBids {
  readonly platform: string
  readonly campaignId: string
  /** Null where it was not recorded. */
  readonly source: BidSource | null
  readonly currency: string
  readonly micros: number
  readonly bids: number
  /** Those of `bids` of which nobody can say whether the platform placed them. */
  readonly unknown: number
}

export interface SpendOfBidsPage {
  readonly spends: readonly SpendOfBids[]
  /** Where the next page begins; undefined after the last. */
  readonly nextMs: number | undefined
  /** Bids before this time may have been forgotten already; undefined where none ever was. */
  readonly keptFromMs: number | undefined
}

/** The bids of this service, as conversions see them. */
export interface BidBook {
  /** Whether other processes bid too, of whose bids nothing is known here. */
  readonly isPartial: boolean
  /** Looks up a bid of an organisation; one of another is unknown. Rejects while the records cannot be read. */
  find(orgId: number, bidId: string): Promise<BidFound>
  /** What an organisation's bids of a time span spent, in pages. Rejects while the records cannot be read. */
  spentPage(orgId: number, fromMs: number, toMs: number): Promise<SpendOfBidsPage>
}
