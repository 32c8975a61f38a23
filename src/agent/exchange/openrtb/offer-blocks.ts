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

/** Offers of a block at most: as many are looked at one by one when the block may have the best of them. */
const MAX_OFFERS = 32
/** Below this the offers of a block move to its neighbours. */
const MIN_OFFERS = 8

/** A campaign in the index, with every place its offers have there. */
export class Listing {
  readonly campaign: PreparedCampaign
  readonly entries: OfferEntry[] = []
  /** What its own budget said when it refused; undefined where it may pay. */
  #refusal: HoldRefusal | undefined

  constructor(campaign: PreparedCampaign) {
    this.campaign = campaign
  }

  /** Its own budget has refused. It is not asked again before its purse says that there may be more. */
  rest(refusal: HoldRefusal): void {
    const { scope } = refusal
    if (!scope) return
    this.#refusal = refusal
    scope.purse.onRoom = () => {
      scope.purse.onRoom = undefined
      this.#refusal = undefined
      for (const { block } of this.entries) block.wake()
    }
  }

  /** What its own budget said, while that holds. */
  refusalAt(nowMs: number): HoldRefusal | undefined {
    return this.#refusal && nowMs < this.#refusal.untilMs ? this.#refusal : undefined
  }

  /** Takes its offers out of every bucket. */
  remove(): void {
    for (const entry of this.entries.splice(0)) entry.block.group.bucket.remove(entry)
  }
}

/** By what blocks are cut: CPM micros for each unit of lifetime value, least and highest CPM, and when the offer came. */
export type Corner = [microsPerLtv: number, minCpm: number, maxCpm: number, order: number]
const ORDER = 3

/** CPM micros of our own money for a lifetime value. */
export const worthOf = ([microsPerLtv, minCpm, maxCpm]: Readonly<Corner>, ltv: number): number =>
  Math.min(Math.max(ltv * microsPerLtv, minCpm), maxCpm)

/** Corners side by side: to read one number of all of them costs the processor no search in memory. */
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

  /** Those from `length` on are gone. */
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

  /** Those of the first `count`, into a list that may be longer. */
  worths(ltv: number, into: number[], count: number): void {
    const [microsPerLtv, minCpm, maxCpm] = this.#columns
    for (let i = 0; i < count; i++) {
      const value = ltv * (microsPerLtv[i] ?? 0)
      const least = minCpm[i] ?? 0
      const most = maxCpm[i] ?? 0
      into[i] = value < least ? least : value > most ? most : value
    }
  }

  /** The first of those that are worth most. */
  dearest(ltv: number): number {
    let dearest = 0
    for (let i = 1; i < this.#columns[ORDER].length; i++) {
      if (this.worth(i, ltv) > this.worth(dearest, ltv)) dearest = i
    }
    return dearest
  }

  order(index: number): number {
    return this.#columns[ORDER][index] ?? 0
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

/** Some offers of a group that are alike in price. */
export class Block {
  readonly group: OfferGroup
  readonly entries: OfferEntry[] = []
  readonly corners = new Corners()
  /** What has cut it off from its neighbours; undefined for the only block of a group. */
  cut: Cut | undefined
  /** Its place in the lists of the bucket. */
  index = -1

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

  /** Takes over entries, all of them its own from now on. */
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

  /** Looks whether the own budget of each of its campaigns has refused. */
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
    this.group.bucket.rested(this, undefined)
  }

  #measure(): void {
    this.entries.forEach(({ corner }, i) => {
      this.corners.set(i, corner)
    })
    this.corners.cut(this.entries.length)
    this.group.bucket.measured(this)
  }
}

/** Where offers part: what is below `value` in one dimension lies in `low`, all else in `high`. */
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

/** Offers of a bucket with the same terms: what one of them does not match by them none does. */
export class OfferGroup {
  readonly bucket: Bucket
  readonly terms: Terms
  /** One of them, to ask for all. */
  readonly example: Offer
  /** The search that asked last whether they match, and what it was told. */
  askedBy = 0
  mismatch: NoBidReason | undefined
  /** The last search in which other offers with one of its terms did not match by it. */
  failedIn = 0
  #top: Cut | Block

  constructor(bucket: Bucket, terms: Terms, example: Offer) {
    this.bucket = bucket
    this.terms = terms
    this.example = example
    this.#top = this.#newBlock(undefined)
  }

  /** Of the ad; 0 for one that has no length. */
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

  /** False when it was the last one. */
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

  /** What lies beside a block takes its place, and its offers. */
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

/** The dimension of price whose least and most differ most in proportion; the order of offers that all cost the same. */
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

/** About the middle: something is below it, and something is not. */
function cutOf({ entries, corners }: Block, dimension: number): number {
  const values = entries.map(({ corner }) => corner[dimension] ?? 0).sort((a, b) => a - b)
  const middle = values[values.length >> 1] ?? 0
  if (middle > corners.least(dimension)) return middle
  return values.find((value) => value > middle) ?? middle
}

/** What is true of all blocks of a bucket whose campaigns have been refused by their own budgets. */
export interface Resting {
  /** No offer of them is worth less than the one corner says, or more than the other. */
  readonly least: Readonly<Corner>
  readonly most: Readonly<Corner>
  /** None of their campaigns may pay more before that time. */
  readonly micros: number
  readonly untilMs: number
  readonly lacks: ReadonlySet<Lack>
}

/**
 * Offers of one slot in one country. What an auction reads of all their blocks lies side by side: first the blocks that are
 * awake, then those whose campaigns have all been refused by their own budgets.
 */
export class Bucket {
  readonly blocks: Block[] = []
  /** The number of blocks that are awake. */
  awake = 0
  /** No offer of a block is worth more than the one corner says, or less than the other. */
  readonly most = new Corners()
  readonly least = new Corners()
  /** For each block that rests: what the one of its campaigns with the most room said. */
  readonly #refusals: (HoldRefusal | undefined)[] = []
  /** What is known of all blocks, and of those that rest, until one of them changes. */
  #cheapest: Readonly<Corner> | undefined
  #resting: Resting | undefined
  readonly #groups = new Map<string, OfferGroup>()
  /** How many groups are paid for by the same scopes. */
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

  /** The scopes that pay for all offers beside their campaigns' own; undefined where they are not the same. */
  get payers(): readonly Scope[] | undefined {
    return this.#payers.size === 1 ? this.blocks[0]?.group.example.campaign.sharedScopes : undefined
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0
  }

  /** Whether there is a block whose campaigns have all been refused by their own budgets. */
  get anyRests(): boolean {
    return this.awake < this.blocks.length
  }

  /** No offer is worth less than this corner says. */
  get cheapest(): Readonly<Corner> {
    this.#cheapest ??= this.#leastFrom(0)
    return this.#cheapest
  }

  /** What the blocks that rest have in common; there must be one. */
  get resting(): Resting {
    this.#resting ??= this.#measureResting()
    return this.#resting
  }

  /** Why none of a block's campaigns can pay that much out of its own budget, as far as these have said. */
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

  /** An offer was added to a block. */
  extended({ index, entries }: Block, corner: Readonly<Corner>): void {
    const isFirst = entries.length === 1
    this.least.set(index, isFirst ? corner : combined(this.least.at(index), corner, Math.min))
    this.most.set(index, isFirst ? corner : combined(this.most.at(index), corner, Math.max))
    this.#changed()
  }

  /** The offers of a block have changed. */
  measured({ index, corners }: Block): void {
    this.least.set(index, [corners.least(0), corners.least(1), corners.least(2), corners.least(ORDER)])
    this.most.set(index, [corners.most(0), corners.most(1), corners.most(2), corners.most(ORDER)])
    this.#changed()
  }

  opened(block: Block): void {
    block.index = this.blocks.push(block) - 1
    this.#refusals[block.index] = undefined
    this.#swap(block.index, this.awake)
    this.awake += 1
  }

  closed(block: Block): void {
    block.wake()
    // The last one that is awake takes its place, and the last of all that one's.
    this.awake -= 1
    this.#swap(block.index, this.awake)
    const end = this.blocks.length - 1
    this.#swap(this.awake, end)
    this.blocks.length = end
    this.#refusals.length = end
    this.least.cut(end)
    this.most.cut(end)
    this.#changed()
  }

  #changed(): void {
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
    otherBlock.index = one
    block.index = other
    const refusal = this.#refusals[one]
    this.#refusals[one] = this.#refusals[other]
    this.#refusals[other] = refusal
    this.least.swap(one, other)
    this.most.swap(one, other)
  }
}
