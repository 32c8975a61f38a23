import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { Caveats } from '../connectors/caveats.ts'
import { createGa4 } from '../connectors/ga4/index.ts'
import { createBreakers } from './breakers.ts'
import { call } from './call.ts'

const DOWNLOAD = {
  is: 'download',
  request: { method: 'GET', url: 'https://x.example', headers: {} },
  bucket: 'calls',
  encoding: 'json_array',
  gzip: false,
  toRow: (record: object) => ({ ...record }),
} as const

/** What comes of a download that brings these pieces for ever, and how many were read. */
function downloading(status: number, pieces: (n: number) => Promise<string> | string) {
  const clock = new FakeClock()
  let read = 0
  async function* endless() {
    for (;;) yield Buffer.from(await pieces(read++))
  }
  const body = Readable.from(endless(), { objectMode: false })
  const token = { is: 'token', accessToken: 'secret' } as const
  const nothing = async () => {}
  const deps = {
    clock,
    timeoutMs: 1_000,
    http: {
      send: async () => ({ is: 'not_sent', detail: '', latencyMs: 1 }) as const,
      open: async () => ({ is: 'opened', status, headers: {}, body, latencyMs: 1 }) as const,
      close: nothing,
    },
    tokens: { get: async () => token, renew: async () => token, lose: nothing },
    limits: {
      admits: () => ({ is: 'admitted' }) as const,
      take: async () => ({ is: 'admitted' }) as const,
      block() {},
      observe() {},
      status: () => ({ current: 0, limit: 1, resetAtMs: 0 }),
    },
    breakers: createBreakers(clock, () => {}),
    onCall() {},
    onLimited() {},
  }
  const connector = createGa4()
  const caller = {
    connector,
    connectorId: 'c',
    account: { type: connector.type, orgId: 1, accountId: 'a' },
    priority: 'read',
  } as const
  const { signal: cancelled } = new AbortController()
  const answer = call(deps, caller, DOWNLOAD, { cancelled, onRows: nothing, caveats: new Caveats() })
  return { clock, body, answer, read: () => read }
}

it('reads no more of an error than its beginning', async () => {
  const { answer, body, read } = downloading(500, () => 'x'.repeat(64 * 1024))
  expect(await answer).toMatchObject({ is: 'transient' })
  if (!body.destroyed) await once(body, 'close')
  expect(read()).toBeLessThan(20)
})

it.each([
  ['a text that never ends', (n: number) => (n === 0 ? '[{"a":"' : 'x'.repeat(64 * 1024))],
  ['an object that never ends', (n: number) => (n === 0 ? '[{"a":1' : `,"k${n}":"${'x'.repeat(8_000)}"`)],
  ['lists without an end', (n: number) => (n === 0 ? '[' : '['.repeat(1_000))],
])('breaks off at %s', async (_, pieces) => {
  const { answer, body, read } = downloading(200, pieces)
  expect(await answer).toMatchObject({ is: 'no_answer', detail: expect.stringContaining('broke off') })
  if (!body.destroyed) await once(body, 'close')
  expect(read()).toBeLessThan(400)
})

it('breaks off what comes too slowly', async () => {
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
