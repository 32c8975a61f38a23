import { expect } from 'vitest'
import type { Game } from './plan.ts'
import { range, runSeeds } from './report.ts'

/** Within so many seeds a broken rule must be noticed. */
const SEEDS = 2_000

/**
 * Breaks a rule, and fails where no seed notices.
 * @param seed one that noticed before, which is played first
 */
export async function expectNoticed(
  rule: string,
  seed: number,
  game: Game,
  mutate: () => () => void,
): Promise<void> {
  const mend = mutate()
  try {
    const result = await runSeeds([seed, ...range(1, SEEDS)], game)
    if (!('violation' in result)) expect.fail(`${SEEDS} seeds did not notice that ${rule}`)
    process.stdout.write(`${rule}: seed ${result.seed}, ${result.violation?.invariant}\n`)
  } finally {
    mend()
  }
}
