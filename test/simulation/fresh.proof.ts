import { expect, it } from 'vitest'
import type { Game } from './plan.ts'
import { failureText, runSeeds, seedsFrom, tallyText } from './report.ts'

/** So long are seeds played that nobody has seen; `SIMULATE_SECONDS=0` plays none. */
const FOR_MS = Number(process.env['SIMULATE_SECONDS'] ?? 60) * 1_000
/** Shares of that time. */
const GAMES: readonly (readonly [share: number, game: Game])[] = [
  [0.5, {}],
  [0.25, { isHarsh: true }],
  [0.15, { isRedis: true }],
  [0.1, { isRedis: true, isHarsh: true, hasReplica: true }],
]

it.runIf(FOR_MS > 0).each(GAMES)(
  'keeps every invariant under the faults of fresh seeds: %d of the time with %o',
  async (share, game) => {
    const endMs = performance.now() + share * FOR_MS
    const first = Math.floor(Math.random() * 4_294_967_296)
    const result = await runSeeds(seedsFrom(first), game, () => performance.now() > endMs)
    if ('violation' in result) expect.fail(await failureText(result))
    process.stdout.write(`Simulated from seed ${first} on: ${tallyText(result).split('\n')[0]}\n`)
    expect(result.seeds).toBeGreaterThan(0)
  },
)
