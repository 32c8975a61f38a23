import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { DayWindow } from './day.ts'
import { daySum, type Entry, localDate } from './naive-windows.test-support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Days of 23, 24 and 25 hours, and one that begins at one o'clock because its midnight does not exist. */
const days = [
  ['Europe/Berlin', '2026-03-29T00:00:00+01:00', 23],
  ['Europe/Berlin', '2026-10-25T00:00:00+02:00', 25],
  ['America/New_York', '2026-03-08T00:00:00-05:00', 23],
  ['America/New_York', '2026-11-01T00:00:00-04:00', 25],
  ['America/Santiago', '2026-09-05T00:00:00-04:00', 24],
  ['America/Santiago', '2026-09-06T01:00:00-03:00', 23],
  ['Asia/Kolkata', '2026-06-15T00:00:00+05:30', 24],
  ['UTC', '2026-02-28T00:00:00Z', 24],
] as const

type Step =
  | { readonly is: 'add'; readonly amount: number }
  | { readonly is: 'remove'; readonly which: number }
  | { readonly is: 'pass'; readonly ms: number }
  | { readonly is: 'step the wall clock'; readonly ms: number }

const add = fc.record({ is: fc.constant('add' as const), amount: fc.integer({ min: 1, max: 1_000 }) })
const remove = fc.record({ is: fc.constant('remove' as const), which: fc.nat(50) })
const pass = fc.record({
  is: fc.constant('pass' as const),
  ms: fc.oneof(
    fc.nat(10),
    fc.nat(2 * HOUR),
    fc.nat(30 * HOUR),
    fc.nat(48).map((n) => n * 30 * MINUTE),
  ),
})
const stepWall = fc.record({
  is: fc.constant('step the wall clock' as const),
  ms: fc.integer({ min: -10, max: 10 }).map((hours) => hours * HOUR),
})
const steady = fc.array(fc.oneof(add, remove, pass), { maxLength: 60, size: 'max' })
/** The wall clock is never wrong by a day or more. */
const stepping = fc
  .array(fc.oneof(add, pass, stepWall), { maxLength: 60, size: 'max' })
  .map((steps): Step[] => {
    let wrongMs = 0
    return steps.filter((step) => {
      if (step.is !== 'step the wall clock') return true
      if (Math.abs(wrongMs + step.ms) >= 20 * HOUR) return false
      wrongMs += step.ms
      return true
    })
  })
const starts = fc
  .tuple(fc.constantFrom(...days), fc.integer({ min: -40, max: 30 }))
  .map(([[timezone, midnight], hours]) => ({ timezone, startMs: Date.parse(midnight) + hours * HOUR }))

describe('day window', () => {
  it.each(days)('counts everything until midnight in %s, on %s (%d hours)', (timezone, midnight, hours) => {
    const clock = new FakeClock(Date.parse(midnight))
    const window = new DayWindow(clock, timezone)
    window.add(clock.elapsedMs(), 7)

    expect(window.reliefInMs(clock.elapsedMs(), 7)).toBe(hours * HOUR)
    clock.advance(hours * HOUR - 1)
    expect(window.sum(clock.elapsedMs())).toBe(7)
    expect(window.reliefInMs(clock.elapsedMs(), 7)).toBe(1)
    clock.advance(1)
    expect(window.sum(clock.elapsedMs())).toBe(0)
  })

  it.each(days)('knows how old the day is in %s, on %s', (timezone, midnight, hours) => {
    const clock = new FakeClock(Date.parse(midnight))
    const ages = () => new DayWindow(clock, timezone).ageMs(clock.elapsedMs())

    expect(ages()).toBe(0)
    clock.advance(hours * HOUR - 1)
    expect(ages()).toBe(hours * HOUR - 1)
    clock.advance(1)
    expect(ages()).toBe(0)
  })

  it('is exactly the spend of the calendar date while the wall clock goes as it should', () => {
    fc.assert(
      fc.property(starts, steady, ({ timezone, startMs }, steps) => {
        const clock = new FakeClock(startMs)
        const window = new DayWindow(clock, timezone)
        const log: Entry[] = []
        for (const step of steps) {
          const nowMs = clock.elapsedMs()
          if (step.is === 'pass') clock.advance(step.ms)
          if (step.is === 'add') {
            window.add(nowMs, step.amount)
            log.push({ atMs: nowMs, wallMs: clock.nowMs(), amount: step.amount })
          }
          const entry = step.is === 'remove' ? log[step.which % Math.max(1, log.length)] : undefined
          if (entry) {
            window.remove(nowMs, entry.atMs, entry.amount)
            entry.amount = 0
          }
          assert.equal(window.sum(clock.elapsedMs()), daySum(log, clock.nowMs(), timezone))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('says exactly when an amount will have left, and Infinity for more than there is', () => {
    fc.assert(
      fc.property(
        starts,
        stepping,
        fc.integer({ min: 1, max: 5_000 }),
        ({ timezone, startMs }, steps, wanted) => {
          const clock = new FakeClock(startMs)
          const window = new DayWindow(clock, timezone)
          for (const step of steps) {
            if (step.is === 'pass') clock.advance(step.ms)
            if (step.is === 'add') window.add(clock.elapsedMs(), step.amount)
            if (step.is === 'step the wall clock') clock.stepWall(step.ms)
          }
          const before = window.sum(clock.elapsedMs())
          const waitMs = window.reliefInMs(clock.elapsedMs(), wanted)

          assert.equal(waitMs === Number.POSITIVE_INFINITY, wanted > before)
          if (wanted > before) return
          clock.advance(waitMs - 1)
          assert(window.sum(clock.elapsedMs()) > before - wanted, 'it had left before')
          clock.advance(1)
          assert(window.sum(clock.elapsedMs()) <= before - wanted, 'it has not left')
        },
      ),
      { numRuns: 500 },
    )
  })

  it('frees no amount before its day has ended by the elapsed time, whatever the wall clock does', () => {
    fc.assert(
      fc.property(starts, stepping, ({ timezone, startMs }, steps) => {
        const clock = new FakeClock(startMs)
        const window = new DayWindow(clock, timezone)
        const log: Entry[] = []
        for (const step of steps) {
          if (step.is === 'pass') clock.advance(step.ms)
          if (step.is === 'step the wall clock') clock.stepWall(step.ms)
          const nowMs = clock.elapsedMs()
          const steadyWallMs = startMs + nowMs
          if (step.is === 'add') {
            window.add(nowMs, step.amount)
            log.push({ atMs: nowMs, wallMs: steadyWallMs, amount: step.amount })
          }
          assert(window.sum(nowMs) >= daySum(log, steadyWallMs, timezone))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('frees no amount before its day has ended by the wall clock, whatever steps that takes', () => {
    fc.assert(
      fc.property(starts, stepping, ({ timezone, startMs }, steps) => {
        const clock = new FakeClock(startMs)
        const window = new DayWindow(clock, timezone)
        let log: Entry[] = []
        for (const step of steps) {
          if (step.is === 'pass') clock.advance(step.ms)
          if (step.is === 'step the wall clock') clock.stepWall(step.ms)
          const nowMs = clock.elapsedMs()
          const wallMs = clock.nowMs()
          if (step.is === 'add') {
            window.add(nowMs, step.amount)
            log.push({ atMs: nowMs, wallMs, amount: step.amount })
          }
          const today = localDate(wallMs, timezone)
          log = log.filter((entry) => localDate(entry.wallMs, timezone) >= today)
          const stillToday = log.reduce((sum, { amount }) => sum + amount, 0)
          assert(window.sum(nowMs) >= stillToday)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('frees nothing when the wall clock is set back or forward by hours', () => {
    const clock = new FakeClock(Date.parse('2026-06-15T20:00:00Z'))
    const window = new DayWindow(clock, 'UTC')
    window.add(clock.elapsedMs(), 10)

    clock.stepWall(6 * HOUR)
    expect(window.sum(clock.elapsedMs())).toBe(10)
    expect(window.reliefInMs(clock.elapsedMs(), 1)).toBe(4 * HOUR)
    clock.stepWall(-9 * HOUR)
    expect(window.reliefInMs(clock.elapsedMs(), 1)).toBe(7 * HOUR)
    clock.advance(7 * HOUR - 1)
    expect(window.sum(clock.elapsedMs())).toBe(10)
    clock.advance(1)
    expect(window.sum(clock.elapsedMs())).toBe(0)
  })

  it('keeps the spend of the small hours until the next midnight after a suspended machine wakes up', () => {
    const clock = new FakeClock(Date.parse('2026-06-15T20:00:00Z'))
    const window = new DayWindow(clock, 'UTC')
    clock.stepWall(5 * HOUR)
    window.add(clock.elapsedMs(), 10)

    clock.advance(10 * HOUR)
    expect(new Date(clock.nowMs()).toISOString()).toBe('2026-06-16T11:00:00.000Z')
    expect(window.sum(clock.elapsedMs())).toBe(10)
  })

  it('takes back nothing of a day that has ended', () => {
    const clock = new FakeClock(Date.parse('2026-06-15T23:00:00Z'))
    const window = new DayWindow(clock, 'UTC')
    const addedMs = clock.elapsedMs()
    window.add(addedMs, 10)
    clock.advance(2 * HOUR)
    window.add(clock.elapsedMs(), 4)
    window.remove(clock.elapsedMs(), addedMs, 10)

    expect(window.sum(clock.elapsedMs())).toBe(4)
  })

  it('lists what counts as if it had just been added', () => {
    const clock = new FakeClock()
    const window = new DayWindow(clock, 'UTC')
    expect(window.entries(clock.elapsedMs())).toEqual([])
    window.add(clock.elapsedMs(), 3)
    clock.advance(MINUTE)

    expect(window.entries(clock.elapsedMs())).toEqual([{ ageMs: 0, amount: 3 }])
  })
})
