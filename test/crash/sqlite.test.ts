import { expect, it } from 'vitest'
import { sqliteRounds } from './sqlite-rounds.ts'

it('spends no more than its limits though it is killed again and again under load, and forgets nothing', {
  timeout: 240_000,
}, async () => {
  const report = await sqliteRounds(25, 20_261_121)
  expect(report).toMatchObject({ overspent: 0, forgotten: 0, unknown: 0, limitsLost: 0, ledger: 'right' })
  // It was a load: windows came near their limits, on both ways to spend.
  expect(report.highest).toBeGreaterThan(0.5)
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.won).toBeGreaterThan(50)
})
