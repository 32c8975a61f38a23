import { strict as assert } from 'node:assert'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, slotSum, trueSum } from './naive-windows.test-support.ts'
import { SlidingWindow } from './sliding.ts'

/** Windows with whole and with fractional slots, some of whose ends a double cannot hold exactly. */
const windows = fc.constantFrom(600, 1_000, 10_000, 12_345, 60_000, 600_000)

type Step =
  | { readonly is: 'add'; readonly amount: number }
  | { readonly is: 'remove'; readonly which: number; readonly amount: number }
  | { readonly is: 'pass'; readonly ms: number }

/** Steps of time cluster where a ring can go wrong: within a slot, on its edge, around a whole window. */
const stepsFor = (windowMs: number): fc.Arbitrary<Step[]> => {
  const slotMs = Math.ceil(windowMs / 600)
  const around = (ms: number) => fc.integer({ min: Math.max(0, ms - 2), max: ms + 2 })
  // Eighths are exact in a double, so the log's arithmetic stays exact.
  const eighths = fc.integer({ min: 0, max: 16 * slotMs }).map((n) => n / 8)
  const pass = fc.oneof(
    fc.integer({ min: 0, max: 2 * slotMs }),
    eighths,
    around(slotMs),
    fc.integer({ min: 0, max: windowMs }),
    around(windowMs),
    around(windowMs + slotMs),
    fc.integer({ min: 0, max: 5 * windowMs }),
  )
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('add' as const), amount: fc.nat(1_000) }) },
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constant('remove' as const), which: fc.nat(100), amount: fc.nat(1_000) }),
    },
    { weight: 5, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: pass }) },
  )
  return fc.array(step, { minLength: 1, maxLength: 120, size: 'max' })
}

const histories = windows.chain((windowMs) => fc.tuple(fc.constant(windowMs), stepsFor(windowMs)))

/** A window and the exact log of the same steps. */
function createPair(windowMs: number) {
  const window = new SlidingWindow(windowMs)
  const log: Entry[] = []
  let nowMs = 0
  return {
    window,
    log,
    nowMs: () => nowMs,
    take(step: Step): void {
      if (step.is === 'pass') nowMs += step.ms
      if (step.is === 'add') {
        window.add(nowMs, step.amount)
        log.push({ atMs: nowMs, wallMs: nowMs, amount: step.amount })
      }
      const entry = step.is === 'remove' ? log[step.which % Math.max(1, log.length)] : undefined
      if (step.is === 'remove' && entry) {
        const amount = Math.min(step.amount, entry.amount)
        window.remove(nowMs, entry.atMs, amount)
        entry.amount -= amount
      }
    },
  }
}

describe('sliding window', () => {
  it('counts every amount for the window and until the end of its slot, no less and no more', () => {
    fc.assert(
      fc.property(histories, ([windowMs, steps]) => {
        const pair = createPair(windowMs)
        for (const step of steps) {
          pair.take(step)
          const nowMs = pair.nowMs()
          const sum = pair.window.sum(nowMs)
          assert.equal(sum, slotSum(pair.log, nowMs, windowMs))
          assert(sum >= trueSum(pair.log, nowMs, windowMs), 'below the true spend of the window')
          assert(
            sum <= trueSum(pair.log, nowMs, windowMs + windowMs / 600),
            'kept for longer than window and slot',
          )
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('is never below the true spend when readings of time come out of order', () => {
    const unordered = windows.chain((windowMs) =>
      fc.tuple(
        fc.constant(windowMs),
        fc.array(
          fc.record({
            nowMs: fc.oneof(fc.nat(windowMs), fc.nat(4 * windowMs)),
            amount: fc.nat(1_000),
            remove: fc.option(fc.nat(100), { freq: 4 }),
          }),
          { minLength: 1, maxLength: 60, size: 'max' },
        ),
      ),
    )
    fc.assert(
      fc.property(unordered, ([windowMs, steps]) => {
        const window = new SlidingWindow(windowMs)
        const log: (Entry & { readingMs: number })[] = []
        let latestMs = 0
        for (const { nowMs, amount, remove } of steps) {
          latestMs = Math.max(latestMs, nowMs)
          const entry = remove === null ? undefined : log[remove % Math.max(1, log.length)]
          if (entry) {
            window.remove(nowMs, entry.readingMs, entry.amount)
            entry.amount = 0
          } else {
            window.add(nowMs, amount)
            log.push({ readingMs: nowMs, atMs: latestMs, wallMs: latestMs, amount })
          }
          assert(window.sum(nowMs) >= trueSum(log, latestMs, windowMs))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('says exactly when an amount will have left', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 3_000 }), ([windowMs, steps], wanted) => {
        const pair = createPair(windowMs)
        for (const step of steps) pair.take(step)
        const nowMs = pair.nowMs()
        const before = pair.window.sum(nowMs)
        const waitMs = pair.window.reliefInMs(nowMs, wanted)

        if (wanted > before) {
          assert.equal(waitMs, Number.POSITIVE_INFINITY)
          return
        }
        assert(waitMs > 0, 'nothing leaves at once')
        assert(pair.window.sum(nowMs + waitMs - 0.001) > before - wanted, 'it had left before')
        assert(pair.window.sum(Math.ceil(nowMs + waitMs)) <= before - wanted, 'it has not left')
      }),
      { numRuns: 1_000 },
    )
  })

  it('frees an amount at the very moment it said, also between two milliseconds', () => {
    for (let windowMs = 1; windowMs <= 5_000; windowMs++) {
      const window = new SlidingWindow(windowMs)
      window.add(0, 1)
      const waitMs = window.reliefInMs(0, 1)
      assert.equal(window.sum(waitMs), 0, `still there after ${waitMs} ms of a window of ${windowMs} ms`)
    }
  })

  it('needs no time to free nothing', () => {
    const window = new SlidingWindow(60_000)
    window.add(0, 5)

    expect(window.reliefInMs(0, 0)).toBe(0)
    expect(window.reliefInMs(0, -3)).toBe(0)
  })

  it('lists what counts, oldest first, no entry older than the amounts in it', () => {
    fc.assert(
      fc.property(histories, ([windowMs, steps]) => {
        const pair = createPair(windowMs)
        for (const step of steps) pair.take(step)
        const nowMs = pair.nowMs()
        const entries = pair.window.entries(nowMs)
        assert.equal(
          entries.reduce((sum, { amount }) => sum + amount, 0),
          pair.window.sum(nowMs),
        )
        assert.deepEqual(
          entries,
          entries.toSorted((a, b) => b.ageMs - a.ageMs),
        )
        for (const { ageMs } of entries) {
          const young = entries.filter((entry) => entry.ageMs <= ageMs)
          const youngSum = young.reduce((sum, { amount }) => sum + amount, 0)
          assert(youngSum >= trueSum(pair.log, nowMs, ageMs), 'an amount is listed as older than it is')
        }
      }),
      { numRuns: 200 },
    )
  })

  it('counts amounts that are near the largest exact integer', () => {
    const window = new SlidingWindow(600)
    window.add(0, 9_000_000_000_000_000)
    window.add(0, 1)

    expect(window.sum(600)).toBe(9_000_000_000_000_001)
    expect(window.sum(601)).toBe(0)
  })

  it('takes no more memory after a million amounts than before', () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const window = new SlidingWindow(60_000)
    const addMany = (fromMs: number) => {
      for (let i = 0; i < 1_000_000; i++) window.add(fromMs + i / 10, 1)
    }
    addMany(0)
    collectGarbage()
    const beforeBytes = process.memoryUsage().heapUsed
    addMany(100_000)
    collectGarbage()

    expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(500_000)
    expect(window.entries(200_000).length).toBeLessThanOrEqual(601)
    expect(window.sum(200_000)).toBeGreaterThanOrEqual(600_000)
  })
})
