import { Readable } from 'node:stream'
import { setImmediate as afterTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ListReader } from './read-list.ts'

const ROWS = { list: 'rows', around: ['metadata', 'rowCount'] }
const CHUNKS = { list: '*.results', around: ['*.error', 'error'] }

async function read(step: typeof ROWS, text: string, pieceBytes = 100, maxItemBytes = 1_000) {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, n) =>
    bytes.subarray(n * pieceBytes, (n + 1) * pieceBytes),
  )
  const list = new ListReader(step, maxItemBytes)
  const items: unknown[] = []
  let first: unknown
  for await (const some of list.items(Readable.from(pieces, { objectMode: false }))) {
    first ??= list.around
    items.push(...some)
  }
  return { items, first, around: list.around }
}

it('reads the items of a list, what stood before it, and what stands around it', async () => {
  const rows = Array.from({ length: 30 }, (_, n) => ({ n, text: '"]}ä', deep: [{ rows: [n] }] }))
  const answer = { metadata: { zone: 'UTC' }, other: { rows: [1] }, rows, rowCount: 30 }
  expect(await read(ROWS, JSON.stringify(answer))).toEqual({
    items: rows,
    first: { metadata: { zone: 'UTC' } },
    around: { metadata: { zone: 'UTC' }, rowCount: 30 },
  })
})

it('reads the items of every chunk, and the error among them', async () => {
  const chunks = [{ results: [1, 2], fieldMask: 'x' }, { results: [3] }, { error: { code: 500 } }]
  expect(await read(CHUNKS, JSON.stringify(chunks))).toMatchObject({
    items: [1, 2, 3],
    around: [{ error: { code: 500 } }],
  })
  expect((await read(CHUNKS, '{"error":{"code":401}}')).around).toEqual({ error: { code: 401 } })
})

it.each([
  ['{}', {}],
  ['[]', []],
  ['"text"', null],
])('reads no items from %s, which has no list', async (text, around) => {
  expect(await read(ROWS, text)).toMatchObject({ items: [], around })
})

it.each([
  ['cut', '{"rows":[1,2'],
  ['followed by something', '{"rows":[]} {}'],
  ['no JSON', '<html>'],
  ['nothing', ''],
  ['too deep', `{"rows":[${'['.repeat(100)}${']'.repeat(100)}]}`],
  ['an item without an end', `{"rows":["${'x'.repeat(5_000)}"]}`],
  ['more errors than anybody reads', `[${'{"error":1},'.repeat(2_000)}1]`],
])('refuses what is %s', async (_, text) => {
  await expect(read(text.startsWith('[') ? CHUNKS : ROWS, text)).rejects.toThrow()
})

it('parses only one piece of an answer between two turns of the event loop', async () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ n, name: `row ${n}` }))
  const text = JSON.stringify({ rows })
  let turns = 0
  let isOver = false
  const counting = (async () => {
    for (; !isOver; turns++) await afterTurn()
  })()
  // The whole answer is there at once, as from a quick platform.
  const { items } = await read(ROWS, text, text.length)
  isOver = true
  await counting
  expect(items).toEqual(rows)
  expect(turns).toBeGreaterThanOrEqual(Math.floor(text.length / 8_192))
})
