import type { Block, Bucket, OfferGroup } from './offer-blocks.ts'

/** Whether a block of a group is known to have no offer that can bid. */
type IsUseless = (block: Block, group: OfferGroup) => boolean

/** Which blocks are compared, and how their score is computed. */
export interface Measure {
  /** How many blocks of the bucket are compared, from the first on. */
  readonly count: number
  readonly ltv: number
  /** Whether the score is the worth of one second of an offer instead of the whole. */
  readonly perSecond: boolean
}

/**
 * The blocks of one bucket by score, highest first. Of two with the same score, the one with the earliest offer comes
 * first. A heap that is filled anew for each bucket.
 */
export class BlockQueue {
  readonly #blocks: Block[] = []
  readonly #scores: number[] = []
  /** The score of each block of {@link #scored}. */
  readonly #ofAll: number[] = []
  /** What was computed last. Most searches ask several times, and searches for other impressions of a request once more. */
  #scored: (Measure & { readonly bucket: Bucket; readonly version: number }) | undefined

  /** Fills the queue with the one block of the highest score that is not useless. Returns the highest score of the others. */
  lead(bucket: Bucket, measure: Measure, isUseless: IsUseless): number {
    this.clear()
    const { blocks, groups } = bucket
    const { orders } = bucket.least
    const scores = this.#scoresOf(bucket, measure)
    let first = -1
    let order = Number.POSITIVE_INFINITY
    let score = Number.NEGATIVE_INFINITY
    let next = Number.NEGATIVE_INFINITY
    for (let i = 0; i < measure.count; i++) {
      const own = scores[i] ?? 0
      if (own < score || (own === score && (orders[i] ?? 0) > order)) {
        if (own > next) next = own
        continue
      }
      const block = blocks[i]
      const group = groups[i]
      if (!block || !group || isUseless(block, group)) continue
      next = score
      first = i
      order = orders[i] ?? 0
      score = own
    }
    this.#push(blocks[first], score)
    return next
  }

  /**
   * Fills the queue with the blocks that are not useless and whose score is higher than `above`, or the same with an
   * offer that came before `order`.
   */
  fill(
    bucket: Bucket,
    measure: Measure,
    { above, order }: { readonly above: number; readonly order: number },
    isUseless: IsUseless,
  ): void {
    this.clear()
    const { blocks, groups } = bucket
    const { orders } = bucket.least
    const scores = this.#scoresOf(bucket, measure)
    for (let i = 0; i < measure.count; i++) {
      const score = scores[i] ?? 0
      if (score < above || (score === above && (orders[i] ?? 0) >= order)) continue
      const block = blocks[i]
      const group = groups[i]
      if (block && group && !isUseless(block, group)) this.#push(block, score)
    }
    this.#order()
  }

  get size(): number {
    return this.#blocks.length
  }

  /** The block with the highest score. */
  get first(): Block | undefined {
    return this.#blocks[0]
  }

  /** The score of {@link first}. */
  get firstScore(): number {
    return this.#scores[0] ?? 0
  }

  removeFirst(): void {
    const block = this.#blocks.pop()
    const score = this.#scores.pop()
    if (!block || score === undefined || this.#blocks.length === 0) return
    this.#blocks[0] = block
    this.#scores[0] = score
    this.#sink(0)
  }

  /** Removes all useless blocks; returns how many. */
  drop(isUseless: (block: Block) => boolean): number {
    const blocks = this.#blocks.splice(0)
    const scores = this.#scores.splice(0)
    blocks.forEach((block, i) => {
      if (!isUseless(block)) this.#push(block, scores[i] ?? 0)
    })
    const dropped = blocks.length - this.#blocks.length
    if (dropped > 0) this.#order()
    return dropped
  }

  clear(): void {
    this.#blocks.length = 0
    this.#scores.length = 0
  }

  /** The score of each block. The list is used again by the next call. */
  #scoresOf(bucket: Bucket, { count, ltv, perSecond }: Measure): readonly number[] {
    const scores = this.#ofAll
    const { blocks, most, version } = bucket
    const last = this.#scored
    if (
      last?.bucket === bucket &&
      last.version === version &&
      last.count >= count &&
      last.ltv === ltv &&
      last.perSecond === perSecond
    )
      return scores
    this.#scored = { bucket, version, count, ltv, perSecond }
    most.worths(ltv, scores, count)
    for (let i = 0; perSecond && i < count; i++) {
      scores[i] = (scores[i] ?? 0) / (blocks[i]?.group.seconds ?? 1)
    }
    return scores
  }

  #push(block: Block | undefined, score: number): void {
    if (!block) return
    this.#blocks.push(block)
    this.#scores.push(score)
  }

  #order(): void {
    for (let i = (this.#blocks.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      let first = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.#isBefore(child, first)) first = child
      if (first === at) return
      this.#swap(at, first)
      at = first
    }
  }

  #swap(one: number, other: number): void {
    const [blocks, scores] = [this.#blocks, this.#scores]
    const [block, score] = [blocks[one], scores[one]]
    const [otherBlock, otherScore] = [blocks[other], scores[other]]
    if (!block || !otherBlock) return
    blocks[one] = otherBlock
    blocks[other] = block
    scores[one] = otherScore ?? 0
    scores[other] = score ?? 0
  }

  #isBefore(one: number, other: number): boolean {
    const [block, otherBlock] = [this.#blocks[one], this.#blocks[other]]
    if (!block || !otherBlock) return false
    const [score, otherScore] = [this.#scores[one] ?? 0, this.#scores[other] ?? 0]
    return score === otherScore ? firstOrder(block) < firstOrder(otherBlock) : score > otherScore
  }
}

export const firstOrder = ({ index, group: { bucket } }: Block): number => bucket.least.order(index)
