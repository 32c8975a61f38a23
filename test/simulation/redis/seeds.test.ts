import { expect, it } from 'vitest'
import { failureText, range, runSeeds } from '../report.ts'

/** Few, since each takes as long as thirty without Redis. */
it.each([
  ['', range(1, 6), {}],
  [' and of owners that die with it', range(1, 6), { isHarsh: true }],
] as const)(
  'keeps every invariant on the scripts of Redis, under its restarts and losses%s',
  async (_, seeds, game) => {
    const result = await runSeeds(seeds, { ...game, isRedis: true })
    if ('violation' in result) expect.fail(await failureText(result))
    expect(result.steps).toBeGreaterThan(500)
  },
  120_000,
)
