import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Clock } from '../../time/clock.ts'
import type { NoticeKind, SettlementKind } from './openrtb/index.ts'

const MINUTE_MS = 60_000

/** Number of requests of a seat by their result. */
export interface RequestCounts {
  requests: number
  answered: number
  bids: number
  shed: number
  tooLate: number
}

/** Statistics of one seat, since the start and over the last full minute. */
export class SeatStats implements RequestCounts {
  readonly #clock: Clock
  readonly #onMinute: ((requests: number, wallMs: number) => void) | undefined
  readonly #delays: RecordableHistogram = createHistogram({ lowest: 1, highest: 86_400_000, figures: 3 })
  requests = 0
  answered = 0
  bids = 0
  wins = 0
  billed = 0
  losses = 0
  shed = 0
  tooLate = 0
  /** Micros billed for which a budget had no room. */
  overdraft = 0
  #minute = { startMs: 0, requests: 0 }
  #told: RequestCounts = { requests: 0, answered: 0, bids: 0, shed: 0, tooLate: 0 }
  #lastMinute = 0

  /** @param onMinute called with the number of requests of a minute, and the wall clock when it began */
  constructor(clock: Clock, onMinute?: (requests: number, wallMs: number) => void) {
    this.#clock = clock
    this.#onMinute = onMinute
  }

  countRequest(count = 1): void {
    this.requests += count
    const nowMs = this.#clock.elapsedMs()
    if (nowMs - this.#minute.startMs >= MINUTE_MS) this.#turn(nowMs)
    this.#minute.requests += count
  }

  /** Returns the counts since the previous call, so that another process can add them to its own. */
  takeUpdates(): RequestCounts {
    const { requests, answered, bids, shed, tooLate } = this
    const told = this.#told
    this.#told = { requests, answered, bids, shed, tooLate }
    return {
      requests: requests - told.requests,
      answered: answered - told.answered,
      bids: bids - told.bids,
      shed: shed - told.shed,
      tooLate: tooLate - told.tooLate,
    }
  }

  addUpdates({ requests, answered, bids, shed, tooLate }: RequestCounts): void {
    this.countRequest(requests)
    this.answered += answered
    this.bids += bids
    this.shed += shed
    this.tooLate += tooLate
  }

  /** Counts a notice. Returns false for a notice that says nothing new, which is not counted. */
  countNotice(kind: NoticeKind, is: SettlementKind, delayMs: number): boolean {
    if (is === 'duplicate' || is === 'duplicate_other_price' || is === 'raised') return false
    if (is === 'elsewhere' || is === 'too_old' || is === 'test') return false
    this.#delays.record(Math.max(1, Math.round(delayMs)))
    if (is === 'settled' || is === 'settled_late') this.billed += 1
    if (kind === 'win') this.wins += 1
    if (kind === 'loss' && is !== 'contradicted') this.losses += 1
    return true
  }

  /** Requests per second over the last full minute; before there is one, over the present minute. */
  qps(): number {
    const nowMs = this.#clock.elapsedMs()
    if (nowMs - this.#minute.startMs >= MINUTE_MS) this.#turn(nowMs)
    if (this.#lastMinute > 0) return this.#lastMinute / 60
    return this.#minute.requests / Math.max(1, (nowMs - this.#minute.startMs) / 1000)
  }

  /** Percentiles of the milliseconds from bid to notice; undefined before the first notice. */
  delay(): { p50: number; p95: number; p99: number } | undefined {
    if (this.#delays.count === 0) return undefined
    const at = (percent: number) => this.#delays.percentile(percent)
    return { p50: at(50), p95: at(95), p99: at(99) }
  }

  #turn(nowMs: number): void {
    this.#onMinute?.(this.#minute.requests, this.#clock.nowMs() - (nowMs - this.#minute.startMs))
    const full = nowMs - this.#minute.startMs < 2 * MINUTE_MS
    this.#lastMinute = full ? this.#minute.requests : 0
    this.#minute = { startMs: nowMs, requests: 0 }
  }
}
