import { expect, it } from 'vitest'
import { Throttle } from './throttle.ts'

it('takes a bid to cost its price until it has seen what bids cost', () => {
  const throttle = new Throttle(0, () => 0.5)
  const plan = { micros: 1_250_000, fromMs: 0, endMs: 3_600_000 }
  const progress = { ever: 0, usedInHour: 0, left: 30_000_000, plan, isShort: false }
  throttle.step(0, 0, progress)
  for (let i = 0; i < 100; i++) throttle.take(5_000)
  // All of the bids so far were lost at once.
  throttle.step(10_000, 10_000, progress)
  expect([throttle.share, throttle.why]).toEqual([0.05, 'learning'])
})
