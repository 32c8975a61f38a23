import type { Clock } from '../clock.ts'
import type { CallPurse } from './call-purse.ts'
import { SlidingWindow } from './windows/index.ts'

/** Who wants to call a platform, most important first. The first two may use the last tenth of a limit. */
export const PRIORITIES = [
  'lowering',
  'bid',
  'read_premium',
  'read',
  'scheduled',
  'retry',
  'backfill',
] as const
export type Priority = (typeof PRIORITIES)[number]

/** A maximum of calls over a sliding window. A call is one HTTP request to the platform. */
export interface RateLimit {
  readonly calls: number
  readonly windowMs: number
}

export type Admission =
  | { readonly is: 'admitted' }
  | { readonly is: 'limited'; readonly retryAfterMs: number }

/** Share of every limit that only pausing, lowering and bids may use. */
const HEADROOM = 0.1
/** How long what a platform says of its quota is believed. */
const READING_MS = 300_000
const ADMITTED: Admission = { is: 'admitted' }

/**
 * API calls of one platform account, in the same conservative window as money. Where other processes call the account too,
 * each call is also drawn from a purse, and what counts is what the store has counted.
 */
export class RateLimiter {
  readonly limit: RateLimit
  readonly #clock: Clock
  readonly #window: SlidingWindow
  readonly #purse: CallPurse | undefined
  /** The platform told us to stay away until this elapsed time. */
  #blockedUntilMs = 0
  /** Calls that the platform has counted and we have not. */
  #unseen = { calls: 0, untilMs: 0 }

  constructor(clock: Clock, limit: RateLimit, purse?: CallPurse) {
    this.#clock = clock
    this.limit = limit
    this.#purse = purse
    this.#window = new SlidingWindow(limit.windowMs)
  }

  /** Whether a call would be admitted now, as far as is known without asking a store; counts nothing. */
  admits(priority: Priority): Admission {
    return this.#admits(priority, this.#isDated(priority))
  }

  /** Counts a call when it is admitted, waiting for the store where it has to be asked. */
  async takeSoon(priority: Priority): Promise<Admission> {
    const sinceMs = this.#clock.elapsedMs()
    if (this.#isDated(priority)) await this.#purse?.refresh()
    for (;;) {
      const admission = this.#admits(priority, false)
      if (admission.is === 'limited') return admission
      const taken = this.#purse?.take(sinceMs)
      if (taken?.is === 'limited') return taken
      if (taken?.is !== 'short') {
        this.#window.add(this.#clock.elapsedMs(), 1)
        return ADMITTED
      }
      await taken.drawn
    }
  }

  /** Counts a call when it is admitted, where no store has to be asked. */
  take(priority: Priority): Admission {
    const admission = this.admits(priority)
    if (admission.is === 'admitted') this.count()
    return admission
  }

  /** Counts a call that is made whatever the limit says: pausing and lowering never wait. */
  count(): void {
    this.#window.add(this.#clock.elapsedMs(), 1)
    this.#purse?.spend()
  }

  /** The platform asked for a pause of `afterMs`; a shorter request than the one in force changes nothing. */
  block(afterMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#clock.elapsedMs() + afterMs)
  }

  /**
   * The platform says what share of its own quota is used (0..1 and above). What it counts beyond our own count (other
   * users of the account, its web interface) is taken off our limit until it says otherwise, or for five minutes, in
   * which such quotas have decayed.
   */
  observe(usedShare: number): void {
    const nowMs = this.#clock.elapsedMs()
    const theirs = Math.ceil(Math.min(1, usedShare) * this.limit.calls)
    const calls = Math.max(0, theirs - this.#counted(nowMs))
    this.#unseen = { calls, untilMs: nowMs + READING_MS }
  }

  /** Calls left for bids. */
  remaining(): number {
    const nowMs = this.#clock.elapsedMs()
    if (this.#blockedUntilMs > nowMs) return 0
    const left = Math.max(0, this.limit.calls - this.#counted(nowMs) - this.#unseenAt(nowMs))
    return this.#purse ? Math.min(left, this.#purse.available()) : left
  }

  /** @param isDated what is known of other processes' calls is old, and does not count */
  #admits(priority: Priority, isDated: boolean): Admission {
    const nowMs = this.#clock.elapsedMs()
    const blockedMs = priority === 'lowering' ? 0 : this.#blockedUntilMs - nowMs
    const counted = isDated ? this.#window.sum(nowMs) : this.#counted(nowMs)
    const tooMuch = counted + this.#unseenAt(nowMs) + 1 - this.#callsFor(priority)
    if (blockedMs <= 0 && tooMuch <= 0) return this.#purse?.dry(nowMs) ?? ADMITTED
    const reliefMs = this.#reliefInMs(nowMs, counted, tooMuch)
    return { is: 'limited', retryAfterMs: Math.max(blockedMs, reliefMs) }
  }

  /** Whether the store would have to say first that a call is too much. */
  #isDated(priority: Priority): boolean {
    const nowMs = this.#clock.elapsedMs()
    if (!this.#purse?.isDated(nowMs)) return false
    return this.#counted(nowMs) + this.#unseenAt(nowMs) >= this.#callsFor(priority)
  }

  /** Calls that count against the limit; of other processes as far as the store has said. */
  #counted(nowMs: number): number {
    return Math.max(this.#window.sum(nowMs), this.#purse?.used() ?? 0)
  }

  #unseenAt(nowMs: number): number {
    return nowMs < this.#unseen.untilMs ? this.#unseen.calls : 0
  }

  /** Until `tooMuch` calls stop counting: our own leave the window, the unseen ones end with their reading. */
  #reliefInMs(nowMs: number, own: number, tooMuch: number): number {
    const byOwn = tooMuch <= own ? this.#ownReliefInMs(nowMs, tooMuch) : Number.POSITIVE_INFINITY
    const unseen = this.#unseenAt(nowMs)
    if (unseen === 0) return byOwn
    const readingMs = this.#unseen.untilMs - nowMs
    return Math.min(byOwn, Math.max(readingMs, this.#ownReliefInMs(nowMs, tooMuch - unseen)))
  }

  #ownReliefInMs(nowMs: number, tooMuch: number): number {
    const ownMs = this.#window.reliefInMs(nowMs, tooMuch)
    return this.#purse ? Math.max(this.#purse.reliefInMs(), Number.isFinite(ownMs) ? ownMs : 0) : ownMs
  }

  #callsFor(priority: Priority): number {
    const all = this.limit.calls
    if (PRIORITIES.indexOf(priority) <= PRIORITIES.indexOf('bid')) return all
    // A limit too small to divide leaves the others one call, or they would wait for ever.
    return Math.max(1, Math.floor(all * (1 - HEADROOM)))
  }
}
