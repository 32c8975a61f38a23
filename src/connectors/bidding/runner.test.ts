import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { HttpOutcome, HttpRequest } from '../../http/http.ts'
import type { Outcome } from '../../outcome.ts'
import { RateLimiter } from '../../shield/index.ts'
import type { Token, TokenSource } from '../conversation/token-source.ts'
import type { Answer, Protocol } from '../platform/answer.ts'
import type { Operation } from '../platform/bids.ts'
import { type AskStep, WRITES } from '../platform/steps.ts'
import { createRunner } from './runner.ts'

const request: HttpRequest = { method: 'POST', url: 'http://platform.example/', headers: {} }
const read: AskStep = { is: 'ask', request, bucket: WRITES }
const write: AskStep = { ...read, writes: true }
const check: AskStep = { ...read, request: { ...request, url: 'http://platform.example/me' } }

function* steps(...list: AskStep[]): Operation<string> {
  for (const step of list) yield step
  return { is: 'accepted', value: 'done' }
}

const ok: Answer = { is: 'ok', body: {} }
type Scripted = Answer | Extract<HttpOutcome, { is: 'not_sent' | 'no_answer' }>['is']

/** A platform that answers by the script, and counts what it was sent. */
function createHarness(script: Scripted[], { calls = 10, tokens = ['t1', 't2'] } = {}) {
  const clock = new FakeClock()
  const sentWith: string[] = []
  const asked: string[] = []
  const left = [...script]
  let current: Scripted = ok
  const protocol: Protocol = {
    authorize: (sent, accessToken) => ({ ...sent, headers: { authorization: accessToken } }),
    read: () => (typeof current === 'string' ? ok : current),
    usedShare: () => undefined,
  }
  const limiter = new RateLimiter(clock, { calls, windowMs: 60_000 })
  const run = createRunner({
    clock,
    protocol,
    limiter,
    timeoutMs: 1_000,
    checkGrant: () => steps(check),
    tokens: scriptedTokens(tokens),
    onRequest: () => {},
    http: {
      async send({ headers, url }) {
        asked.push(new URL(url).pathname)
        sentWith.push(headers['authorization'] ?? '')
        current = left.shift() ?? ok
        if (typeof current === 'string') return { is: current, detail: current, latencyMs: 7 }
        return { is: 'answered', response: { status: 200, headers: {}, body: '' }, latencyMs: 7 }
      },
      close: async () => {},
    },
  })
  return { run, limiter, sentWith, asked, clock }
}

function scriptedTokens([first = '', second]: string[]): TokenSource {
  const token = (accessToken: string): Token => ({ is: 'token', accessToken })
  return {
    get: async () => token(first),
    renew: async () =>
      second === undefined ? { is: 'auth_lost', detail: 'no refresh token' } : token(second),
  }
}

async function outcomeOf(script: Scripted[], ...list: AskStep[]): Promise<Outcome<string>> {
  return (await createHarness(script).run(steps(...list), 'bid')).outcome
}

describe('running a conversation', () => {
  it('sends every step once, in order, each counted as a call', async () => {
    const { run, limiter, sentWith } = createHarness([ok, ok])
    expect(await run(steps(read, write), 'bid')).toMatchObject({
      outcome: { is: 'accepted' },
      verdict: 'healthy',
    })
    expect([sentWith.length, limiter.remaining()]).toEqual([2, 8])
  })

  it.each<[Scripted, Outcome<string>['is'], Outcome<string>['is']]>([
    [{ is: 'refused', detail: '' }, 'refused', 'refused'],
    [{ is: 'throttled', detail: '', retryAfterMs: 9 }, 'throttled', 'throttled'],
    [{ is: 'auth_lost', detail: '' }, 'auth_lost', 'auth_lost'],
    [{ is: 'not_applied', detail: '' }, 'unavailable', 'unavailable'],
    [{ is: 'transient', detail: '' }, 'unavailable', 'unknown'],
    [{ is: 'failed', detail: '' }, 'unavailable', 'unknown'],
    ['not_sent', 'unavailable', 'unavailable'],
    ['no_answer', 'unavailable', 'unknown'],
  ])('%o comes to %s on a read and %s on a write', async (answer, onRead, onWrite) => {
    expect((await outcomeOf([answer], read)).is).toBe(onRead)
    expect((await outcomeOf([answer], write)).is).toBe(onWrite)
  })

  it('never calls an operation undone once one of its writes was applied', async () => {
    for (const later of [
      { is: 'refused', detail: '' },
      { is: 'throttled', detail: '', retryAfterMs: 1 },
    ] as const) {
      expect((await outcomeOf([ok, later], write, write)).is).toBe('unknown')
    }
    expect((await outcomeOf([ok, 'not_sent'], write, read)).is).toBe('unknown')
  })

  it('hands a refusal to the operation where the step allows it', async () => {
    function* tolerant(): Operation<string> {
      const answer = yield { ...read, mayRefuse: true }
      return { is: 'accepted', value: answer?.is ?? 'nothing' }
    }
    const { run } = createHarness([{ is: 'refused', detail: 'not this way' }])
    expect((await run(tolerant(), 'bid')).outcome).toEqual({ is: 'accepted', value: 'refused' })
  })

  describe('once permission is missing', () => {
    const forbidden: Answer = { is: 'forbidden', detail: 'not this one' }
    const lost: Answer = { is: 'auth_lost', detail: 'revoked' }

    it.each<[string, Scripted, Outcome<string>['is']]>([
      ['works', ok, 'refused'],
      ['is dead', lost, 'auth_lost'],
      ['may ask for nothing at all', forbidden, 'auth_lost'],
      ['cannot be asked about', 'no_answer', 'refused'],
      ['is throttled', { is: 'throttled', detail: '', retryAfterMs: 1 }, 'refused'],
    ])('where the grant %s the outcome follows from that', async (_name, answer, is) => {
      const { run, asked } = createHarness([forbidden, answer])
      const { outcome } = await run(steps(write), 'bid')
      expect(outcome).toEqual({ is, detail: 'not this one' })
      expect(asked).toEqual(['/', '/me'])
    })

    it('asks once for all who are refused within a minute', async () => {
      const { run, asked, clock } = createHarness(Array.from({ length: 9 }, () => forbidden))
      const script = createHarness([forbidden, forbidden, ok, forbidden, forbidden])
      const both = await Promise.all([1, 2].map(() => script.run(steps(write), 'bid')))
      expect(both.map(({ outcome }) => outcome.is)).toEqual(['refused', 'refused'])
      await script.run(steps(write), 'bid')
      expect(script.asked).toEqual(['/', '/', '/me', '/'])
      script.clock.advance(60_001)
      await script.run(steps(write), 'bid')
      expect(script.asked.slice(4)).toEqual(['/', '/me'])

      // A grant that was lost may be mended at any time.
      for (const _ of [1, 2]) expect((await run(steps(write), 'bid')).outcome.is).toBe('auth_lost')
      expect([asked.length, clock.elapsedMs()]).toEqual([4, 0])
    })

    it('hands the refusal on where the step allows it, and says nothing against the platform', async () => {
      function* tolerant(): Operation<string> {
        return { is: 'accepted', value: (yield { ...write, mayRefuse: true })?.is ?? 'nothing' }
      }
      const { outcome, verdict } = await createHarness([forbidden, ok]).run(tolerant(), 'bid')
      expect([outcome, verdict]).toEqual([{ is: 'accepted', value: 'refused' }, 'healthy'])
    })
  })

  it('sends a step again only once, with a fresh token, after the platform called its token expired', async () => {
    const expired: Answer = { is: 'auth_expired', detail: 'expired' }
    const renewed = createHarness([expired, ok])
    expect((await renewed.run(steps(write), 'bid')).outcome.is).toBe('accepted')
    expect(renewed.sentWith).toEqual(['t1', 't2'])

    const twice = createHarness([expired, expired, ok])
    expect((await twice.run(steps(write), 'bid')).outcome.is).toBe('auth_lost')
    expect(twice.sentWith).toHaveLength(2)

    const fixed = createHarness([expired, ok], { tokens: ['only'] })
    expect((await fixed.run(steps(write), 'bid')).outcome.is).toBe('auth_lost')
    expect(fixed.sentWith).toEqual(['only'])
  })

  it('refuses a step over our own limit before it is sent; pausing goes through and is counted', async () => {
    const { run, limiter, sentWith } = createHarness([], { calls: 1 })
    limiter.count()
    expect((await run(steps(write), 'bid')).outcome).toMatchObject({
      is: 'throttled',
      retryAfterMs: expect.any(Number),
    })
    expect(sentWith).toEqual([])
    expect((await run(steps(write), 'lowering')).outcome.is).toBe('accepted')
    expect(limiter.remaining()).toBe(0)
  })

  it('names the budget store as the cause where it grants no calls', async () => {
    const { run, limiter, sentWith } = createHarness([])
    const detail = 'the budget store grants no calls: cut off'
    limiter.takeSoon = async () => ({ is: 'limited', retryAfterMs: 1_000, detail })
    const { outcome, verdict } = await run(steps(write), 'bid')
    expect(outcome).toEqual({ is: 'throttled', detail, retryAfterMs: 1_000, isStoreAway: true })
    expect([verdict, sentWith]).toEqual(['neutral', []])
  })

  it('stays away from a platform for as long as it asks', async () => {
    const { run, sentWith } = createHarness([{ is: 'throttled', detail: '', retryAfterMs: 30_000 }])
    await run(steps(write), 'bid')
    expect((await run(steps(write), 'bid')).outcome).toMatchObject({ is: 'throttled', retryAfterMs: 30_000 })
    expect(sentWith).toHaveLength(1)
  })

  it('blames the platform only for what is its own doing', async () => {
    const verdict = async (answer: Scripted) =>
      (await createHarness([answer]).run(steps(write), 'bid')).verdict
    expect(await verdict({ is: 'refused', detail: '' })).toBe('healthy')
    expect(await verdict({ is: 'throttled', detail: '', retryAfterMs: 1 })).toBe('neutral')
    expect(await verdict({ is: 'auth_lost', detail: '' })).toBe('neutral')
    expect(await verdict({ is: 'failed', detail: '' })).toBe('neutral')
    expect(await verdict({ is: 'transient', detail: '' })).toBe('failing')
    expect(await verdict('no_answer')).toBe('failing')
  })
})
