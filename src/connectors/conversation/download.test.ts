import { once } from 'node:events'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { Caveats } from '../platform/caveats.ts'
import type { Encoding } from '../platform/steps.ts'
import { answeredBy } from './answered.test-support.ts'
import { DEFAULT_BOUNDS } from './bounds.ts'
import { type CallStep, call } from './call.ts'

const DOWNLOAD = {
  is: 'download',
  request: { method: 'GET', url: 'https://analyticsdata.googleapis.com', headers: {} },
  bucket: 'calls',
  encoding: 'json_array',
  gzip: false,
  toRow: (record: object) => ({ ...record }),
} as const

/** Makes a call whose answer is an endless row of pieces; returns its result and how many pieces were read. */
function downloading(
  status: number,
  pieces: (n: number) => Promise<string | Buffer> | string | Buffer,
  { step = DOWNLOAD as CallStep, bounds = DEFAULT_BOUNDS } = {},
) {
  const clock = new FakeClock()
  let read = 0
  async function* endless() {
    for (;;) yield Buffer.from(await pieces(read++))
  }
  const body = Readable.from(endless(), { objectMode: false })
  const { deps, caller } = answeredBy(clock, bounds, () => ({ status, headers: {}, body }))
  const { signal: cancelled } = new AbortController()
  const sent = call(deps, caller, step, { cancelled, onRows: async () => {}, caveats: new Caveats() })
  const answer = sent.then(({ result }) => result)
  return { clock, body, answer, read: () => read }
}

it('reads only the beginning of an error', async () => {
  const { answer, body, read } = downloading(500, () => 'x'.repeat(64 * 1024))
  expect(await answer).toMatchObject({ is: 'transient' })
  if (!body.destroyed) await once(body, 'close')
  expect(read()).toBeLessThan(20)
})

it.each<[string, (n: number) => string, Encoding?]>([
  ['a text that never ends', (n: number) => (n === 0 ? '[{"a":"' : 'x'.repeat(64 * 1024))],
  ['a line that never ends', () => `"${'x'.repeat(64 * 1024)}`, 'csv'],
  ['an object that never ends', (n: number) => (n === 0 ? '[{"a":1' : `,"k${n}":"${'x'.repeat(8_000)}"`)],
  ['lists without an end', (n: number) => (n === 0 ? '[' : '['.repeat(1_000))],
])('breaks off at %s', async (_, pieces, encoding = 'json_array') => {
  const { answer, body, read } = downloading(200, pieces, { step: { ...DOWNLOAD, encoding } })
  expect(await answer).toMatchObject({
    detail: expect.stringMatching(/cannot be read|a record is longer than/),
  })
  if (!body.destroyed) await once(body, 'close')
  expect(read()).toBeLessThan(400)
})

it('breaks off an answer that comes too slowly', async () => {
  const { answer, clock, body } = downloading(200, (n) =>
    n === 0
      ? '['
      : new Promise((resolve) => setImmediate(() => resolve(n < 50 ? ' ' : new Promise<string>(() => {})))),
  )
  for (let turn = 0; turn < 100 && !body.destroyed; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(5_000)
  }
  expect(await answer).toMatchObject({ is: 'no_answer', detail: expect.stringContaining('too slowly') })
})

const ASK = { is: 'ask', request: DOWNLOAD.request, bucket: 'calls' } as const
const STREAM = {
  is: 'stream',
  request: DOWNLOAD.request,
  bucket: 'calls',
  list: 'rows',
  around: [],
  reader: () => (item: unknown) => ({ ...Object(item) }),
} as const

/** Advances the clock by a second in each turn of the event loop until the body is broken off; returns the seconds. */
async function untilOver({ clock, body }: ReturnType<typeof downloading>): Promise<number> {
  for (let second = 0; second < 2_000; second++) {
    if (body.destroyed) return second
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1_000)
  }
  throw new Error('it was not broken off')
}
const afterTurn = (piece: string) =>
  new Promise<string>((resolve) => setImmediate(() => setImmediate(() => resolve(piece))))

it.each([
  ['a download', DOWNLOAD, '[', 600],
  ['a long list', STREAM, '{"rows":[', 600],
  ['a single answer', ASK, '{"a":[', 60],
] as const)('ends %s that comes quickly enough but never ends', async (_, step, first, seconds) => {
  const drip = downloading(200, (n) => afterTurn(n === 0 ? first : ' '.repeat(300)), { step })
  const over = await untilOver(drip)
  expect(await drip.answer).toMatchObject({ is: 'no_answer' })
  expect(over).toBeGreaterThan(seconds - 5)
  expect(over).toBeLessThan(seconds + 60)
})

const ROWS = '{"a":1},'
const endless = (n: number) => (n === 0 ? '[' : ROWS.repeat(1_000))
/** Some kilobytes that become three megabytes. */
const BOMB = gzipSync(`[${ROWS.repeat(400_000)}{}]`)
const never = new Promise<string>(() => {})

it.each([
  ['bytes as it comes', { downloadBytes: 100_000 }, DOWNLOAD, endless, /longer than 100000 bytes/],
  ['rows', { downloadRows: 5_000 }, DOWNLOAD, endless, /more than 5000 rows/],
  [
    'bytes once it is unpacked',
    { unpackedBytes: 1_000_000 },
    { ...DOWNLOAD, gzip: true },
    (n: number) => (n === 0 ? BOMB : never),
    /unpacked, the file is longer than 1000000 bytes/,
  ],
] as const)('breaks off an answer that has too many %s', async (_, bound, step, pieces, detail) => {
  const bounds = { ...DEFAULT_BOUNDS, ...bound }
  const { answer, body, read } = downloading(200, pieces, { step, bounds })
  expect(await answer).toMatchObject({ is: 'too_much', detail: expect.stringMatching(detail) })
  if (!body.destroyed) await once(body, 'close')
  expect(read()).toBeLessThan(100)
})
