import { expect, it } from 'vitest'
import { sqliteRounds } from './sqlite-rounds.ts'

it('spends no more than its limits though it is killed again and again under load, and forgets nothing', async () => {
  const report = await sqliteRounds(25, 20_261_121)
  expect(report).toMatchObject({
    overspent: 0,
    forgotten: 0,
    unknown: 0,
    limitsLost: 0,
    recordsLost: 0,
    ledger: 'right',
  })
  // It was a load, on both ways to spend.
  expect(report.highest).toBeGreaterThan(0.2)
  expect(report.acknowledged).toBeGreaterThan(50)
  expect(report.won).toBeGreaterThan(10)
})
