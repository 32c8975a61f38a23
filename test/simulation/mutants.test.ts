import { expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { range, runSeeds } from './report.ts'

/** Within so many seeds a broken rule must be noticed. */
const SEEDS = 2_000

it.each(Object.entries(MUTANTS))(
  'notices that %s',
  async (rule, [seed, mutate]) => {
    const mend = mutate()
    try {
      const result = await runSeeds([seed, ...range(1, SEEDS)], undefined, true)
      if (!('violation' in result)) expect.fail(`${SEEDS} seeds did not notice that ${rule}`)
      process.stdout.write(`${rule}: seed ${result.seed}, ${result.violation?.invariant}\n`)
    } finally {
      mend()
    }
  },
  120_000,
)
