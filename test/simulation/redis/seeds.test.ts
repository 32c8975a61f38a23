import { it } from 'vitest'
import { expectKept } from './expect-kept.ts'

/** Those of the first seeds that are played soonest; `seeds.proof.ts` plays the others. */
it.each([
  ['', [3, 5], {}],
  [' and of owners that die with it', [2, 3, 5], { isHarsh: true }],
  [' with a replica that confirms each answer', [4], { isHarsh: true, hasReplica: true }],
] as const)(
  'keeps every invariant on the scripts of Redis, under its restarts and losses%s',
  async (_, seeds, game) => {
    await expectKept(seeds, game)
  },
)
