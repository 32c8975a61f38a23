import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { HttpResponse } from '../../http/http.ts'
import { Caveats } from '../platform/caveats.ts'
import { type Step, type Talk, TalkRefused } from '../platform/steps.ts'
import { answeredBy } from './answered.test-support.ts'
import { DEFAULT_BOUNDS } from './bounds.ts'
import { begin, converse } from './converse.ts'

const change = {
  is: 'ask',
  request: { method: 'POST', url: 'https://analyticsdata.googleapis.com', headers: {} },
  bucket: 'calls',
  writes: true,
} as const

const DOWNLOAD = {
  is: 'download',
  request: { method: 'GET', url: 'https://analyticsdata.googleapis.com', headers: {} },
  bucket: 'calls',
  encoding: 'json_array',
  gzip: false,
  toRow: () => undefined,
} as const

const MIB = 1024 ** 2

/** How a conversation ends with a platform that gives these answers, and repeats the last one for ever. */
async function endOf(
  talk: Talk<unknown>,
  ...responses: (Partial<HttpResponse> & { waitsMs?: number; tookMs?: number })[]
) {
  const clock = new FakeClock()
  const next = () => ({
    status: 200,
    headers: {},
    body: '{}',
    tookMs: 0,
    ...(responses.length > 1 ? responses.shift() : responses[0]),
  })
  const nothing = async () => {}
  const { deps, caller } = answeredBy(
    clock,
    { ...DEFAULT_BOUNDS, answerBytes: MIB, downloadRows: 3, calls: 7 },
    () => {
      const { status, headers, body, tookMs } = next()
      clock.advance(tookMs)
      return { status, headers, body: Readable.from([Buffer.from(body)]) }
    },
  )
  const { take } = deps.limits
  deps.limits.take = () => {
    clock.advance(responses[0]?.waitsMs ?? 0)
    return take()
  }
  const { signal: never } = new AbortController()
  return converse(deps, caller, begin(talk, new Caveats()), {
    onDownloaded: async () => {},
    stopping: never,
    cancelled: never,
    onRows: nothing,
    onRemember: nothing,
    onProgress: nothing,
    onWait: nothing,
    async onRetry(isRetrying) {
      if (isRetrying) setImmediate(() => clock.advance(1_000))
    },
  })
}

describe('a conversation that breaks off', () => {
  function* thrower(error: Error, ...steps: Step[]): Talk<void> {
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
    'has an unknown outcome once something was written',
    async (error) => {
      expect(await endOf(thrower(error, change))).toEqual({ is: 'unknown', detail: error.message })
    },
  )

  it('has an unknown outcome once something was written, also where a later request fails', async () => {
    function* doubter(): Talk<void> {
      yield change
      yield { ...change, writes: false }
    }
    const answers = [{}, { status: 403, body: '{"error":{"code":403}}' }]
    expect(await endOf(doubter(), ...answers)).toMatchObject({ is: 'unknown' })
  })

  it('gets no reply to a request that is sent once and has no certain answer', async () => {
    function* once(): Talk<string> {
      const reply = yield { ...change, writes: false, once: true }
      return reply === undefined ? 'nobody knows' : reply.is
    }
    const failing = { status: 503, body: '{"error":{"code":503}}' }
    expect(await endOf(once(), failing)).toEqual({ is: 'done', value: 'nobody knows' })
    expect(await endOf(once())).toEqual({ is: 'done', value: 'ok' })
  })

  it('does not repeat a call at once that took its whole time to fail', async () => {
    function* asking(): Talk<unknown> {
      return yield { ...DOWNLOAD }
    }
    const failing = { status: 503, body: '{"error":{"code":503}}' }
    expect(await endOf(asking(), { ...failing, tookMs: 61_000 }, {})).toMatchObject({ is: 'unavailable' })
  })

  it('does not count the time that a call waited on our side against the platform', async () => {
    function* asking(): Talk<string | undefined> {
      return (yield { ...change, writes: false })?.is
    }
    const failing = { status: 503, body: '{"error":{"code":503}}' }
    expect(await endOf(asking(), { ...failing, waitsMs: 61_000 }, {})).toEqual({ is: 'done', value: 'ok' })
  })

  const long = { body: JSON.stringify('x'.repeat(MIB)) }

  it('does not know what became of a change whose answer was too long', async () => {
    expect(await endOf(thrower(new Error('so'), change), long)).toMatchObject({ is: 'unknown' })
  })

  it.each([
    ['one answer', { ...change, writes: false } as const, long, /longer than 1048576 bytes/],
    [
      'a list',
      {
        is: 'stream',
        request: change.request,
        bucket: 'calls',
        list: 'rows',
        around: [],
        reader: () => () => ({}),
      },
      { body: '{"rows":[1,2,3,4]}' },
      /more than 3 rows/,
    ],
  ] as const)(
    'is told that %s brings too much, and does not repeat the request',
    async (_, step, answer, detail) => {
      let asked = 0
      function* asking(): Talk<unknown> {
        asked += 1
        return yield step
      }
      expect(await endOf(asking(), answer)).toMatchObject({
        is: 'done',
        value: { is: 'too_much', detail: expect.stringMatching(detail) },
      })
      expect(asked).toBe(1)
    },
  )

  it.each([false, true])(
    'makes no more calls than it may, whatever it is answered (writes: %s)',
    async (writes) => {
      let calls = 0
      function* restless(): Talk<void> {
        for (; ; calls++) yield { ...change, writes: writes && calls === 0 }
      }
      expect(await endOf(restless())).toEqual({
        is: writes ? 'unknown' : 'refused',
        detail: 'it took 7 calls and was not over; ask for fewer dates',
      })
      expect(calls).toBe(7)
    },
  )

  it('has written nothing where the platform refused', async () => {
    const refusal = { status: 400, body: '{"error":{"code":400}}' }
    const ended = await endOf(thrower(new Error('so'), { ...change, mayRefuse: true }), refusal)
    expect(ended).toEqual({ is: 'refused', detail: 'the answer was not understood: so' })
  })
})
