import { describe, expect, it } from 'vitest'
import { failureText, range, runSeeds } from './report.ts'

/** Two thousand seeds, always the same, less those that `seeds.test.ts` plays. */
const SHARDS = range(0, 19).map((i) => 101 + i * 100)

describe('the money core, simulated', () => {
  it.each(SHARDS)('keeps every invariant under the faults of the seeds from %i on', async (first) => {
    const result = await runSeeds(range(first, 100))
    if ('violation' in result) expect.fail(await failureText(result))
    expect(result.steps).toBeGreaterThan(1_000)
  })
})
