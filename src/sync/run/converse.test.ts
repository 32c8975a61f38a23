import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { HttpResponse } from '../../http.ts'
import { Caveats } from '../connectors/caveats.ts'
import { createGa4 } from '../connectors/ga4/index.ts'
import { type ReadStep, type ReadTalk, TalkRefused } from '../connectors/read-connector.ts'
import { createBreakers } from './breakers.ts'
import { begin, converse } from './converse.ts'

const change = {
  is: 'ask',
  request: { method: 'POST', url: 'https://x.example', headers: {} },
  bucket: 'calls',
  writes: true,
} as const

/** How a conversation ends on a platform that answers like this, the last answer for ever. */
async function endOf(talk: ReadTalk<unknown>, ...responses: Partial<HttpResponse>[]) {
  const clock = new FakeClock()
  const next = () => ({
    status: 200,
    headers: {},
    body: '{}',
    ...(responses.length > 1 ? responses.shift() : responses[0]),
  })
  const token = { is: 'token', accessToken: 'secret' } as const
  const nothing = async () => {}
  const deps = {
    clock,
    timeoutMs: 1_000,
    http: {
      send: async () => ({ is: 'answered', response: next(), latencyMs: 1 }) as const,
      open: async () => ({ is: 'not_sent', detail: '', latencyMs: 1 }) as const,
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
    priority: 'read_premium',
  } as const
  const { signal: never } = new AbortController()
  return converse(deps, caller, begin(talk, new Caveats()), {
    onDownloaded: async () => {},
    stopping: never,
    cancelled: never,
    onRows: nothing,
    onRemember: nothing,
    onProgress: nothing,
    onWait: nothing,
  })
}

describe('a conversation that breaks off', () => {
  function* thrower(error: Error, ...steps: ReadStep[]): ReadTalk<void> {
    for (const step of steps) yield step
    throw error
  }

  it('is refused in its own words where it cannot do what was asked', async () => {
    const ended = await endOf(thrower(new TalkRefused('settings.range: is needed')))
    expect(ended).toEqual({ is: 'refused', detail: 'settings.range: is needed' })
  })

  it('says that an answer was not understood', async () => {
    const ended = await endOf(thrower(new Error('no id'), { ...change, writes: false }))
    expect(ended).toEqual({ is: 'refused', detail: 'the answer was not understood: no id' })
  })

  it.each([new Error('no id'), new TalkRefused('stored beside its column')])(
    'leaves open what was done once something was written',
    async (error) => {
      expect(await endOf(thrower(error, change))).toEqual({ is: 'unknown', detail: error.message })
    },
  )

  it('leaves open what was done once something was written, also where a later question fails', async () => {
    function* doubter(): ReadTalk<void> {
      yield change
      yield { ...change, writes: false }
    }
    const answers = [{}, { status: 403, body: '{"error":{"code":403}}' }]
    expect(await endOf(doubter(), ...answers)).toMatchObject({ is: 'unknown' })
  })

  it('is handed nothing for a request that is sent once and gets no certain answer', async () => {
    function* once(): ReadTalk<string> {
      const reply = yield { ...change, writes: false, once: true }
      return reply === undefined ? 'nobody knows' : reply.is
    }
    const failing = { status: 503, body: '{"error":{"code":503}}' }
    expect(await endOf(once(), failing)).toEqual({ is: 'done', value: 'nobody knows' })
    expect(await endOf(once())).toEqual({ is: 'done', value: 'ok' })
  })

  it('has written nothing where the platform refused', async () => {
    const refusal = { status: 400, body: '{"error":{"code":400}}' }
    const ended = await endOf(thrower(new Error('so'), { ...change, mayRefuse: true }), refusal)
    expect(ended).toEqual({ is: 'refused', detail: 'the answer was not understood: so' })
  })
})
