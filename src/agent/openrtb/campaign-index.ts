import type { BannerCreative, Creative } from './creative.ts'
import { type FlexSize, sizeKey, sizeOf } from './imp.ts'
import type { Campaign } from './prepared-campaign.ts'

/** One creative of a campaign in one size: what a bid can be made of. */
export interface Offer {
  readonly campaign: Campaign
  readonly creative: Creative
  /** `"w":300,"h":250,` for a banner; empty for everything else. */
  readonly sizeJson: string
}

/**
 * Offers of one slot, with the numbers of their price rules side by side: the auction reads the prices of all of them
 * before it looks at any closely.
 */
export interface Bucket {
  readonly offers: readonly Offer[]
  readonly microsPerLtv: readonly number[]
  readonly minCpm: readonly number[]
  readonly maxCpm: readonly number[]
}

/** Grows in place: thousands of campaigns may share a slot, and each copy would cost as much as all before it. */
class GrowingBucket implements Bucket {
  offers: Offer[] = []
  microsPerLtv: number[] = []
  minCpm: number[] = []
  maxCpm: number[] = []

  add(offer: Offer): void {
    const { microsPerLtv, spec } = offer.campaign
    this.offers.push(offer)
    this.microsPerLtv.push(microsPerLtv)
    this.minCpm.push(spec.price.minCpm)
    this.maxCpm.push(spec.price.maxCpm)
  }

  remove(campaignId: string): void {
    const kept = new GrowingBucket()
    for (const offer of this.offers) if (offer.campaign.id !== campaignId) kept.add(offer)
    this.offers = kept.offers
    this.microsPerLtv = kept.microsPerLtv
    this.minCpm = kept.minCpm
    this.maxCpm = kept.maxCpm
  }
}

/** Where offers of a kind lie: banners under their {@link sizeKey}, the rest under a number no size has. */
export const SLOT_KEYS = { video: -1, audio: -2, native: -3 } as const

const EVERYWHERE = ''
const NO_OFFERS: readonly Bucket[] = []

/** Offers by slot and country. */
export class OfferBook {
  readonly #slots = new Map<number, Map<string, GrowingBucket>>()

  add(campaign: Campaign): void {
    for (const creative of campaign.creatives) {
      for (const [slot, sizeJson] of slotsOf(creative)) this.#addOffer(slot, { campaign, creative, sizeJson })
    }
  }

  remove(campaign: Campaign): void {
    for (const creative of campaign.creatives) {
      for (const [slot] of slotsOf(creative)) {
        const countries = this.#slots.get(slot)
        if (!countries) continue
        for (const country of countriesOf(campaign)) {
          const bucket = countries.get(country)
          bucket?.remove(campaign.id)
          if (bucket?.offers.length === 0) countries.delete(country)
        }
        if (countries.size === 0) this.#slots.delete(slot)
      }
    }
  }

  get slotCount(): number {
    return this.#slots.size
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0
  }

  /** The offers that a slot in a country can be answered with. */
  find(slot: number, country: string | undefined): readonly Bucket[] {
    const countries = this.#slots.get(slot)
    if (!countries) return NO_OFFERS
    const everywhere = countries.get(EVERYWHERE)
    const there = country ? countries.get(country) : undefined
    if (!everywhere) return there ? [there] : NO_OFFERS
    return there ? [everywhere, there] : [everywhere]
  }

  /** {@link sizeKey} of the banners there are in a ratio. */
  *sizesLike({ widthRatio, heightRatio, minWidth }: FlexSize): Generator<number, void, undefined> {
    for (const slot of this.#slots.keys()) {
      if (slot < 0) continue
      const { w, h } = sizeOf(slot)
      if (w >= minWidth && w * heightRatio === h * widthRatio) yield slot
    }
  }

  #addOffer(slot: number, offer: Offer): void {
    const countries = this.#slots.get(slot) ?? new Map<string, GrowingBucket>()
    this.#slots.set(slot, countries)
    for (const country of countriesOf(offer.campaign)) {
      const bucket = countries.get(country) ?? new GrowingBucket()
      countries.set(country, bucket)
      bucket.add(offer)
    }
  }
}

const countriesOf = ({ countries }: Campaign): readonly string[] =>
  countries.length === 0 ? [EVERYWHERE] : countries

function slotsOf(creative: Creative): (readonly [slot: number, sizeJson: string])[] {
  return creative.kind === 'banner' ? bannerSlots(creative) : [[SLOT_KEYS[creative.kind], '']]
}

const bannerSlots = ({ sizes }: BannerCreative) => [
  ...new Map(sizes.map(({ w, h }) => [sizeKey(w, h), `"w":${w},"h":${h},`])),
]

/** The campaigns of one seat, apart by how they may bid. */
export interface SeatCampaigns {
  readonly open: OfferBook
  readonly deals: ReadonlyMap<string, OfferBook>
  /** One book for each campaign that wants a whole page. */
  readonly roadblocks: ReadonlyMap<string, OfferBook>
}

/** Every campaign, and for each seat the offers of those that are active. */
export class CampaignIndex {
  readonly #campaigns = new Map<string, Campaign>()
  readonly #seats = new Map<
    string,
    { open: OfferBook; deals: Map<string, OfferBook>; roadblocks: Map<string, OfferBook> }
  >()

  /** Adds a campaign, or replaces the one of the same id. */
  put(campaign: Campaign): void {
    this.remove(campaign.id)
    this.#campaigns.set(campaign.id, campaign)
    if (campaign.spec.status === 'active') for (const book of this.#booksFor(campaign)) book.add(campaign)
  }

  /** False when there was none of that id. */
  remove(id: string): boolean {
    const campaign = this.#campaigns.get(id)
    if (!campaign) return false
    this.#campaigns.delete(id)
    this.#unlist(campaign)
    return true
  }

  get(id: string): Campaign | undefined {
    return this.#campaigns.get(id)
  }

  get all(): IterableIterator<Campaign> {
    return this.#campaigns.values()
  }

  get size(): number {
    return this.#campaigns.size
  }

  seat(seat: string): SeatCampaigns | undefined {
    return this.#seats.get(seat)
  }

  #booksFor({ id, spec }: Campaign): OfferBook[] {
    const seat = this.#seats.get(spec.seat) ?? {
      open: new OfferBook(),
      deals: new Map(),
      roadblocks: new Map(),
    }
    this.#seats.set(spec.seat, seat)
    if (spec.roadblock) return [bookIn(seat.roadblocks, id)]
    if (spec.targeting.deals.length === 0) return [seat.open]
    return [...new Set(spec.targeting.deals)].map((deal) => bookIn(seat.deals, deal))
  }

  #unlist(campaign: Campaign): void {
    const seat = this.#seats.get(campaign.spec.seat)
    if (!seat) return
    seat.open.remove(campaign)
    for (const books of [seat.deals, seat.roadblocks]) {
      for (const [key, book] of books) {
        book.remove(campaign)
        if (book.isEmpty) books.delete(key)
      }
    }
    if (seat.open.isEmpty && seat.deals.size === 0 && seat.roadblocks.size === 0) {
      this.#seats.delete(campaign.spec.seat)
    }
  }
}

function bookIn(books: Map<string, OfferBook>, key: string): OfferBook {
  const book = books.get(key) ?? new OfferBook()
  books.set(key, book)
  return book
}
