import { expect, it } from 'vitest'
import { rollReplicas } from './rolling.ts'

it('replaces four replicas under load: nothing is overspent, no acknowledged bid and no hold is lost, and the budget is still spent', async () => {
  const rolled = await rollReplicas(20_261_129)
  process.stdout.write(`delivery while replicas were replaced: ${JSON.stringify(rolled.delivery)}\n`)
  expect(rolled).toMatchObject({ overspent: 0, forgotten: 0, unknown: 0, lost: 0, exitCodes: [0, 0, 0, 0] })
  expect(rolled.highest).toBeGreaterThan(0.2)
  expect(rolled.acknowledged).toBeGreaterThan(50)
  expect(rolled.won).toBeGreaterThan(10)
})
