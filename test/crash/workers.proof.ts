import { expect, it } from 'vitest'
import { sqliteRounds } from './sqlite-rounds.ts'

it('spends no more than its limits though its workers, and now and then all of it, are killed under load', async () => {
  const report = await sqliteRounds(6, 20_261_122, 2)
  const nothing = { overspent: 0, forgotten: 0, unknown: 0, limitsLost: 0, recordsLost: 0 }
  expect(report).toMatchObject({ ...nothing, ledger: 'right' })
  // It was a load, on both ways to spend.
  expect(report.acknowledged).toBeGreaterThan(10)
  expect(report.won).toBeGreaterThan(5)
})
