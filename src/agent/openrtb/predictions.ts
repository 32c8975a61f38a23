import { LRUCache } from 'lru-cache'
import type { Clock } from '../../clock.ts'
import type { Prediction } from './extension.ts'
import type { BidRequest } from './request.ts'

/** How a user is known: `user.id`, `user.buyeruid`, an id of `user.eids`, or the device's advertising id. */
export type IdType = 'user' | 'buyeruid' | 'ifa' | `eid:${string}`

export const isIdType = (text: string): text is IdType => /^(user|buyeruid|ifa|eid:.+)$/.test(text)

export interface PredictionRow extends Prediction {
  readonly idType: IdType
  readonly userId: string
  /** Seconds the row counts for; for ever where undefined. */
  readonly ttlSeconds: number | undefined
}

export interface StoredPrediction extends Prediction {
  /** Seconds left; undefined for ever. */
  readonly ttlSeconds: number | undefined
}

const DEFAULT_MAX_ROWS = 1_000_000

/**
 * Predicted lifetime values by user. At most `maxRows`; the row not used for longest goes first. The numbers of a row
 * lie in typed arrays, so a row costs little more than its key.
 */
export class Predictions {
  readonly #clock: Clock
  readonly #maxRows: number
  /** Made with the first row: its own book-keeping is written in full at once, and many services store none. */
  #table: LRUCache<string, number> | undefined
  readonly #free: number[] = []
  readonly #ltv: Float64Array
  readonly #confidence: Float64Array
  readonly #endsMs: Float64Array
  #used = 0

  constructor(clock: Clock, maxRows = DEFAULT_MAX_ROWS) {
    this.#clock = clock
    this.#ltv = new Float64Array(maxRows)
    this.#confidence = new Float64Array(maxRows)
    this.#endsMs = new Float64Array(maxRows)
    this.#maxRows = maxRows
  }

  get size(): number {
    return this.#table?.size ?? 0
  }

  put({ idType, userId, ltv, confidence, ttlSeconds }: PredictionRow): void {
    const key = keyOf(idType, userId)
    const place = this.#places.get(key) ?? this.#takePlace()
    this.#ltv[place] = ltv
    this.#confidence[place] = confidence ?? Number.NaN
    this.#endsMs[place] =
      ttlSeconds === undefined ? Number.POSITIVE_INFINITY : this.#clock.elapsedMs() + ttlSeconds * 1000
    this.#places.set(key, place)
  }

  /** Of all rows, for {@link row}; those not used for longest first. */
  keys(): string[] {
    return this.#table ? [...this.#table.rkeys()] : []
  }

  /** The row of a key; undefined when it is gone. Counts as a use. */
  row(key: string): PredictionRow | undefined {
    const { idType, userId } = readKey(key)
    if (!isIdType(idType)) return undefined
    const stored = this.get(idType, userId)
    return stored && { idType, userId, ...stored }
  }

  /** Counts as a use of the row. */
  get(idType: IdType, userId: string): StoredPrediction | undefined {
    const key = keyOf(idType, userId)
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const leftMs = (this.#endsMs[place] ?? 0) - this.#clock.elapsedMs()
    if (leftMs <= 0) {
      this.#places.delete(key)
      return undefined
    }
    const confidence = this.#confidence[place] ?? Number.NaN
    return {
      ltv: this.#ltv[place] ?? 0,
      confidence: Number.isNaN(confidence) ? undefined : confidence,
      ttlSeconds: leftMs === Number.POSITIVE_INFINITY ? undefined : leftMs / 1000,
    }
  }

  /** False when there was no such row. */
  delete(idType: IdType, userId: string): boolean {
    return this.#places.delete(keyOf(idType, userId))
  }

  /** The first row there is for the user of a request, in the order user, buyeruid, eids, ifa. */
  find({ userId, buyerUid, eids, ifa }: BidRequest): Prediction | undefined {
    if (this.size === 0) return undefined
    const known =
      (userId === undefined ? undefined : this.get('user', userId)) ??
      (buyerUid === undefined ? undefined : this.get('buyeruid', buyerUid))
    if (known) return known
    for (const { source, id } of eids) {
      const row = this.get(`eid:${source}`, id)
      if (row) return row
    }
    return ifa === undefined ? undefined : this.get('ifa', ifa)
  }

  get #places(): LRUCache<string, number> {
    this.#table ??= new LRUCache<string, number>({
      max: this.#maxRows,
      dispose: (place) => {
        this.#free.push(place)
      },
    })
    return this.#table
  }

  #takePlace(): number {
    // At the limit the next row pushes out the oldest; making room first frees its place.
    if (this.#places.size >= this.#ltv.length) this.#places.pop()
    return this.#free.pop() ?? this.#used++
  }
}

/** The length tells where the kind of id ends, so two different pairs never share a key. */
const keyOf = (idType: IdType, userId: string): string => `${idType.length} ${idType}${userId}`

function readKey(key: string): { idType: string; userId: string } {
  const from = key.indexOf(' ') + 1
  const to = from + Number(key.slice(0, from - 1))
  return { idType: key.slice(from, to), userId: key.slice(to) }
}
