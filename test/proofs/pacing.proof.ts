import { expect, it } from 'vitest'
import { playPacing } from '../../bench/pacing.ts'

it('spends a day with uneven traffic as planned, and never stops', () => {
  const [first, second] = playPacing({ mode: 'even', wins: 3_000, offered: 200, days: 2 })
  for (const day of [first, second]) {
    expect(day?.delivered).toBeGreaterThan(0.97)
    expect(day?.delivered).toBeLessThanOrEqual(1)
    expect(day?.worstHour).toBeLessThan(0.1)
  }
  // The first minutes of the first day have yet to learn what a bid costs.
  expect(first?.silence).toBeLessThan(3)
  // Twice the mean gap, and what chance adds to it.
  expect(second?.silence).toBeLessThan(2.2)
})

it('spends as planned where processes share a budget and know nothing of each other', () => {
  const trial = { mode: 'even', wins: 30_000, offered: 5, days: 2, processes: 3, firstShare: 0.7 } as const
  for (const { delivered, worstHour } of playPacing(trial)) {
    expect(delivered).toBeGreaterThan(0.97)
    expect(delivered).toBeLessThanOrEqual(1)
    expect(worstHour).toBeLessThan(0.1)
  }
})

it('knows on the second day what the night cannot spend', () => {
  const [, second] = playPacing({ mode: 'even', wins: 30_000, offered: 1.5, days: 2 })
  expect(second?.delivered).toBeGreaterThan(0.97)
  expect(second?.worstHour).toBeLessThan(0.1)
})
