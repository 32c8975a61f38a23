import { expect, it } from 'vitest'
import type { Game } from './plan.ts'
import { failureText, range, runSeeds, seedsFrom, tallyText } from './report.ts'

/** So long are seeds played that nobody has seen; without it, always the same: who looks for new faults decides when. */
const FOR_MS = Number(process.env['SIMULATE_SECONDS'] ?? 0) * 1_000
/** Beyond those of the other proofs. */
const FIRST = 20_261_121
const GAMES: readonly (readonly [share: number, seeds: number, game: Game])[] = [
  [0.5, 200, {}],
  [0.25, 150, { isHarsh: true }],
  [0.15, 3, { isRedis: true }],
  [0.1, 4, { isRedis: true, isHarsh: true, hasReplica: true }],
]

it.each(GAMES)(
  'keeps every invariant under the faults of seeds: %d of the time, or %d, with %o',
  async (...one) => {
    const [share, seeds, game] = one
    const isFresh = FOR_MS > 0
    const first = isFresh ? Math.floor(Math.random() * 4_294_967_296) : FIRST
    const endMs = performance.now() + share * FOR_MS
    const result = await (isFresh
      ? runSeeds(seedsFrom(first), game, () => performance.now() > endMs)
      : runSeeds(range(first, seeds), game))
    if ('violation' in result) expect.fail(await failureText(result))
    process.stdout.write(`Simulated from seed ${first} on: ${tallyText(result).split('\n')[0]}\n`)
    expect(result.seeds).toBeGreaterThanOrEqual(isFresh ? 1 : seeds)
  },
)
