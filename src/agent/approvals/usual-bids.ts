import { LRUCache } from 'lru-cache'
import { atMost } from '../../cache-size.ts'
import type { Micros } from '../../money.ts'

/** Campaigns whose bids are remembered; of more, the one that was bid on longest ago is forgotten. */
const MAX_CAMPAIGNS = 10_000
/** Latest bids of a campaign that are remembered. */
const KEPT = 32
/** Bids that it takes to say what is usual. */
const ENOUGH = 5

/** What was lately bid on each campaign, so that what is far from it is noticed. */
export class UsualBids {
  readonly #byCampaign = new LRUCache<string, Micros[]>(atMost(MAX_CAMPAIGNS))

  /** @param campaign name of the campaign's scope */
  add(campaign: string, bid: Micros): void {
    const bids = this.#byCampaign.get(campaign) ?? []
    if (bids.length === KEPT) bids.shift()
    bids.push(bid)
    this.#byCampaign.set(campaign, bids)
  }

  /** The median; undefined where fewer than five bids are known. */
  median(campaign: string): Micros | undefined {
    const bids = this.#byCampaign.get(campaign) ?? []
    if (bids.length < ENOUGH) return undefined
    return bids.toSorted((a, b) => a - b)[Math.floor(bids.length / 2)]
  }
}
