import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { parsed } from '../../platforms/json.ts'
import { parsedInSlices } from './large-answer.ts'

const of = (body: string) => parsedInSlices({ status: 200, headers: {}, body })
/** More than is parsed in one go. */
const LONG = ' '.repeat(600_000)

it('reads a long answer as a short one, and leaves the event loop to others meanwhile', async () => {
  const value = {
    rows: Array.from({ length: 20_000 }, (_, n) => ({
      id: n,
      name: `ä "${n}" 𝄞`,
      list: [null, true, 1.5e3],
    })),
  }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const answer = await of(JSON.stringify(value))
  delay.disable()
  expect(parsed(answer)).toEqual({ is: 'json', body: value })
  // Some tenths of a millisecond where nothing else runs; all in one go it would be a tenth of a second.
  expect(delay.percentile(90) / 1e6).toBeLessThan(20)
})

it.each([
  ['cut', `${LONG}{"rows":[1,2`],
  ['no JSON', `${LONG}<html>`],
  ['followed by something', `${LONG}{} {}`],
  ['too deep', `${LONG}${'['.repeat(100)}${']'.repeat(100)}`],
])('takes one that is %s for garbled', async (_, body) => {
  expect(parsed(await of(body))).toEqual({ is: 'garbled' })
})

it('leaves a short one as it is', async () => {
  expect(await of('{}')).toEqual({ status: 200, headers: {}, body: '{}' })
})
