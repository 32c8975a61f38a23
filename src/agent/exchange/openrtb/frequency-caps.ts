import { hash, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../time/clock.ts'
import type { NoBidReason } from './no-bid.ts'
import type { NoticeKind } from './notice-token.ts'
import type { PreparedCampaign } from './prepared-campaign.ts'
import type { OpenRtbRequest } from './request.ts'
import type { Settlement } from './settle-notice.ts'

/** Bytes that the counts of users may take, and those of one count and of each impression in it. */
const MAX_BYTES = 32 * 1024 * 1024
const BYTES_PER_COUNT = 200
const BYTES_PER_IMPRESSION = 40
/** Most bids that are watched until their hold ends; while there are as many, capped campaigns do not bid. */
const MAX_OPEN = 200_000

/** An impression that a user has seen, or may see: a bid that is open counts until it is lost or its hold ends. */
interface Impression {
  readonly seq: number
  endsMs: number
}

interface OpenBid {
  readonly key: string
  readonly seat: string
  readonly atMs: number
  readonly windowMs: number
  readonly most: number
  readonly dueMs: number
}

/**
 * Counts what each user was shown of each campaign with a cap. A bid counts from when it is made, so that many requests at once do
 * not pass the cap; a loss that is believed, and the end of the hold, take it back. Users are known by a keyed hash alone, whose
 * key is never written down.
 */
export class FrequencyCaps {
  readonly #clock: Clock
  readonly #onEviction: (seat: string) => void
  readonly #secret = randomBytes(16).toString('base64')
  readonly #counts: LRUCache<string, { readonly seat: string; readonly seen: Impression[] }>
  readonly #open = new Map<number, OpenBid>()

  /** @param onEviction called with the seat of a count that was dropped to make room */
  constructor(clock: Clock, onEviction: (seat: string) => void = () => {}, maxBytes = MAX_BYTES) {
    this.#clock = clock
    this.#onEviction = onEviction
    this.#counts = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ seen }) => BYTES_PER_COUNT + seen.length * BYTES_PER_IMPRESSION,
      dispose: ({ seat }, _, why) => {
        if (why === 'evict') this.#onEviction(seat)
      },
    })
  }

  /** Why the cap of a campaign forbids a bid; undefined where it does not, or there is none. */
  refusal(campaign: PreparedCampaign, request: OpenRtbRequest): NoBidReason | undefined {
    const cap = campaign.spec.frequencyCap
    if (!cap) return undefined
    const user = userOf(request)
    if (user === undefined) return cap.withoutId === 'bid' ? undefined : 'no_user_id'
    const nowMs = this.#clock.elapsedMs()
    this.#forgetEnded(nowMs)
    if (this.#open.size >= MAX_OPEN) return 'too_many_open_bids'
    const seen = this.#counts.get(this.#keyOf(campaign.id, user))?.seen ?? []
    const count = seen.filter(({ endsMs }) => endsMs > nowMs).length
    return count >= cap.impressions ? 'frequency_capped' : undefined
  }

  /** Counts a bid that has been made. */
  made(seq: number, campaign: PreparedCampaign, request: OpenRtbRequest, holdMs: number): void {
    const cap = campaign.spec.frequencyCap
    const user = cap && userOf(request)
    if (!cap || user === undefined) return
    const atMs = this.#clock.elapsedMs()
    const open: OpenBid = {
      ...{ key: this.#keyOf(campaign.id, user), seat: campaign.spec.seat, atMs, most: cap.impressions },
      ...{ windowMs: cap.windowSeconds * 1000, dueMs: atMs + holdMs },
    }
    this.#open.set(seq, open)
    this.#count(seq, open, open.dueMs)
  }

  /** Takes back a bid that was not sent. */
  dropped(seq: number): void {
    this.#takeBack(seq)
    this.#open.delete(seq)
  }

  /** Takes what a notice came to: what was won stays counted for the whole time of the cap. */
  heard(seq: number, kind: NoticeKind, { is }: Pick<Settlement, 'is'>): void {
    const open = this.#open.get(seq)
    if (!open) return
    if (kind !== 'loss') this.#count(seq, open, open.atMs + open.windowMs)
    else if (is === 'released') this.#takeBack(seq)
  }

  #count(seq: number, { key, seat, most }: OpenBid, endsMs: number): void {
    const nowMs = this.#clock.elapsedMs()
    const before = this.#counts.get(key)?.seen ?? []
    const others = before.filter((one) => one.endsMs > nowMs && one.seq !== seq)
    // A win that comes after its loss may find the cap used up; more than that need not be known.
    this.#counts.set(key, { seat, seen: [...others, { seq, endsMs }].slice(-most) })
  }

  #takeBack(seq: number): void {
    const open = this.#open.get(seq)
    const count = open && this.#counts.get(open.key)
    if (!open || !count) return
    const seen = count.seen.filter((one) => one.seq !== seq)
    if (seen.length === 0) this.#counts.delete(open.key)
    else this.#counts.set(open.key, { seat: open.seat, seen })
  }

  /** Bids are kept in the order in which they were made; one with a longer hold keeps those behind it for as long. */
  #forgetEnded(nowMs: number): void {
    for (const [seq, { dueMs }] of this.#open) {
      if (dueMs > nowMs) return
      this.#open.delete(seq)
    }
  }

  #keyOf(campaign: string, user: string): string {
    return hash('sha256', `${this.#secret} ${campaign} ${user}`, 'base64').slice(0, 22)
  }
}

/** The first id that the request gives of its user, with its kind. Requests have none where privacy forbids to read it. */
function userOf({ userId, buyerUid, eids, ifa }: OpenRtbRequest): string | undefined {
  if (userId !== undefined) return `user ${userId}`
  if (buyerUid !== undefined) return `buyeruid ${buyerUid}`
  const [eid] = eids
  if (eid) return `eid ${JSON.stringify([eid.source, eid.id])}`
  return ifa === undefined ? undefined : `ifa ${ifa}`
}
