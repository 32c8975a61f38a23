import { expect, it } from 'vitest'
import { play } from '../fuzz/play.ts'

/** As many as come in this time; `npm run fuzz` plays as many as wanted. */
const CASES = 20_000
const FOR_MS = 45_000
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)

/** Of what the heap holds in the end, garbage aside. */
const MAX_HEAP_MIB = 200

it('anything that anybody sends, and anything that platforms answer, ends nothing and is not answered with an error that says nothing', async () => {
  const onProgress = (text: string) => process.stdout.write(`${text}\n`)
  const report = await play({ cases: CASES, forMs: FOR_MS, seed: SEED, onProgress })
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  expect(report.hasEnded, report.output).toBe(false)
  expect(report.wrong, report.output).toEqual([])
  expect(report.heapMiB).toBeLessThan(MAX_HEAP_MIB)
})
