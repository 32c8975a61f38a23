import { expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { REDIS_MUTANTS } from './redis/mutants.ts'
import { range, runSeeds } from './report.ts'

/** Within so many seeds a broken rule must be noticed. */
const SEEDS = 2_000

const ALL = [
  ...Object.entries(MUTANTS).map(
    ([rule, [seed, mutant]]) => [rule, seed, { isHarsh: true }, mutant] as const,
  ),
  ...Object.entries(REDIS_MUTANTS).map(([rule, mutant]) => [rule, ...mutant] as const),
]

it.each(ALL)(
  'notices that %s',
  async (rule, seed, game, mutate) => {
    const mend = mutate()
    try {
      const result = await runSeeds([seed, ...range(1, SEEDS)], game)
      if (!('violation' in result)) expect.fail(`${SEEDS} seeds did not notice that ${rule}`)
      process.stdout.write(`${rule}: seed ${result.seed}, ${result.violation?.invariant}\n`)
    } finally {
      mend()
    }
  },
  120_000,
)
