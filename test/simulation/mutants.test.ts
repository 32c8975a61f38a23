import { it } from 'vitest'
import { expectNoticed } from './expect-noticed.ts'
import { MUTANTS } from './mutants.ts'

it.each(Object.entries(MUTANTS))('notices that %s', async (rule, [seed, mutate]) => {
  await expectNoticed(rule, seed, { isHarsh: true }, mutate)
})
