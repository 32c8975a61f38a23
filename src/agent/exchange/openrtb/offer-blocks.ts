import type { Scope } from '../../../shield/index.ts'
import type { HoldRefusal, Lack } from './auction-budget.ts'
import type { Creative } from './creative.ts'
import type { NoBidReason } from './no-bid.ts'
import type { PreparedCampaign } from './prepared-campaign.ts'
import type { Terms } from './terms.ts'

/** One creative of a campaign in one size: what a bid can be made of. */
export interface Offer {
  readonly campaign: PreparedCampaign
  readonly creative: Creative
  /** `"w":300,"h":250,` for a banner; empty for everything else. */
  readonly sizeJson: string
}

/** Most offers in one block. They are checked one by one when the block may have the best offer. */
const MAX_OFFERS = 32
/** A block with fewer offers than this is merged into its neighbours. */
const MIN_OFFERS = 8

/** A campaign in the index, with the entries of all its offers. */
export class Listing {
  readonly campaign: PreparedCampaign
  readonly entries: OfferEntry[] = []
  /** The refusal of the campaign's own budget; undefined where it may pay. */
  #refusal: HoldRefusal | undefined

  constructor(campaign: PreparedCampaign) {
    this.campaign = campaign
  }

  /** Remembers a refusal of its own budget, which is not asked again until its purse says that there may be more. */
  rest(refusal: HoldRefusal): void {
    const { scope } = refusal
    if (!scope) return
    this.#refusal = refusal
    for (const { block } of this.entries) block.forgetRefused()
    scope.purse.onRoom = () => {
      scope.purse.onRoom = undefined
      this.#refusal = undefined
      for (const { block } of this.entries) block.wake()
    }
  }

  /** The refusal of its own budget, as long as it is true. */
  refusalAt(nowMs: number): HoldRefusal | undefined {
    return this.#refusal && nowMs < this.#refusal.untilMs ? this.#refusal : undefined
  }

  /** Removes its offers from every bucket. */
  remove(): void {
    for (const entry of this.entries.splice(0)) entry.block.group.bucket.remove(entry)
  }
}

/** What the price of an offer depends on, and when it was stored. Blocks are split by these four numbers. */
export type Corner = [microsPerLtv: number, minCpm: number, maxCpm: number, order: number]
const ORDER = 3

/** CPM micros of our own money for a lifetime value. */
export const worthOf = ([microsPerLtv, minCpm, maxCpm]: Readonly<Corner>, ltv: number): number =>
  Math.min(Math.max(ltv * microsPerLtv, minCpm), maxCpm)

/** A list of corners, stored as one array per number: reading one number of all of them is fast. */
class Corners {
  readonly #columns: readonly [number[], number[], number[], number[]] = [[], [], [], []]

  set(index: number, corner: Readonly<Corner>): void {
    for (let i = 0; i <= ORDER; i++) this.#column(i)[index] = corner[i] ?? 0
  }

  swap(one: number, other: number): void {
    for (const column of this.#columns) {
      const before = column[one] ?? 0
      column[one] = column[other] ?? 0
      column[other] = before
    }
  }

  /** Drops the corners from index `length` on. */
  cut(length: number): void {
    for (const column of this.#columns) column.length = length
  }

  at(index: number): Corner {
    const [microsPerLtv, minCpm, maxCpm, order] = this.#columns
    return [microsPerLtv[index] ?? 0, minCpm[index] ?? 0, maxCpm[index] ?? 0, order[index] ?? 0]
  }

  /** CPM micros of our own money for a lifetime value. */
  worth(index: number, ltv: number): number {
    const [microsPerLtv, minCpm, maxCpm] = this.#columns
    return Math.min(Math.max(ltv * (microsPerLtv[index] ?? 0), minCpm[index] ?? 0), maxCpm[index] ?? 0)
  }

  /** Writes the worth of the first `count` corners into a list, which may be longer. */
  worths(ltv: number, into: number[], count: number): void {
    const [microsPerLtv, minCpm, maxCpm] = this.#columns
    for (let i = 0; i < count; i++) {
      const value = ltv * (microsPerLtv[i] ?? 0)
      const least = minCpm[i] ?? 0
      const most = maxCpm[i] ?? 0
      into[i] = value < least ? least : value > most ? most : value
    }
  }

  /** Index, of those given, of the corner that is worth most; the first of several. */
  dearest(ltv: number, of: readonly number[]): number {
    let dearest = of[0] ?? 0
    for (const i of of) {
      if (this.worth(i, ltv) > this.worth(dearest, ltv)) dearest = i
    }
    return dearest
  }

  order(index: number): number {
    return this.#columns[ORDER][index] ?? 0
  }

  /** The order of each corner. A pass over many reads them here. */
  get orders(): readonly number[] {
    return this.#columns[ORDER]
  }

  least(dimension: number): number {
    return Math.min(...this.#column(dimension))
  }

  most(dimension: number): number {
    return Math.max(...this.#column(dimension))
  }

  #column(dimension: number): number[] {
    return this.#columns[dimension] ?? []
  }
}

const combined = (
  [perLtv, min, max, order]: Readonly<Corner>,
  other: Readonly<Corner>,
  pick: (a: number, b: number) => number,
): Corner => [pick(perLtv, other[0]), pick(min, other[1]), pick(max, other[2]), pick(order, other[3])]

/** An offer in its block. */
export class OfferEntry {
  readonly listing: Listing
  readonly offer: Offer
  readonly corner: Readonly<Corner>
  block: Block

  constructor(listing: Listing, offer: Offer, corner: Readonly<Corner>, block: Block) {
    this.listing = listing
    this.offer = offer
    this.corner = corner
    this.block = block
  }
}

/** The offers of a block whose campaigns' own budgets have refused. */
interface RefusedOffers {
  /** Indexes of all other offers. */
  readonly others: readonly number[]
  /** Lower bound of what the refused offers are worth; undefined if there are none. */
  readonly least: Readonly<Corner> | undefined
  /** None of their campaigns can pay more than `micros` before `untilMs`. */
  readonly micros: number
  readonly untilMs: number
  readonly lacks: ReadonlySet<Lack>
}

/** Offers of a group with similar prices. */
export class Block {
  readonly group: OfferGroup
  readonly entries: OfferEntry[] = []
  readonly corners = new Corners()
  /** The split that separates it from its neighbour; undefined for the only block of a group. */
  cut: Cut | undefined
  /** Its index in the lists of the bucket. */
  index = -1
  /** Computed once, until a budget refuses or has room again, or the offers change. */
  #refused: RefusedOffers | undefined

  constructor(group: OfferGroup, cut: Cut | undefined) {
    this.group = group
    this.cut = cut
  }

  add(entry: OfferEntry): void {
    entry.block = this
    this.corners.set(this.entries.push(entry) - 1, entry.corner)
    this.wake()
    this.group.bucket.extended(this, entry.corner)
  }

  /** Replaces its entries by these. */
  fill(entries: readonly OfferEntry[]): void {
    for (const entry of entries) entry.block = this
    this.entries.push(...entries)
    this.wake()
    this.#measure()
  }

  take(entry: OfferEntry): void {
    this.entries.splice(this.entries.indexOf(entry), 1)
    this.#measure()
  }

  empty(): OfferEntry[] {
    return this.entries.splice(0)
  }

  /** The offers that their own budgets have refused: most of a block, where a few campaigns have money left. */
  refusedAt(nowMs: number): RefusedOffers {
    const known = this.#refused
    if (known && nowMs < known.untilMs) return known
    const others: number[] = []
    const lacks = new Set<Lack>()
    let least: Readonly<Corner> | undefined
    let micros = 0
    let untilMs = Number.POSITIVE_INFINITY
    for (const [i, { listing, corner }] of this.entries.entries()) {
      const refusal = listing.refusalAt(nowMs)
      if (!refusal) {
        others.push(i)
        continue
      }
      least = least ? combined(least, corner, Math.min) : corner
      micros = Math.max(micros, refusal.micros)
      untilMs = Math.min(untilMs, refusal.untilMs)
      lacks.add(refusal.lack)
    }
    this.#refused = { others, least, micros, untilMs, lacks }
    return this.#refused
  }

  /** Call when the own budget of one of its campaigns has refused. */
  forgetRefused(): void {
    this.#refused = undefined
  }

  /** Puts the block to rest if the own budgets of all its campaigns have refused. */
  restIfAllRest(nowMs: number): void {
    let most: HoldRefusal | undefined
    let untilMs = Number.POSITIVE_INFINITY
    for (const { listing } of this.entries) {
      const refusal = listing.refusalAt(nowMs)
      if (!refusal) return
      if (!most || refusal.micros > most.micros) most = refusal
      untilMs = Math.min(untilMs, refusal.untilMs)
    }
    this.group.bucket.rested(this, most && { ...most, untilMs })
  }

  wake(): void {
    this.#refused = undefined
    this.group.bucket.rested(this, undefined)
  }

  #measure(): void {
    this.#refused = undefined
    this.entries.forEach(({ corner }, i) => {
      this.corners.set(i, corner)
    })
    this.corners.cut(this.entries.length)
    this.group.bucket.measured(this)
  }
}

/** Splits offers in two: those below `value` in one dimension are in `low`, the others in `high`. */
class Cut {
  readonly dimension: number
  readonly value: number
  low: Cut | Block
  high: Cut | Block
  cut: Cut | undefined

  constructor(block: Block, dimension: number, value: number) {
    this.dimension = dimension
    this.value = value
    this.low = block
    this.high = block
    this.cut = block.cut
  }
}

/** Offers of a bucket with the same terms: if one fails a check of the terms, all of them do. */
export class OfferGroup {
  readonly bucket: Bucket
  readonly terms: Terms
  /** One of the offers; the terms are checked on it for all. */
  readonly example: Offer
  /** The last search that checked the terms; `mismatch` is the result. */
  askedBy = 0
  mismatch: NoBidReason | undefined
  /** The last search in which another group failed on a term that this group shares. */
  failedIn = 0
  #top: Cut | Block

  constructor(bucket: Bucket, terms: Terms, example: Offer) {
    this.bucket = bucket
    this.terms = terms
    this.example = example
    this.#top = this.#newBlock(undefined)
  }

  /** Length of the ad in seconds; 0 for one without a length. */
  get seconds(): number {
    return secondsOf(this.example.creative)
  }

  add(listing: Listing, offer: Offer, order: number): void {
    const { microsPerLtv, spec } = offer.campaign
    const corner: Corner = [microsPerLtv, spec.price.minCpm, spec.price.maxCpm, order]
    const entry = new OfferEntry(listing, offer, corner, this.#blockAt(corner))
    listing.entries.push(entry)
    this.#place(entry)
  }

  /** Returns false when it was the last offer. */
  remove(entry: OfferEntry): boolean {
    const { block } = entry
    block.take(entry)
    if (block.cut && block.entries.length < MIN_OFFERS) this.#dissolve(block, block.cut)
    else if (block.entries.length === 0) {
      this.bucket.closed(block)
      return false
    }
    return true
  }

  #place(entry: OfferEntry): void {
    const block = this.#blockAt(entry.corner)
    block.add(entry)
    if (block.entries.length > MAX_OFFERS) this.#split(block)
  }

  #blockAt(corner: Readonly<Corner>): Block {
    let place = this.#top
    while (place instanceof Cut) place = (corner[place.dimension] ?? 0) < place.value ? place.low : place.high
    return place
  }

  #split(block: Block): void {
    const dimension = widest(block)
    const value = cutOf(block, dimension)
    const cut = new Cut(block, dimension, value)
    this.#replace(block, cut)
    block.cut = cut
    const low = this.#newBlock(cut)
    cut.low = low
    const isLow = ({ corner }: OfferEntry): boolean => (corner[dimension] ?? 0) < value
    const entries = block.empty()
    low.fill(entries.filter(isLow))
    block.fill(entries.filter((entry) => !isLow(entry)))
  }

  /** Removes a block: its neighbour takes over its place and its offers. */
  #dissolve(block: Block, cut: Cut): void {
    const beside = cut.low === block ? cut.high : cut.low
    this.#replace(cut, beside)
    beside.cut = cut.cut
    this.bucket.closed(block)
    for (const entry of block.entries) this.#place(entry)
  }

  #replace(before: Cut | Block, now: Cut | Block): void {
    const above = before.cut
    if (!above) this.#top = now
    else if (above.low === before) above.low = now
    else above.high = now
  }

  #newBlock(cut: Cut | undefined): Block {
    const block = new Block(this, cut)
    this.bucket.opened(block)
    return block
  }
}

export const secondsOf = (creative: Creative): number => ('seconds' in creative ? creative.seconds : 0)

/** The dimension in which the prices of a block differ most, in proportion; the order of storing if they are all equal. */
function widest({ corners }: Block): number {
  let widest = ORDER
  let width = 0
  for (let i = 0; i < ORDER; i++) {
    const most = corners.most(i)
    const share = most === 0 ? 0 : 1 - corners.least(i) / most
    if (share > width) [widest, width] = [i, share]
  }
  return widest
}

/** A value near the middle, so that some offers are below it and some are not. */
function cutOf({ entries, corners }: Block, dimension: number): number {
  const values = entries.map(({ corner }) => corner[dimension] ?? 0).sort((a, b) => a - b)
  const middle = values[values.length >> 1] ?? 0
  if (middle > corners.least(dimension)) return middle
  return values.find((value) => value > middle) ?? middle
}

/** What the resting blocks of a bucket have in common: those whose campaigns have all been refused by their own budgets. */
export interface Resting {
  /** Lower and upper bound of what their offers are worth. */
  readonly least: Readonly<Corner>
  readonly most: Readonly<Corner>
  /** None of their campaigns can pay more than `micros` before `untilMs`. */
  readonly micros: number
  readonly untilMs: number
  readonly lacks: ReadonlySet<Lack>
}

/**
 * The offers of one slot in one country, in blocks. Its lists have first the blocks that are awake, then those that rest
 * because the own budgets of all their campaigns have refused.
 */
export class Bucket {
  readonly blocks: Block[] = []
  /** The group of each block. Read from here, the blocks themselves, which are all over the memory, are not touched. */
  readonly groups: OfferGroup[] = []
  /** Grows with every change of a block's price or place. */
  version = 0
  /** The number of blocks that are awake. */
  awake = 0
  /** Upper and lower bound of what the offers of each block are worth. */
  readonly most = new Corners()
  readonly least = new Corners()
  /** For each resting block: the refusal of the campaign with the most room. */
  readonly #refusals: (HoldRefusal | undefined)[] = []
  /** Cached figures of all blocks and of the resting ones; dropped when a block changes. */
  #cheapest: Readonly<Corner> | undefined
  #resting: Resting | undefined
  readonly #groups = new Map<string, OfferGroup>()
  /** Number of groups by the scopes that pay for them. */
  readonly #payers = new Map<string, number>()

  add(listing: Listing, offer: Offer, terms: Terms, order: number): void {
    let group = this.#groups.get(terms.all)
    if (!group) {
      group = new OfferGroup(this, terms, offer)
      this.#groups.set(terms.all, group)
      this.#payers.set(terms.payers, (this.#payers.get(terms.payers) ?? 0) + 1)
    }
    group.add(listing, offer, order)
  }

  remove(entry: OfferEntry): void {
    const { group } = entry.block
    if (group.remove(entry)) return
    const { all, payers } = group.terms
    this.#groups.delete(all)
    const left = (this.#payers.get(payers) ?? 1) - 1
    if (left > 0) this.#payers.set(payers, left)
    else this.#payers.delete(payers)
  }

  /** The scopes that pay for every offer besides the campaigns' own; undefined where offers differ in them. */
  get payers(): readonly Scope[] | undefined {
    return this.#payers.size === 1 ? this.blocks[0]?.group.example.campaign.sharedScopes : undefined
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0
  }

  /** Whether any block rests. */
  get anyRests(): boolean {
    return this.awake < this.blocks.length
  }

  /** Lower bound of what all offers are worth. */
  get cheapest(): Readonly<Corner> {
    this.#cheapest ??= this.#leastFrom(0)
    return this.#cheapest
  }

  /** What the resting blocks have in common; call it only if {@link anyRests}. */
  get resting(): Resting {
    this.#resting ??= this.#measureResting()
    return this.#resting
  }

  /** The refusal by which no campaign of a resting block can pay `cost` from its own budget; undefined if one may. */
  refusalOf(index: number, cost: number, nowMs: number): HoldRefusal | undefined {
    const refusal = this.#refusals[index]
    return refusal && cost > refusal.micros && nowMs < refusal.untilMs ? refusal : undefined
  }

  rested(block: Block, refusal: HoldRefusal | undefined): void {
    if (!refusal && block.index < this.awake) return
    this.#resting = undefined
    if (refusal && block.index < this.awake) {
      this.awake -= 1
      this.#swap(block.index, this.awake)
    } else if (!refusal) {
      this.#swap(block.index, this.awake)
      this.awake += 1
    }
    this.#refusals[block.index] = refusal
  }

  /** Call after an offer was added to a block. */
  extended({ index, entries }: Block, corner: Readonly<Corner>): void {
    const isFirst = entries.length === 1
    this.least.set(index, isFirst ? corner : combined(this.least.at(index), corner, Math.min))
    this.most.set(index, isFirst ? corner : combined(this.most.at(index), corner, Math.max))
    this.#changed()
  }

  /** Call after the offers of a block have changed. */
  measured({ index, corners }: Block): void {
    this.least.set(index, [corners.least(0), corners.least(1), corners.least(2), corners.least(ORDER)])
    this.most.set(index, [corners.most(0), corners.most(1), corners.most(2), corners.most(ORDER)])
    this.#changed()
  }

  opened(block: Block): void {
    block.index = this.blocks.push(block) - 1
    this.groups.push(block.group)
    this.#refusals[block.index] = undefined
    this.#swap(block.index, this.awake)
    this.awake += 1
  }

  closed(block: Block): void {
    block.wake()
    // The last awake block moves to its index, and the last block of all to that one's.
    this.awake -= 1
    this.#swap(block.index, this.awake)
    const end = this.blocks.length - 1
    this.#swap(this.awake, end)
    this.blocks.length = end
    this.groups.length = end
    this.#refusals.length = end
    this.least.cut(end)
    this.most.cut(end)
    this.#changed()
  }

  #changed(): void {
    this.version += 1
    this.#cheapest = undefined
    this.#resting = undefined
  }

  #measureResting(): Resting {
    const least = this.#leastFrom(this.awake)
    let most = this.most.at(this.awake)
    let micros = 0
    let untilMs = Number.POSITIVE_INFINITY
    const lacks = new Set<Lack>()
    for (let i = this.awake; i < this.blocks.length; i++) {
      most = combined(most, this.most.at(i), Math.max)
      const refusal = this.#refusals[i]
      if (!refusal) continue
      micros = Math.max(micros, refusal.micros)
      untilMs = Math.min(untilMs, refusal.untilMs)
      lacks.add(refusal.lack)
    }
    return { least, most, micros, untilMs, lacks }
  }

  #leastFrom(first: number): Corner {
    let least = this.least.at(first)
    for (let i = first + 1; i < this.blocks.length; i++) least = combined(least, this.least.at(i), Math.min)
    return least
  }

  #swap(one: number, other: number): void {
    const [block, otherBlock] = [this.blocks[one], this.blocks[other]]
    if (one === other || !block || !otherBlock) return
    this.blocks[one] = otherBlock
    this.blocks[other] = block
    this.groups[one] = otherBlock.group
    this.groups[other] = block.group
    otherBlock.index = one
    block.index = other
    const refusal = this.#refusals[one]
    this.#refusals[one] = this.#refusals[other]
    this.#refusals[other] = refusal
    this.version += 1
    this.least.swap(one, other)
    this.most.swap(one, other)
  }
}
