import { expect, it } from 'vitest'
import { HOUR_MS, HOURS_OF_WEEK, TrafficCurve } from './traffic-curve.ts'

/** Midnight at the begin of a week by the count of hours since the epoch. */
const START_MS = 2_900 * HOURS_OF_WEEK * HOUR_MS

it('learns hours that it watched from beginning to end, and quiet ones among them', () => {
  const curve = new TrafficCurve(START_MS + HOUR_MS / 2)
  curve.add(7, START_MS + HOUR_MS / 2)
  curve.add(20, START_MS + HOUR_MS)
  // The requests of an hour's last minute are reported in the next hour.
  expect(curve.known(START_MS + 2 * HOUR_MS)[0]).toBeNull()
  curve.add(3, START_MS + 2 * HOUR_MS - 1)
  curve.add(40, START_MS + 4 * HOUR_MS)
  expect(curve.known(START_MS + 5 * HOUR_MS).slice(0, 6)).toEqual([null, 20, 3, 0, 40, null])
})

it('forgets older weeks little by little, and knows nothing of a week without a process', () => {
  const curve = new TrafficCurve(START_MS - HOUR_MS)
  for (const [week, count] of [100, 200].entries()) {
    const weekMs = START_MS + week * HOURS_OF_WEEK * HOUR_MS
    for (let hour = 0; hour < HOURS_OF_WEEK; hour++) curve.add(count, weekMs + hour * HOUR_MS)
  }
  const afterMs = START_MS + 2 * HOURS_OF_WEEK * HOUR_MS
  expect(curve.known(afterMs)[5]).toBe(140)
  curve.add(1, afterMs + 3 * HOURS_OF_WEEK * HOUR_MS)
  expect(curve.known(afterMs + 3 * HOURS_OF_WEEK * HOUR_MS)[5]).toBe(140)
})

it('takes an unknown hour for the same hour of other days, then for any', () => {
  const curve = new TrafficCurve(START_MS)
  expect([...curve.shape()].every((one) => one === 1)).toBe(true)
  const hours: (number | null)[] = Array(HOURS_OF_WEEK).fill(null)
  hours[3] = 10
  hours[27] = 20
  hours[5] = 60
  curve.restore(hours)
  const shape = curve.shape()
  expect([shape[3], shape[27], shape[51], shape[5], shape[29], shape[6]]).toEqual([10, 20, 15, 60, 60, 30])
})
