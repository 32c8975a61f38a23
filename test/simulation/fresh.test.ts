import { expect, it } from 'vitest'
import { failureText, runSeeds, seedsFrom, tallyText } from './report.ts'

/** So long are seeds played that nobody has seen: `SIMULATE_SECONDS=60 npx vitest run test/simulation`. */
const FOR_MS = Number(process.env['SIMULATE_SECONDS'] ?? 0) * 1_000

it.runIf(FOR_MS > 0)(
  'keeps every invariant under the faults of fresh seeds',
  async () => {
    const endMs = performance.now() + FOR_MS
    const first = Math.floor(Math.random() * 4_294_967_296)
    const result = await runSeeds(seedsFrom(first), () => performance.now() > endMs)
    if ('violation' in result) expect.fail(await failureText(result))
    process.stdout.write(`Simulated from seed ${first} on: ${tallyText(result).split('\n')[0]}\n`)
    expect(result.seeds).toBeGreaterThan(0)
  },
  FOR_MS + 60_000,
)
