import { expect } from 'vitest'
import type { Game } from '../plan.ts'
import { failureText, runSeeds } from '../report.ts'

/** Plays these seeds on the scripts of Redis; fails with what is wrong, and how it is played again. */
export async function expectKept(seeds: readonly number[], game: Game): Promise<void> {
  const result = await runSeeds(seeds, { ...game, isRedis: true })
  if ('violation' in result) expect.fail(await failureText(result))
  expect(result.steps).toBeGreaterThan(80 * seeds.length)
}
