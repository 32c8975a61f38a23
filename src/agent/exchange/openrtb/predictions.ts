import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../time/clock.ts'
import type { GivenPrediction } from './extension.ts'
import type { OpenRtbRequest } from './request.ts'

/**
 * Kind of a user id: `user.id`, `user.buyeruid`, the device's advertising id, or an id of `user.eids` with its source.
 */
export type IdType = 'user' | 'buyeruid' | 'ifa' | `eid:${string}`

export const isIdType = (text: string): text is IdType => /^(user|buyeruid|ifa|eid:.+)$/.test(text)

export interface PredictionRow extends GivenPrediction {
  readonly idType: IdType
  readonly userId: string
  /** Seconds until the row expires; undefined for a row that does not. */
  readonly ttlSeconds: number | undefined
}

export interface StoredPrediction extends GivenPrediction {
  /** Seconds left until the row expires; undefined for a row that does not. */
  readonly ttlSeconds: number | undefined
}

const DEFAULT_MAX_ROWS = 1_000_000

/**
 * Predicted lifetime values by user. Holds at most `maxRows`; a new row beyond them replaces the one that was not used
 * for longest. The numbers of rows are in typed arrays, so a row costs little more than its key.
 */
export class Predictions {
  readonly #clock: Clock
  readonly #places: LRUCache<string, number>
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
    this.#places = new LRUCache({
      // By size, since with `max` the cache would reserve memory for all rows at once.
      maxSize: maxRows,
      sizeCalculation: () => 1,
      dispose: (place) => {
        this.#free.push(place)
      },
    })
  }

  get size(): number {
    return this.#places.size
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

  /** Keys of all rows, for {@link row}; the least recently used first. */
  keys(): string[] {
    return [...this.#places.rkeys()]
  }

  /** The row of a key; undefined when it does not exist any more. Counts as a use. */
  row(key: string): PredictionRow | undefined {
    const { idType, userId } = readKey(key)
    if (!isIdType(idType)) return undefined
    const stored = this.get(idType, userId)
    return stored && { idType, userId, ...stored }
  }

  /** The prediction for a user id; undefined where there is none. Counts as a use. */
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

  /** Returns false when there was no such row. */
  delete(idType: IdType, userId: string): boolean {
    return this.#places.delete(keyOf(idType, userId))
  }

  /** The prediction for the user of a request: the first row found in the order user, buyeruid, eids, ifa. */
  find({ userId, buyerUid, eids, ifa }: OpenRtbRequest): GivenPrediction | undefined {
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

  #takePlace(): number {
    // At the limit, remove the oldest row first, so that its place is free for the new one.
    if (this.#places.size >= this.#ltv.length) this.#places.pop()
    return this.#free.pop() ?? this.#used++
  }
}

/** Key of a row. The length says where the kind of id ends, so two different pairs never have the same key. */
const keyOf = (idType: IdType, userId: string): string => `${idType.length} ${idType}${userId}`

function readKey(key: string): { idType: string; userId: string } {
  const from = key.indexOf(' ') + 1
  const to = from + Number(key.slice(0, from - 1))
  return { idType: key.slice(from, to), userId: key.slice(to) }
}
