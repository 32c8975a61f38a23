import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../../time/clock.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type { LimitStanding } from '../protocol/store.ts'
import {
  DayWindow,
  LifetimeWindow,
  SlidingWindow,
  type Window,
  type WindowEntry,
  type WindowState,
} from './windows/index.ts'

/** A limit with the spend that counts against it. */
export interface Limit {
  readonly spec: LimitSpec
  readonly window: Window
}

/**
 * Builds the limits that replace `before`. A limit over the same window keeps its spend. A new window is filled with the
 * spend that the old windows know; where the age of an amount is unknown, the youngest possible age is used. So a change
 * of limits never frees money.
 *
 * @param totalSpent everything ever spent in the scope, in micros
 */
export function replaceLimits(
  clock: Clock,
  before: readonly Limit[],
  specs: readonly LimitSpec[],
  totalSpent: number,
): Limit[] {
  const nowMs = clock.elapsedMs()
  const known = history(before, nowMs, totalSpent)
  const left = [...before]
  return specs.map((spec) => {
    const at = left.findIndex((limit) => isDeepStrictEqual(windowOf(limit.spec), windowOf(spec)))
    // Removed from the list: two limits that shared one window would each add the same spend to it.
    const kept = at < 0 ? undefined : left.splice(at, 1)[0]
    return { spec, window: kept?.window ?? filledWindow(clock, spec, known) }
  })
}

/** Rebuilds a limit from its spec and the saved state of its window. */
export function restoreLimit(clock: Clock, spec: LimitSpec, state: WindowState): Limit {
  if (spec.kind === 'sliding' && state.is === 'sliding') {
    return { spec, window: new SlidingWindow(spec.windowMs, state) }
  }
  if (spec.kind === 'day' && state.is === 'day') {
    return { spec, window: new DayWindow(clock, spec.timezone, state) }
  }
  assert(spec.kind === 'lifetime' && state.is === 'lifetime', `a ${spec.kind} limit has a ${state.is} window`)
  return { spec, window: new LifetimeWindow(state) }
}

function windowOf({ max: _, ...window }: LimitSpec): object {
  return window
}

/** All spend as entries with the youngest possible age, oldest first. */
function history(limits: readonly Limit[], nowMs: number, totalSpent: number): WindowEntry[] {
  let longestMs = 0
  let entries: WindowEntry[] = []
  for (const { spec, window } of limits) {
    if (spec.kind !== 'sliding' || spec.windowMs <= longestMs) continue
    longestMs = spec.windowMs
    entries = window.entries(nowMs)
  }
  const older = totalSpent - entries.reduce((total, entry) => total + entry.amount, 0)
  return older > 0 ? [{ ageMs: longestMs, amount: older }, ...entries] : entries
}

function filledWindow(clock: Clock, spec: LimitSpec, entries: readonly WindowEntry[]): Window {
  const nowMs = clock.elapsedMs()
  switch (spec.kind) {
    case 'sliding': {
      const window = new SlidingWindow(spec.windowMs)
      for (const { ageMs, amount } of entries) {
        if (ageMs <= spec.windowMs) window.add(nowMs - ageMs, amount)
      }
      return window
    }
    case 'day': {
      const window = new DayWindow(clock, spec.timezone)
      const dayAgeMs = window.ageMs(nowMs)
      for (const { ageMs, amount } of entries) {
        if (ageMs <= dayAgeMs) window.add(nowMs, amount)
      }
      return window
    }
    case 'lifetime': {
      const window = new LifetimeWindow()
      for (const { amount } of entries) window.add(nowMs, amount)
      return window
    }
  }
}

/** The limits in order, each with the spend that counts against it. */
export const limitStandings = (limits: readonly Limit[], nowMs: number): LimitStanding[] =>
  limits.map(({ spec, window }) => {
    const spent = window.sum(nowMs)
    return {
      spec,
      spent,
      nextReliefMs: spent > 0 ? window.reliefInMs(nowMs, 1) : Number.POSITIVE_INFINITY,
    }
  })

/**
 * Milliseconds until `wanted` could be granted if no owner returns money; Infinity for never.
 *
 * @param promised outstanding grants and forfeits that are not booked yet
 */
export function reliefInMs(
  limits: readonly Limit[],
  nowMs: number,
  promised: number,
  wanted: number,
): number {
  let waitMs = 0
  for (const { spec, window } of limits) {
    const spent = window.sum(nowMs)
    const tooMuch = spent + promised + wanted - spec.max
    if (tooMuch <= 0) continue
    if (wanted > spec.max) return Number.POSITIVE_INFINITY
    waitMs = Math.max(waitMs, tooMuch <= spent ? window.reliefInMs(nowMs, tooMuch) : wholeWindowMs(spec))
  }
  return waitMs
}

/** The wait in milliseconds while promised money takes up the room: as if all of it were spent now. */
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
