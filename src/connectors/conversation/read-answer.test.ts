import { Readable } from 'node:stream'
import { setImmediate as afterTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { parsed } from '../platform/json.ts'
import { TooMuch } from './bounds.ts'
import { readAnswer } from './read-answer.ts'

const MAX_BYTES = 4 * 1024 * 1024

function of(body: string, status = 200) {
  const bytes = Buffer.from(body)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, n) =>
    bytes.subarray(n * 65_536, (n + 1) * 65_536),
  )
  return readAnswer({ status, headers: {} }, Readable.from(pieces, { objectMode: false }), MAX_BYTES)
}
/** More than is parsed in one go. */
const LONG = ' '.repeat(600_000)

it('reads a long answer like a short one, and leaves the event loop to others between its pieces', async () => {
  const value = {
    rows: Array.from({ length: 20_000 }, (_, n) => ({
      id: n,
      name: `ä "${n}" 𝄞`,
      list: [null, true, 1.5e3],
    })),
  }
  let turns = 0
  let isOver = false
  const counting = (async () => {
    for (; !isOver; turns++) await afterTurn()
  })()
  const text = JSON.stringify(value)
  const answer = await of(text)
  isOver = true
  await counting
  expect(parsed(answer)).toEqual({ is: 'json', body: value })
  expect(turns).toBeGreaterThanOrEqual(Math.floor(Buffer.byteLength(text) / 8_192))
})

it.each([
  ['cut', `${LONG}{"rows":[1,2`],
  ['no JSON', `${LONG}<html>`],
  ['followed by something', `${LONG}{} {}`],
  ['too full of names', `{${Array.from({ length: 80_000 }, (_, i) => `"n${i}":1`)}}`],
  ['too deep', `${LONG}${'['.repeat(100)}${']'.repeat(100)}`],
])('calls a long answer garbled that is %s', async (_, body) => {
  expect(parsed(await of(body))).toEqual({ is: 'garbled' })
})

it('leaves a short answer as it is', async () => {
  expect(await of('{"ä":1}')).toEqual({ status: 200, headers: {}, body: '{"ä":1}' })
})

it('refuses an answer that is longer than it may be', async () => {
  await expect(of(`[${LONG.repeat(8)}]`)).rejects.toThrow(TooMuch)
})

it('reads only the beginning of an error, also of one that breaks off', async () => {
  const { body } = await of(LONG, 500)
  expect(body).toHaveLength(256 * 1024)
  async function* cut() {
    yield Buffer.from('it is')
    throw new Error('reset')
  }
  const answer = await readAnswer({ status: 500, headers: {} }, Readable.from(cut()), MAX_BYTES)
  expect(answer.body).toBe('it is')
})
