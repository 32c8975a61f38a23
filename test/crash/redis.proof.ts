import { expect, it } from 'vitest'
import { redisRounds } from './redis-rounds.ts'

it('spends no more than its limits though processes are killed, and Redis is cut off, restarted and replaced by a replica that lacks the last writes', async () => {
  const report = await redisRounds(8, 20_261_121)
  expect(report).toMatchObject({ overspent: 0, forgotten: 0, unknown: 0, limitsLost: 0, recordsLost: 0 })
  // It was a load, on both ways to spend.
  expect(report.highest).toBeGreaterThan(0.2)
  expect(report.acknowledged).toBeGreaterThan(50)
  expect(report.won).toBeGreaterThan(10)
})
