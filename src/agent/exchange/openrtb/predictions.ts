import { hash } from 'node:crypto'
import type { Clock } from '../../../time/clock.ts'
import type { Org } from '../../organisations.ts'
import type { GivenPrediction } from './extension.ts'
import { NO_ROW, PACKED_BYTES, PackedRows, type RowDigest, type RowList } from './packed-rows.ts'
import type { OpenRtbRequest } from './request.ts'

/**
 * Kind of a user id: `user.id`, `user.buyeruid`, the device's advertising id, or an id of `user.eids` with its source.
 */
export type IdType = 'user' | 'buyeruid' | 'ifa' | `eid:${string}`

export const isIdType = (text: string): text is IdType => /^(user|buyeruid|ifa|eid:.+)$/.test(text)

export interface StoredPrediction extends GivenPrediction {
  /** Seconds left until the row expires; undefined for a row that does not. */
  readonly ttlSeconds: number | undefined
}

/** A prediction with what its user is known by; see {@link Predictions.digestOf}. */
export interface PredictionRow extends StoredPrediction {
  readonly digest: RowDigest
}

interface PredictionLimits {
  /** Most rows of an organisation. */
  readonly maxRows: number
  /**
   * Most bytes of the rows of all organisations. By default {@link USUAL_BYTES}, or what one organisation's rows take at most if
   * that is more.
   */
  readonly maxBytes: number | undefined
}

const USUAL_BYTES = 128 * 1024 ** 2

/** Bytes of a row: {@link PACKED_BYTES}, and three numbers of 8 bytes. */
export const PREDICTION_BYTES = PACKED_BYTES + 3 * 8
/** Most extended ids of a request that are looked up. Requests of exchanges have a dozen. */
const MAX_EIDS = 64
const DIGEST_HEX = 32

/**
 * Predicted lifetime values by user, of all organisations. A row takes {@link PREDICTION_BYTES} however long the user's id is, which
 * is not kept: users are known by a keyed digest. One row too many replaces the one that was not used for longest: of its own
 * organisation where that has as many as it may, else of the one with the most rows.
 */
export class PredictionTable {
  readonly maxBytes: number
  readonly #clock: Clock
  readonly #secret: string
  readonly #maxRows: number
  readonly #rows: PackedRows
  readonly #ltv: Float64Array
  readonly #confidence: Float64Array
  readonly #endsMs: Float64Array
  readonly #byOrg = new Map<Org, Predictions>()
  readonly #orgs: Org[] = []

  /** @param secret the same in all processes that tell each other of rows */
  constructor(clock: Clock, secret: string, { maxRows, maxBytes }: PredictionLimits) {
    this.maxBytes = maxBytes ?? Math.max(USUAL_BYTES, maxRows * PREDICTION_BYTES)
    this.#clock = clock
    this.#secret = hash('sha256', `predictions ${secret}`)
    this.#maxRows = maxRows
    const most = Math.floor(this.maxBytes / PREDICTION_BYTES)
    this.#rows = new PackedRows(most)
    this.#ltv = new Float64Array(this.#rows.addColumn(8))
    this.#confidence = new Float64Array(this.#rows.addColumn(8))
    this.#endsMs = new Float64Array(this.#rows.addColumn(8))
  }

  /** Bytes of the rows that there are. */
  get bytes(): number {
    return this.#rows.size * PREDICTION_BYTES
  }

  /** Rows of the organisation that has most. */
  get longest(): number {
    return this.#rows.longest()?.size ?? 0
  }

  /** The predictions of an organisation, those of the operator for undefined. */
  of(org: Org): Predictions {
    const known = this.#byOrg.get(org)
    if (known) return known
    const made = new Predictions(this, org, this.#rows.addList())
    this.#byOrg.set(org, made)
    this.#orgs.push(org)
    return made
  }

  /** All rows, with their organisations. Rows that come or change meanwhile may be among them or not. */
  *all(): Generator<{ readonly org: Org; readonly row: PredictionRow }> {
    for (let place = 1; place <= this.#rows.used; place++) {
      const list = this.#rows.listAt(place)
      const stored = list && this.#read(place)
      if (stored)
        yield { org: this.#orgs[list.number - 1], row: { digest: this.#rows.digestAt(place), ...stored } }
    }
  }

  /** What a user of an organisation is known by. The length says where the kind of id ends, so no two pairs have the same text. */
  digestOf(org: Org, idType: IdType, userId: string): RowDigest {
    const text = `${this.#secret} ${org ?? ''} ${idType.length} ${idType}${userId}`
    return hash('sha256', text).slice(0, DIGEST_HEX)
  }

  put(list: RowList, { digest, ltv, confidence, ttlSeconds }: PredictionRow): void {
    const place = this.#placeFor(list, digest)
    this.#ltv[place] = ltv
    this.#confidence[place] = confidence ?? Number.NaN
    this.#endsMs[place] =
      ttlSeconds === undefined ? Number.POSITIVE_INFINITY : this.#clock.elapsedMs() + ttlSeconds * 1000
  }

  /** Counts as a use. */
  get(list: RowList, digest: RowDigest): StoredPrediction | undefined {
    const place = this.#rows.find(digest)
    if (place === NO_ROW) return undefined
    const stored = this.#read(place)
    if (stored) this.#rows.touch(list, place)
    else this.#rows.remove(list, place)
    return stored
  }

  delete(list: RowList, digest: RowDigest): boolean {
    const place = this.#rows.find(digest)
    if (place !== NO_ROW) this.#rows.remove(list, place)
    return place !== NO_ROW
  }

  /** The row at a place; undefined where its time is over. */
  #read(place: number): StoredPrediction | undefined {
    const leftMs = (this.#endsMs[place] ?? 0) - this.#clock.elapsedMs()
    if (leftMs <= 0) return undefined
    const confidence = this.#confidence[place] ?? Number.NaN
    return {
      ltv: this.#ltv[place] ?? 0,
      confidence: Number.isNaN(confidence) ? undefined : confidence,
      ttlSeconds: leftMs === Number.POSITIVE_INFINITY ? undefined : leftMs / 1000,
    }
  }

  #placeFor(list: RowList, digest: RowDigest): number {
    const rows = this.#rows
    const known = rows.find(digest)
    if (known !== NO_ROW) {
      rows.touch(list, known)
      return known
    }
    if (list.size >= this.#maxRows) rows.remove(list, list.oldest)
    else if (rows.size >= rows.most) {
      const longest = rows.longest() ?? list
      rows.remove(longest, longest.oldest)
    }
    return rows.add(list, digest)
  }
}

/** The predictions of one organisation. */
export class Predictions {
  readonly #table: PredictionTable
  readonly #org: Org
  readonly #list: RowList

  constructor(table: PredictionTable, org: Org, list: RowList) {
    this.#table = table
    this.#org = org
    this.#list = list
  }

  get size(): number {
    return this.#list.size
  }

  /** What a user is known by. */
  digestOf(idType: IdType, userId: string): RowDigest {
    return this.#table.digestOf(this.#org, idType, userId)
  }

  put(row: PredictionRow): void {
    this.#table.put(this.#list, row)
  }

  /** The prediction for a user id; undefined where there is none. Counts as a use. */
  get(idType: IdType, userId: string): StoredPrediction | undefined {
    // Without rows a request's ids need no digests.
    if (this.size === 0) return undefined
    return this.#table.get(this.#list, this.digestOf(idType, userId))
  }

  /** Returns false when there was no such row. */
  delete(digest: RowDigest): boolean {
    return this.#table.delete(this.#list, digest)
  }

  /** The prediction for the user of a request: the first row found in the order user, buyeruid, eids, ifa. */
  find({ userId, buyerUid, eids, ifa }: OpenRtbRequest): GivenPrediction | undefined {
    if (this.size === 0) return undefined
    const known =
      (userId === undefined ? undefined : this.get('user', userId)) ??
      (buyerUid === undefined ? undefined : this.get('buyeruid', buyerUid))
    if (known) return known
    for (let at = 0; at < eids.length && at < MAX_EIDS; at++) {
      const eid = eids[at]
      const row = eid && this.get(`eid:${eid.source}`, eid.id)
      if (row) return row
    }
    return ifa === undefined ? undefined : this.get('ifa', ifa)
  }
}
