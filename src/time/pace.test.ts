import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { Pace } from './pace.ts'

describe('a pace', () => {
  it('lets a quiet caller in at once with a whole window, and then at the steady rate', () => {
    const clock = new FakeClock()
    const pace = new Pace(clock, { calls: 10, windowMs: 1_000 })
    for (let call = 0; call < 10; call++) expect(pace.take(1)).toBe(0)
    expect(pace.take(1)).toBe(100)
    clock.advance(99)
    expect(pace.take(1)).toBeCloseTo(1)
    clock.advance(1)
    expect(pace.take(1)).toBe(0)
    expect(pace.take(1)).toBe(100)
  })

  it('lets in what is worth more than a window after quiet, and nothing for as long as that is worth', () => {
    const clock = new FakeClock()
    const pace = new Pace(clock, { calls: 10, windowMs: 1_000 })
    expect(pace.take(30)).toBe(0)
    expect(pace.take(1)).toBe(2_100)
    clock.advance(2_100)
    expect(pace.take(1)).toBe(0)
  })

  it('never counts more in any time than a window, the rate over that time, and one call', () => {
    const asks = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 400 }), cost: fc.integer({ min: 1, max: 8 }) }),
    )
    fc.assert(
      fc.property(asks, (all) => {
        const clock = new FakeClock()
        const pace = new Pace(clock, { calls: 10, windowMs: 1_000 })
        const taken: { atMs: number; cost: number }[] = []
        for (const { waitMs, cost } of all) {
          clock.advance(waitMs)
          if (pace.take(cost) === 0) taken.push({ atMs: clock.elapsedMs(), cost })
        }
        for (const [i, first] of taken.entries()) {
          let sum = 0
          for (const { atMs, cost } of taken.slice(i)) {
            sum += cost
            expect(sum).toBeLessThanOrEqual(10 + ((atMs - first.atMs) * 10) / 1_000 + 1e-9)
          }
        }
      }),
    )
  })
})
