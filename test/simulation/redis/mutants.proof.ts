import { it } from 'vitest'
import { expectNoticed } from '../expect-noticed.ts'
import { REDIS_MUTANTS } from './mutants.ts'

it.each(Object.entries(REDIS_MUTANTS))('notices that %s', async (rule, [seed, game, mutate]) => {
  await expectNoticed(rule, seed, game, mutate)
})
