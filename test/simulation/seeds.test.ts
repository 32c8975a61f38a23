import { describe, expect, it } from 'vitest'
import { failureText, range, runSeeds } from './report.ts'

/** The first hundred seeds, always the same; `seeds.proof.ts` plays the others. */
const SHARDS = range(0, 2).map((i) => 1 + i * 50)

describe('the money core, simulated', () => {
  it.each(SHARDS)('keeps every invariant under the faults of the seeds from %i on', async (first) => {
    const result = await runSeeds(range(first, 50))
    if ('violation' in result) expect.fail(await failureText(result))
    expect(result.steps).toBeGreaterThan(1_000)
  })
})
