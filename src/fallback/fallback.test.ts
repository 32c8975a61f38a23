import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_MICROS, micros } from '../money.ts'
import { createFallback, DEFAULT_MULTIPLIERS } from './index.ts'

const fallbackWith = (multipliers: Record<string, number> = DEFAULT_MULTIPLIERS, maxBid = MAX_MICROS) =>
  createFallback({ multipliers, maxBid })

describe('fallback', () => {
  it('has no bid for a platform whose LTVs were never seen', () => {
    const fallback = fallbackWith()
    fallback.record('meta', micros(5))

    expect(fallback.decide('tiktok')).toBeUndefined()
  })

  it('bids the median LTV times the multiplier and says what it is made of', () => {
    const fallback = fallbackWith()
    for (const ltv of [4_000_000, 1_000_000, 2_000_000]) fallback.record('tiktok', micros(ltv))

    expect(fallback.decide('tiktok')).toEqual({ ltv: 2_000_000, bid: 3_000_000, samples: 3, multiplier: 1.5 })
  })

  it.each([
    ['google_ads', 10_000_001],
    ['meta', 10_000_001],
    ['tradedesk', 10_000_001],
    ['amazon', 10_000_001],
    ['x', 7_500_000],
    ['linkedin', 12_000_001],
    ['tiktok', 15_000_001],
    ['constructor', 10_000_001],
  ])('bids on %s %d micros for an LTV of 10 000 001', (platform, bid) => {
    const fallback = fallbackWith()
    fallback.record(platform, micros(10_000_001))

    expect(fallback.decide(platform)?.bid).toBe(bid)
  })

  it('never bids above the maximum bid, nor above what the caller allows', () => {
    const fallback = fallbackWith({}, micros(500))
    fallback.record('meta', micros(900))

    expect(fallback.decide('meta')?.bid).toBe(500)
    expect(fallback.decide('meta', micros(300))?.bid).toBe(300)
    expect(fallback.decide('meta', micros(800))?.bid).toBe(500)
  })

  it('multiplies exactly, rounding down, for any amount', () => {
    const amount = fc.maxSafeNat().filter((value) => value <= MAX_MICROS)
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 1_000_000_000 }), (ltv, parts) => {
        const fallback = fallbackWith({ meta: parts / 1_000_000 })
        fallback.record('meta', micros(ltv))
        const exact = (BigInt(ltv) * BigInt(parts)) / 1_000_000n

        expect(fallback.decide('meta')?.bid).toBe(Math.min(Number(exact), MAX_MICROS))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY, 1001])('takes no multiplier of %d', (factor) => {
    expect(() => fallbackWith({ meta: factor })).toThrow('is not a multiplier')
  })

  it('keeps the platforms in use when there are too many, and forgets the others', () => {
    const fallback = fallbackWith()
    fallback.record('meta', micros(1))
    fallback.record('unused', micros(1))
    for (let i = 0; i < 1_000; i++) {
      fallback.record(`p${i}`, micros(1))
      fallback.record('meta', micros(1))
    }

    expect(fallback.decide('meta')?.samples).toBe(100)
    expect(fallback.decide('unused')).toBeUndefined()
    expect(fallback.decide('p0')).toBeUndefined()
    expect(fallback.decide('p999')?.samples).toBe(1)
  })
})
