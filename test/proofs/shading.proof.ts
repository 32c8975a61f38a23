import { expect, it } from 'vitest'
import { MARKETS, type MarketName, playShading, type ShadingTrial } from '../../bench/shading.ts'

const SEEDS = [7, 19, 31]
const NAMES = Object.keys(MARKETS) as MarketName[]

/** The mean of several seeds, since luck alone moves one by a few per cent. */
function play(trial: Omit<ShadingTrial, 'seed'>) {
  const all = SEEDS.map((seed) => playShading({ ...trial, seed }))
  const mean = (of: 'ofBestFixed' | 'saved') => all.reduce((sum, one) => sum + one[of], 0) / all.length
  return {
    ofBestFixed: mean('ofBestFixed'),
    saved: mean('saved'),
    isEverAbove: all.some(({ isEverAbove }) => isEverAbove),
  }
}

for (const lowest of ['never', 'lost', 'always'] as const) {
  it.each(NAMES)(`gains what the best fixed shade would, in: %s; lowest price told: ${lowest}`, (market) => {
    const { ofBestFixed, saved, isEverAbove } = play({ markets: [market], auctions: 10_000, lowest })
    expect(ofBestFixed).toBeGreaterThan(0.95)
    expect(saved).toBeGreaterThan(0.15)
    expect(isEverAbove).toBe(false)
  })
}

it('learns the classes of slots apart', () => {
  const { ofBestFixed, saved } = play({ markets: NAMES.slice(0, 3), auctions: 30_000, lowest: 'never' })
  expect(ofBestFixed).toBeGreaterThan(1)
  expect(saved).toBeGreaterThan(0.15)
})

it('has four fifths of the gain of the best fixed shade after a thousand auctions', () => {
  const short = NAMES.filter((name) => !name.startsWith('prices that')).map((market) =>
    play({ markets: [market], auctions: 1_000, lowest: 'never' }),
  )
  for (const { ofBestFixed } of short) expect(ofBestFixed).toBeGreaterThan(0.8)
})
