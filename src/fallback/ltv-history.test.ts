import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Micros, micros } from '../money.ts'
import { LtvHistory } from './ltv-history.ts'

/** The rule as plainly as it can be put: sort the last hundred, take the middle. */
function naiveMedian(seen: readonly number[]): number | undefined {
  const sorted = seen.slice(-100).sort((a, b) => a - b)
  const low = sorted[Math.ceil(sorted.length / 2) - 1]
  const high = sorted[Math.floor(sorted.length / 2)]
  return low === undefined || high === undefined ? undefined : Number((BigInt(low) + BigInt(high)) / 2n)
}

function medianOf(...ltvs: number[]): number | undefined {
  const history = new LtvHistory()
  for (const ltv of ltvs) history.record(micros(ltv))
  return history.median
}

/** Few distinct values, ordinary ones, and the largest there are; sometimes in long runs. */
const ltvs: fc.Arbitrary<Micros[]> = fc
  .array(
    fc.record({
      ltv: fc.oneof(
        fc.integer({ min: 0, max: 5 }),
        fc.maxSafeNat().filter((value) => value <= 9_000_000_000_000_000),
      ),
      times: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 120 })),
    }),
    { minLength: 1, maxLength: 40, size: 'max' },
  )
  .map((runs) => runs.flatMap(({ ltv, times }) => new Array<Micros>(times).fill(micros(ltv))))

describe('LTV history', () => {
  it('has no median before the first sample', () => {
    expect(new LtvHistory().median).toBeUndefined()
    expect(new LtvHistory().samples).toBe(0)
  })

  it('needs one sample only', () => {
    expect(medianOf(7)).toBe(7)
  })

  it('takes the middle of an odd number', () => {
    expect(medianOf(9, 1, 5)).toBe(5)
  })

  it('takes the mean of the middle two of an even number, rounded down', () => {
    expect(medianOf(1, 4)).toBe(2)
    expect(medianOf(10, 0, 7, 4)).toBe(5)
  })

  it('forgets all but the last hundred', () => {
    const old = new Array<number>(100).fill(1_000)
    const recent = new Array<number>(100).fill(5)
    expect(medianOf(...old, ...recent)).toBe(5)
    expect(medianOf(...old, ...recent.slice(1))).toBe(5)
    expect(medianOf(...old, ...recent.slice(50))).toBe(502)
  })

  it('agrees with sorting, sample by sample', () => {
    fc.assert(
      fc.property(ltvs, (sequence) => {
        const history = new LtvHistory()
        const seen: number[] = []
        for (const ltv of sequence) {
          history.record(ltv)
          seen.push(ltv)
          if (seen.length > 100) seen.shift()
          const { median, samples } = history
          const middle = naiveMedian(seen)
          // A matcher for each of half a million samples would cost ten times what it looks at.
          if (median === middle && samples === seen.length) continue
          expect({ median, samples }).toEqual({ median: middle, samples: seen.length })
        }
      }),
      { numRuns: 300 },
    )
  })
})
