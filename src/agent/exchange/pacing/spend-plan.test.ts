import { expect, it } from 'vitest'
import { type PlanInput, planHour } from './spend-plan.ts'

const HOUR_MS = 3_600_000
const plan = (more: Partial<PlanInput> = {}) =>
  planHour({
    ...{ mode: 'even', startMs: 0, endMs: 24 * HOUR_MS, nowMs: 0, left: 2_400 },
    ...{ mostIn: () => Number.POSITIVE_INFINITY, openIn: () => 1 },
    ...more,
  })

it('gives every hour the same, and a part of an hour its part', () => {
  expect(plan()).toEqual({ micros: 100, endMs: HOUR_MS, isShort: false })
  expect(plan({ nowMs: 12.5 * HOUR_MS, left: 1_150 })).toEqual({
    ...{ micros: 50, endMs: 13 * HOUR_MS, isShort: false },
  })
  // A flight that ends within the hour.
  expect(plan({ nowMs: 23 * HOUR_MS, endMs: 23.5 * HOUR_MS, left: 7 })).toMatchObject({
    ...{ micros: 7, endMs: 23.5 * HOUR_MS },
  })
})

it('spreads what an hour without traffic cannot spend over the others', () => {
  const atNight = (hourMs: number) => (hourMs < 6 * HOUR_MS ? 10 : 1_000)
  expect(plan({ nowMs: 7 * HOUR_MS, left: 1_700, mostIn: atNight }).micros).toBeCloseTo(100)
  // In 18 hours of day there is time for 2400 less the 60 of the night.
  expect(plan({ nowMs: 6 * HOUR_MS, left: 2_340, mostIn: atNight }).micros).toBeCloseTo(130)
  expect(plan({ startMs: -6 * HOUR_MS, nowMs: -HOUR_MS, mostIn: atNight }).isShort).toBe(false)
})

it('says when all of the traffic is too little', () => {
  expect(plan({ mostIn: () => 90 })).toEqual({ micros: 90, endMs: HOUR_MS, isShort: true })
  expect(plan({ mostIn: () => 110 }).isShort).toBe(false)
})

it('plans nothing for hours in which the campaign is closed', () => {
  const byDay = (hourMs: number) => (hourMs < 12 * HOUR_MS ? 0 : 1)
  expect(plan({ openIn: byDay }).micros).toBe(0)
  expect(plan({ openIn: byDay, nowMs: 12 * HOUR_MS }).micros).toBeCloseTo(200)
})

it('spends ahead at the beginning, and all of it in the end', () => {
  let left = 2_400
  const hours = Array.from({ length: 24 }, (_, hour) => {
    const { micros } = plan({ mode: 'ahead', nowMs: hour * HOUR_MS, left })
    left -= micros
    return micros
  })
  expect(hours[0]).toBeCloseTo(138.3, 0)
  expect(hours[23]).toBeCloseTo(61.7, 0)
  expect(left).toBeCloseTo(0)
})
