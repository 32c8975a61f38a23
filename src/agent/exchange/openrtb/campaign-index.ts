import type { BannerCreative, Creative } from './creative.ts'
import { type FlexSize, sizeKey, sizeOf } from './imp.ts'
import { Bucket, Listing } from './offer-blocks.ts'
import type { PreparedCampaign } from './prepared-campaign.ts'
import { type Terms, termsOf } from './terms.ts'

/** Slot numbers of offers other than banners; banners are under their {@link sizeKey}. No size has a negative key. */
export const SLOT_KEYS = { video: -1, audio: -2, native: -3 } as const

const EVERYWHERE = ''
const NO_OFFERS: readonly Bucket[] = []

/** Offers by slot and country. */
export class OfferBook {
  readonly #slots = new Map<number, Map<string, Bucket>>()
  #nextOrder = 0

  /** @param terms of the campaign's creatives */
  add(listing: Listing, terms: ReadonlyMap<Creative, Terms>): void {
    const { campaign } = listing
    const countries = countriesOf(campaign)
    for (const [creative, ofCreative] of terms) {
      for (const [slot, sizeJson] of slotsOf(creative)) {
        const offer = { campaign, creative, sizeJson }
        this.#nextOrder += 1
        for (const country of countries)
          this.#bucket(slot, country).add(listing, offer, ofCreative, this.#nextOrder)
      }
    }
  }

  /** Drops the buckets that have no offers any more. */
  tidy(campaign: PreparedCampaign): void {
    const slots = new Set(campaign.creatives.flatMap((creative) => slotsOf(creative).map(([slot]) => slot)))
    for (const slot of slots) {
      const countries = this.#slots.get(slot)
      if (!countries) continue
      for (const country of countriesOf(campaign)) {
        if (countries.get(country)?.isEmpty) countries.delete(country)
      }
      if (countries.size === 0) this.#slots.delete(slot)
    }
  }

  get slotCount(): number {
    return this.#slots.size
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0
  }

  /** The offers that fit a slot in a country. */
  find(slot: number, country: string | undefined): readonly Bucket[] {
    const countries = this.#slots.get(slot)
    if (!countries) return NO_OFFERS
    const everywhere = countries.get(EVERYWHERE)
    const there = country ? countries.get(country) : undefined
    if (!everywhere) return there ? [there] : NO_OFFERS
    return there ? [everywhere, there] : [everywhere]
  }

  /** Yields the {@link sizeKey} of each known banner size that has the ratio and is wide enough. */
  *sizesLike({ widthRatio, heightRatio, minWidth }: FlexSize): Generator<number, void, undefined> {
    for (const slot of this.#slots.keys()) {
      if (slot < 0) continue
      const { w, h } = sizeOf(slot)
      if (w >= minWidth && w * heightRatio === h * widthRatio) yield slot
    }
  }

  #bucket(slot: number, country: string): Bucket {
    const countries = this.#slots.get(slot) ?? new Map<string, Bucket>()
    this.#slots.set(slot, countries)
    const bucket = countries.get(country) ?? new Bucket()
    countries.set(country, bucket)
    return bucket
  }
}

const countriesOf = ({ countries }: PreparedCampaign): readonly string[] =>
  countries.length === 0 ? [EVERYWHERE] : countries

function slotsOf(creative: Creative): (readonly [slot: number, sizeJson: string])[] {
  return creative.kind === 'banner' ? bannerSlots(creative) : [[SLOT_KEYS[creative.kind], '']]
}

const bannerSlots = ({ sizes }: BannerCreative) => [
  ...new Map(sizes.map(({ w, h }) => [sizeKey(w, h), `"w":${w},"h":${h},`])),
]

/** The campaigns of one seat, by the way they bid. */
export interface SeatCampaigns {
  readonly open: OfferBook
  readonly deals: ReadonlyMap<string, OfferBook>
  /** One book for each roadblock campaign, which bids for whole pages. */
  readonly roadblocks: ReadonlyMap<string, OfferBook>
}

/** All campaigns, and for each seat the offers of the active ones. */
export class CampaignIndex {
  readonly #listings = new Map<string, Listing>()
  readonly #seats = new Map<
    string,
    { open: OfferBook; deals: Map<string, OfferBook>; roadblocks: Map<string, OfferBook> }
  >()

  /** Adds a campaign, or replaces the one of the same id. */
  put(campaign: PreparedCampaign): void {
    this.remove(campaign.id)
    const listing = new Listing(campaign)
    this.#listings.set(campaign.id, listing)
    if (campaign.spec.status !== 'active') return
    const terms = termsOf(campaign)
    for (const book of this.#booksFor(campaign)) book.add(listing, terms)
  }

  /** Returns false when there is no campaign with this id. */
  remove(id: string): boolean {
    const listing = this.#listings.get(id)
    if (!listing) return false
    this.#listings.delete(id)
    listing.remove()
    this.#tidy(listing.campaign)
    return true
  }

  get(id: string): PreparedCampaign | undefined {
    return this.#listings.get(id)?.campaign
  }

  get all(): IteratorObject<PreparedCampaign> {
    return this.#listings.values().map(({ campaign }) => campaign)
  }

  get size(): number {
    return this.#listings.size
  }

  seat(seat: string): SeatCampaigns | undefined {
    return this.#seats.get(seat)
  }

  #booksFor({ id, spec }: PreparedCampaign): OfferBook[] {
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

  #tidy(campaign: PreparedCampaign): void {
    const seat = this.#seats.get(campaign.spec.seat)
    if (!seat) return
    const { roadblock, targeting } = campaign.spec
    if (roadblock) seat.roadblocks.delete(campaign.id)
    else if (targeting.deals.length === 0) seat.open.tidy(campaign)
    for (const deal of new Set(roadblock ? [] : targeting.deals)) {
      const book = seat.deals.get(deal)
      book?.tidy(campaign)
      if (book?.isEmpty) seat.deals.delete(deal)
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
