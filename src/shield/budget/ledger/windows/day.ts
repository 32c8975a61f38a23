import type { Clock } from '../../../../time/clock.ts'
import { startOfDay } from '../../../../time/local-day.ts'
import type { Window, WindowEntry, WindowState } from './window.ts'

/**
 * A calendar day in a time zone; everything counts until local midnight.
 *
 * The day ends when both clocks say so: the wall clock, and the wall clock as it stood at construction plus the time
 * elapsed since. What is added while only one of them is past midnight counts for the day that begins as well. So a
 * wall clock that steps by hours, or a machine that was suspended, can only make a day longer, never free money early.
 */
export class DayWindow implements Window {
  readonly #clock: Clock
  readonly #timezone: string
  #wallAtZeroMs: number
  #endsWallMs: number
  #startedMs: number
  #sum: number
  /** The part of the sum that was added after one clock had passed `#endsWallMs`; it counts for the next day too. */
  #carried: number

  constructor(clock: Clock, timezone: string, state?: WindowState & { is: 'day' }) {
    this.#clock = clock
    this.#timezone = timezone
    this.#startedMs = state?.startedMs ?? clock.elapsedMs()
    this.#wallAtZeroMs = state?.wallAtZeroMs ?? clock.nowMs() - this.#startedMs
    this.#endsWallMs = state?.endsWallMs ?? this.#midnightAfter(clock.nowMs())
    this.#sum = state?.sum ?? 0
    this.#carried = state?.carried ?? 0
  }

  sum(nowMs: number): number {
    if (this.#steadyWallMs(nowMs) >= this.#endsWallMs) this.#endDay(nowMs)
    return this.#sum
  }

  add(nowMs: number, amount: number): void {
    this.sum(nowMs)
    this.#sum += amount
    if (Math.max(this.#steadyWallMs(nowMs), this.#clock.nowMs()) >= this.#endsWallMs) this.#carried += amount
  }

  remove(nowMs: number, addedMs: number, amount: number): void {
    this.sum(nowMs)
    if (addedMs >= this.#startedMs) this.#sum -= Math.min(amount, this.#sum)
    this.#carried = Math.min(this.#carried, this.#sum)
  }

  reliefInMs(nowMs: number, amount: number): number {
    if (amount <= 0) return 0
    if (amount > this.sum(nowMs)) return Number.POSITIVE_INFINITY
    const endsMs =
      amount > this.#sum - this.#carried ? this.#midnightAfter(this.#endsWallMs) : this.#endsWallMs
    return endsMs - Math.min(this.#steadyWallMs(nowMs), this.#clock.nowMs())
  }

  entries(nowMs: number): WindowEntry[] {
    const amount = this.sum(nowMs)
    return amount > 0 ? [{ ageMs: 0, amount }] : []
  }

  state(): WindowState {
    return {
      is: 'day',
      wallAtZeroMs: this.#wallAtZeroMs,
      endsWallMs: this.#endsWallMs,
      startedMs: this.#startedMs,
      sum: this.#sum,
      carried: this.#carried,
    }
  }

  /** Call after a time that the elapsed clock did not count, such as a reboot: the day then follows the present wall clock. */
  trustWall(): void {
    this.#wallAtZeroMs = this.#clock.nowMs() - this.#clock.elapsedMs()
  }

  /** Milliseconds since local midnight: an amount older than this does not belong to the present day. */
  ageMs(nowMs: number): number {
    this.sum(nowMs)
    return this.#steadyWallMs(nowMs) - startOfDay(this.#endsWallMs, this.#timezone, -1)
  }

  #steadyWallMs(nowMs: number): number {
    return this.#wallAtZeroMs + nowMs
  }

  #endDay(nowMs: number): void {
    const wallMs = Math.min(this.#clock.nowMs(), this.#steadyWallMs(nowMs))
    if (wallMs < this.#endsWallMs) return
    this.#sum = wallMs < this.#midnightAfter(this.#endsWallMs) ? this.#carried : 0
    this.#carried = 0
    this.#endsWallMs = this.#midnightAfter(wallMs)
    this.#startedMs = nowMs
  }

  #midnightAfter(wallMs: number): number {
    return startOfDay(wallMs, this.#timezone, 1)
  }
}
