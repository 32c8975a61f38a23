import { describe, expect, it, vi } from 'vitest'
import {
  DRIFTING,
  expectWithinLimit,
  LIMIT,
  live,
  SEED,
  SLOWER,
  STEADY,
  WORLDS,
} from './bounded-worlds.test-support.ts'
import { MissingBillReserve } from './missing-bill-reserve.ts'

/** Other seeds than the one that `required-reserve.test.ts` uses. */
const SEEDS = Array.from({ length: 4 }, (_, i) => SEED + 1 + i)

describe('what is set aside for bounded holds, with other luck', () => {
  it.each(Object.entries(WORLDS))('is never exceeded when %s, and bids are weighed', (_, world) => {
    for (const seed of SEEDS) expectWithinLimit(world, seed, 'bounded')
  })

  it.each(Object.entries(SLOWER))('is not exceeded when bills %s', (_, world) => {
    for (const seed of SEEDS) expectWithinLimit(world, seed, 'bounded')
  })

  it.each(Object.entries(DRIFTING))('is not exceeded when the win rate %s', (_, world) => {
    for (const seed of SEEDS) expectWithinLimit(world, seed, 'win_rate_drifts')
  })

  it('would be exceeded if bids whose expected bills did not come counted as lost', () => {
    vi.spyOn(MissingBillReserve.prototype, 'pass').mockImplementation(() => {})
    const world = SLOWER['wait for half a minute, every ten minutes'] ?? STEADY
    expect(SEEDS.some((seed) => live(world, seed).peak > LIMIT)).toBe(true)
    vi.restoreAllMocks()
  })

  it('is not exceeded on twenty days, even with a probability of a hundredth a day', () => {
    const limit = 100_000
    const bidsPerTick = (atMs: number) => (atMs % 1_000 < 200 ? 1 : 0)
    const world = { ...STEADY, hours: 20 * 24, limit, winRate: () => 0.3, bidsPerTick }
    const { peak, spent } = live(world, SEED, undefined, 0.01)
    expect(peak).toBeLessThanOrEqual(limit)
    expect(spent).toBeGreaterThan(0.75 * limit * 20 * 144)
  })
})
