import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { Verdict } from '../../shield/index.ts'
import type { Answer } from '../platform/answer.ts'
import { type Arrival, type Channel, type Sending, sendRequest } from './send-request.ts'
import type { Token } from './token-source.ts'

const TOOK_MS = 40
const first: Token = { is: 'token', accessToken: 't1' }
const second: Token = { is: 'token', accessToken: 't2' }
const ok: Answer = { is: 'ok', body: 1 }
const expired: Answer = { is: 'auth_expired', detail: 'expired' }
const forbidden: Answer = { is: 'forbidden', detail: 'not this one' }

/** A channel to a platform whose answers are classed like this, and what happened on it. */
function channelTo(answers: readonly Answer[], changes: Partial<Channel> = {}) {
  const left = [...answers]
  const happened: (readonly [what: string, value: unknown])[] = []
  const channel: Channel = {
    clock: new FakeClock(),
    protocol: {
      authorize: (request) => request,
      read: () => left.shift() ?? ok,
      usedShare: () => ({ bucket: '', share: 0.5 }),
    },
    tokens: {
      get: async () => first,
      renew: async () => second,
      lose: async (detail) => void happened.push(['lost', detail]),
    },
    limits: {
      take: async () => ({ is: 'admitted' }),
      block: (afterMs) => happened.push(['blocked', afterMs]),
      observe: ({ share }) => happened.push(['used', share]),
    },
    enter: () => ({
      is: 'admitted',
      passage: { report: (verdict: Verdict, slowMs: number) => void happened.push([verdict, slowMs]) },
    }),
    grantWorks: async () => true,
    onSent: (outcome) => happened.push(['sent', outcome]),
    onLimited: (afterMs) => happened.push(['limited', afterMs]),
    ...changes,
  }
  const send = async (accessToken: string): Promise<Arrival> => {
    happened.push(['with', accessToken])
    return { is: 'answered', response: { status: 200, headers: {}, body: '' }, latencyMs: TOOK_MS }
  }
  const run = async (sending: Partial<Sending> = {}) =>
    (await sendRequest(channel, { send, mayForbid: false, isLong: false, ...sending })).result
  return { run, happened }
}

describe('a request to a platform', () => {
  it('is sent once, its answer classed, and everybody told', async () => {
    const { run, happened } = channelTo([ok])
    expect(await run()).toEqual(ok)
    expect(happened).toEqual([
      ['with', 't1'],
      ['used', 0.5],
      ['sent', 'ok'],
      ['healthy', TOOK_MS],
    ])
  })

  it.each<[Answer['is'] | Arrival['is'], Verdict]>([
    ['refused', 'healthy'],
    ['throttled', 'neutral'],
    ['auth_lost', 'neutral'],
    ['not_applied', 'neutral'],
    ['failed', 'neutral'],
    ['transient', 'failing'],
    ['not_sent', 'failing'],
    ['no_answer', 'failing'],
    ['too_much', 'healthy'],
    ['not_as_ordered', 'healthy'],
  ])('that is %s is %s to the breaker', async (is, verdict) => {
    const answer = { is, detail: '', retryAfterMs: 9 }
    const ofTheWay = ['not_sent', 'no_answer', 'too_much', 'not_as_ordered'].includes(is)
    const arrival = { ...answer, latencyMs: 1 }
    const { run, happened } = channelTo(ofTheWay ? [] : [Object(answer)])
    await run(ofTheWay ? { send: async () => Object(arrival) } : {})
    expect(happened).toContainEqual([verdict, expect.any(Number)])
  })

  it('does not count its length as slowness where the answer is a file', async () => {
    const { run, happened } = channelTo([ok])
    await run({ isLong: true })
    expect(happened.at(-1)).toEqual(['healthy', 0])
  })

  it('says nothing about the platform where we broke it off', async () => {
    const { run, happened } = channelTo([{ is: 'transient', detail: '' }])
    await run({ cancelled: AbortSignal.abort() })
    expect(happened.at(-1)).toEqual(['neutral', TOOK_MS])
  })

  it('is not sent while the breaker is open, nor over our own limit, nor without a token', async () => {
    const open = channelTo([], { enter: () => ({ is: 'open', retryAfterMs: 7 }) })
    expect(await open.run()).toMatchObject({ is: 'breaker_open', retryAfterMs: 7 })
    const take = async () => ({ is: 'limited', retryAfterMs: 8 }) as const
    const limited = channelTo([], { limits: { take, block() {}, observe() {} } })
    expect(await limited.run()).toMatchObject({ is: 'limited', retryAfterMs: 8, isStoreAway: false })
    const away: Token = { is: 'unavailable', detail: 'later', retryAfterMs: 9 }
    const none = channelTo([], { tokens: { get: async () => away, renew: async () => away } })
    expect(await none.run()).toEqual({ is: 'no_token', detail: 'later', retryAfterMs: 9 })
    expect([open.happened, limited.happened, none.happened]).toEqual([
      [],
      [
        ['limited', 8],
        ['neutral', 0],
      ],
      [],
    ])
  })

  it('tells the limit and the caller how long the platform wants to be left alone', async () => {
    const { run, happened } = channelTo([{ is: 'throttled', detail: '', retryAfterMs: 30_000 }])
    expect(await run()).toMatchObject({ is: 'throttled', retryAfterMs: 30_000 })
    expect(happened.slice(1, 3)).toEqual([
      ['blocked', 30_000],
      ['limited', 30_000],
    ])
  })

  it('is sent once more with a fresh token where the old one expired', async () => {
    const renewed = channelTo([expired, ok])
    expect(await renewed.run()).toEqual(ok)
    expect(sentWith(renewed)).toEqual(['t1', 't2'])
    const twice = channelTo([expired, expired, ok])
    expect(await twice.run()).toEqual({ is: 'auth_lost', detail: 'expired' })
    expect(sentWith(twice)).toEqual(['t1', 't2'])
    expect(twice.happened.at(-1)).toEqual(['lost', 'expired'])
  })

  it.each([
    [true, 'refused', []],
    [false, 'auth_lost', [['lost', 'not this one']]],
  ] as const)(
    'that is forbidden is refused, or loses a grant that does not work (works: %s)',
    async (works, is, told) => {
      const { run, happened } = channelTo([forbidden], { grantWorks: async () => works })
      expect(await run()).toEqual({ is, detail: 'not this one' })
      expect(happened.filter(([what]) => what === 'lost')).toEqual(told)
    },
  )

  it('that may be forbidden asks nothing about the grant', async () => {
    const asked = channelTo([forbidden], { grantWorks: () => Promise.reject(new Error('not asked')) })
    expect(await asked.run({ mayForbid: true })).toEqual(forbidden)
  })
})

const sentWith = ({ happened }: ReturnType<typeof channelTo>) =>
  happened.filter(([what]) => what === 'with').map(([, token]) => token)
