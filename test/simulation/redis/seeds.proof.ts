import { it } from 'vitest'
import { expectKept } from './expect-kept.ts'

it.each([
  ['', [1, 2, 4, 6, 7, 8], {}],
  [' and of owners that die with it', [1, 4, 6, 7, 8], { isHarsh: true }],
  [' with a replica that confirms each answer', [1, 2, 3, 5, 7, 8], { isHarsh: true, hasReplica: true }],
] as const)(
  'keeps every invariant on the scripts of Redis, under its restarts and losses%s',
  async (_, seeds, game) => {
    await expectKept(seeds, game)
  },
)
