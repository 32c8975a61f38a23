import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import type { Micros } from '../money.ts'
import {
  DayWindow,
  LifetimeWindow,
  SlidingWindow,
  type Window,
  type WindowEntry,
  type WindowState,
} from './windows/index.ts'

/** A maximum over a window. `timezone` is an IANA name. */
export type LimitSpec =
  | { readonly kind: 'sliding'; readonly windowMs: number; readonly max: Micros }
  | { readonly kind: 'day'; readonly timezone: string; readonly max: Micros }
  | { readonly kind: 'lifetime'; readonly max: Micros }

/** A limit with the spend that counts against it. */
export interface Limit {
  readonly spec: LimitSpec
  readonly window: Window
}

/**
 * Builds the limits that replace `before`. A limit over the same window keeps its spend; a new window is filled from
 * what is known, and where an amount's age is unknown it is taken as young as it can be: a change of limits never
 * frees money.
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
    // Taken out, since two limits that shared one window would each book into it.
    const kept = at < 0 ? undefined : left.splice(at, 1)[0]
    return { spec, window: kept?.window ?? filledWindow(clock, spec, known) }
  })
}

/** The limit of a spec and its window's state, as it was. */
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
