import type { Clock } from '../time/clock.ts'
import { SlidingWindow } from './budget/ledger/windows/index.ts'
import type { CallPurse } from './call-purse.ts'
import { type Admission, PRIORITIES, type Priority, type RateLimit } from './rate-limit.ts'

/** The share of a limit (0..1) that only pausing, lowering and bids may use. */
const HEADROOM = 0.1
/** How long a platform's report of its quota is used. */
const READING_MS = 300_000
/** While a platform reports that less than this share (0..1) of its quota is used, a limit with `yields` does not apply. */
const ROOM_SHARE = 0.75
const ADMITTED: Admission = { is: 'admitted' }

/**
 * Limits the API calls of one platform account with the same sliding window as money. When other processes call the
 * account too, each call is also drawn from a purse, and the calls that the store has counted apply.
 */
export class RateLimiter {
  readonly limit: RateLimit
  readonly #clock: Clock
  readonly #window: SlidingWindow
  readonly #purse: CallPurse | undefined
  /** The platform asked for no calls before this time (elapsed ms). */
  #blockedUntilMs = 0
  /** Calls that the platform has counted and we have not: by other users of the account. */
  #unseen = { calls: 0, untilMs: 0 }
  /** Until then (elapsed ms) the platform's report that it has room applies; only for a limit with `yields`. */
  #roomUntilMs = 0

  constructor(clock: Clock, limit: RateLimit, purse?: CallPurse) {
    this.#clock = clock
    this.limit = limit
    this.#purse = purse
    this.#window = new SlidingWindow(limit.windowMs)
  }

  /** Whether a call would be admitted now, without asking the store. Counts nothing. */
  admits(priority: Priority): Admission {
    return this.#admits(priority, this.#isDated(priority))
  }

  /** Admits and counts a call, or refuses it. Waits when the store has to be asked. */
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

  /** Admits and counts a call, or refuses it, without asking the store. */
  take(priority: Priority): Admission {
    const admission = this.admits(priority)
    if (admission.is === 'admitted') this.count()
    return admission
  }

  /** Counts a call that is made even above the limit: pausing and lowering never wait. */
  count(): void {
    this.#window.add(this.#clock.elapsedMs(), 1)
    this.#purse?.spend()
  }

  /** Admits nothing but `lowering` for `afterMs`, as the platform asked. Never shortens the pause in force. */
  block(afterMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#clock.elapsedMs() + afterMs)
  }

  /**
   * Takes the platform's report of the share of its quota that is used (0..1, or above). Calls that it counts beyond ours
   * (by other users of the account, or its web interface) reduce our limit until the next report, at most for five
   * minutes: by then such quotas have decayed.
   */
  observe(usedShare: number): void {
    const nowMs = this.#clock.elapsedMs()
    this.#roomUntilMs = this.limit.yields && usedShare < ROOM_SHARE ? nowMs + READING_MS : 0
    const theirs = Math.ceil(Math.min(1, usedShare) * this.limit.calls)
    const calls = Math.max(0, theirs - this.#counted(nowMs))
    this.#unseen = { calls, untilMs: nowMs + READING_MS }
  }

  /** An estimate of the milliseconds until `calls` more calls are admitted, if nobody else calls. */
  waitMs(calls: number, priority: Priority): number {
    const nowMs = this.#clock.elapsedMs()
    const blockedMs = Math.max(0, this.#blockedUntilMs - nowMs)
    const [most, counted] = [this.#callsFor(priority), this.#counted(nowMs)]
    const tooMany = this.hasRoom ? 0 : counted + this.#unseenAt(nowMs) + calls - most
    if (tooMany <= 0) return blockedMs
    const { windowMs } = this.limit
    const wholeWindows = Math.ceil(tooMany / most) - 1
    const reliefMs = this.#reliefInMs(nowMs, counted, tooMany - wholeWindows * most)
    return Math.max(blockedMs, wholeWindows * windowMs + Math.min(windowMs, reliefMs))
  }

  /** Milliseconds until a counted call leaves the window and the pause of the platform is over; 0 if neither applies. */
  freesInMs(): number {
    const nowMs = this.#clock.elapsedMs()
    const counted = this.#counted(nowMs)
    const reliefMs = counted > 0 ? this.#ownReliefInMs(nowMs, 1) : 0
    const own = Number.isFinite(reliefMs) ? reliefMs : this.limit.windowMs
    return Math.max(0, this.#blockedUntilMs - nowMs, own)
  }

  /** Whether the limit does not apply now, since it has `yields` and the platform reports room. */
  get hasRoom(): boolean {
    return this.#clock.elapsedMs() < this.#roomUntilMs
  }

  /** Whether the platform has asked for a pause that is not over. */
  get isPaused(): boolean {
    return this.#blockedUntilMs > this.#clock.elapsedMs()
  }

  /** Calls left for bids. */
  remaining(): number {
    const nowMs = this.#clock.elapsedMs()
    if (this.isPaused) return 0
    // How much room the platform has is unknown; at least one call.
    const least = this.hasRoom ? 1 : 0
    const left = Math.max(least, this.limit.calls - this.#counted(nowMs) - this.#unseenAt(nowMs))
    return this.#purse ? Math.min(left, this.#purse.available()) : left
  }

  /** @param isDated whether the count of other processes' calls is out of date; then only our own calls count */
  #admits(priority: Priority, isDated: boolean): Admission {
    const nowMs = this.#clock.elapsedMs()
    const blockedMs = priority === 'lowering' ? 0 : this.#blockedUntilMs - nowMs
    const counted = isDated ? this.#window.sum(nowMs) : this.#counted(nowMs)
    const tooMuch = this.hasRoom ? 0 : counted + this.#unseenAt(nowMs) + 1 - this.#callsFor(priority)
    if (blockedMs <= 0 && tooMuch <= 0) return this.#purse?.dry(nowMs) ?? ADMITTED
    const reliefMs = this.#reliefInMs(nowMs, counted, tooMuch)
    const isPlatforms = blockedMs >= (tooMuch > 0 ? reliefMs : 0)
    return { is: 'limited', retryAfterMs: Math.max(blockedMs, reliefMs), ...(isPlatforms && { isPlatforms }) }
  }

  /** Whether a refusal would rest on figures of the store that are out of date; the store must be asked first. */
  #isDated(priority: Priority): boolean {
    const nowMs = this.#clock.elapsedMs()
    if (!this.#purse?.isDated(nowMs)) return false
    return this.#counted(nowMs) + this.#unseenAt(nowMs) >= this.#callsFor(priority)
  }

  /** Calls that count against the limit; those of other processes by the store's last answer. */
  #counted(nowMs: number): number {
    return Math.max(this.#window.sum(nowMs), this.#purse?.used() ?? 0)
  }

  #unseenAt(nowMs: number): number {
    return nowMs < this.#unseen.untilMs ? this.#unseen.calls : 0
  }

  /** Milliseconds until `tooMuch` calls stop counting: ours leave the window, unseen ones end with the report. */
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
    // At least one call, else calls of low priority would wait for ever under a tiny limit.
    return Math.max(1, Math.floor(all * (1 - HEADROOM)))
  }
}
