import type { Clock } from '../clock.ts'
import type { Micros } from '../money.ts'
import { type Limit, type LimitSpec, replaceLimits } from './limits.ts'

export type Pause = { readonly is: 'running' } | { readonly is: 'paused'; readonly reason: string }

/** One thing a budget is for, such as `platform:meta`: its limits, and the money held and spent against them. */
export class Scope {
  readonly name: string
  /** ISO 4217; every amount of the scope is in it. */
  readonly currency: string
  pause: Pause = { is: 'running' }
  /** Micros set aside. Invariant: the sum of all open holds on this scope. */
  held = 0
  /** Micros settled since the start, less what was credited. */
  spent = 0
  /** Micros booked although no limit had room for them: bills above the held price or after the release. */
  overdraft = 0
  #limits: readonly Limit[] = []
  readonly #clock: Clock

  constructor(clock: Clock, name: string, currency: string, specs: readonly LimitSpec[]) {
    this.#clock = clock
    this.name = name
    this.currency = currency
    this.setLimits(specs)
  }

  get limits(): readonly Limit[] {
    return this.#limits
  }

  /** Takes effect at once, also below what is already spent; spend is carried over, see {@link replaceLimits}. */
  setLimits(specs: readonly LimitSpec[]): void {
    this.#limits = replaceLimits(this.#clock, this.#limits, specs, this.spent)
  }

  /** Micros that can still be held under every limit; negative when limits were lowered; Infinity without limits. */
  available(nowMs: number): number {
    let room = Number.POSITIVE_INFINITY
    for (const { spec, window } of this.#limits) {
      room = Math.min(room, spec.max - window.sum(nowMs) - this.held)
    }
    return room
  }

  fits(nowMs: number, amount: Micros): boolean {
    for (const { spec, window } of this.#limits) {
      if (window.sum(nowMs) + this.held + amount > spec.max) return false
    }
    return true
  }

  /**
   * Milliseconds until `amount` fits every limit if no hold ends before: exact while none is open. Where the open
   * holds themselves are in the way they are taken as settled now. Infinity when it can never fit.
   */
  reliefInMs(nowMs: number, amount: Micros): number {
    let waitMs = 0
    for (const { spec, window } of this.#limits) {
      const spent = window.sum(nowMs)
      const tooMuch = spent + this.held + amount - spec.max
      if (tooMuch <= 0) continue
      if (amount > spec.max) return Number.POSITIVE_INFINITY
      waitMs = Math.max(waitMs, tooMuch <= spent ? window.reliefInMs(nowMs, tooMuch) : wholeWindowMs(spec))
    }
    return waitMs
  }

  /** Books spend in every window from now on. */
  book(nowMs: number, amount: number): void {
    for (const { window } of this.#limits) window.add(nowMs, amount)
    this.spent += amount
  }

  /** Takes back spend that was booked at `bookedMs` and is proven not to have happened. */
  unbook(nowMs: number, bookedMs: number, amount: number): void {
    for (const { window } of this.#limits) window.remove(nowMs, bookedMs, amount)
    this.spent -= amount
  }
}

function wholeWindowMs(spec: LimitSpec): number {
  switch (spec.kind) {
    case 'sliding':
      return spec.windowMs
    case 'day':
      return 24 * 3_600_000
    case 'lifetime':
      return Number.POSITIVE_INFINITY
  }
}
