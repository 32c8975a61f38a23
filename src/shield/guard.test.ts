import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { type Micros, micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import { BudgetManager } from './budget/client/budget-manager.ts'
import { CircuitBreaker, DEFAULT_BREAKER, type Verdict } from './circuit-breaker.ts'
import { guard } from './guard.ts'
import { RateLimiter } from './rate-limiter.ts'

function createHarness({ max = 100, calls = 10 } = {}) {
  const clock = new FakeClock()
  const budget = new BudgetManager({ clock })
  const limiter = new RateLimiter(clock, { calls, windowMs: 60_000 })
  const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER)
  const scope = budget.define('platform:x', 'USD', [{ kind: 'sliding', windowMs: 600_000, max: micros(max) }])
  const terms = { ttlMs: 1_000, onExpiry: 'settle' } as const
  let calledTimes = 0
  return {
    clock,
    budget,
    limiter,
    breaker,
    scope,
    called: () => calledTimes,
    money: () => ({ spent: scope.spent, held: scope.held }),
    spend: (
      outcome: Outcome<string> | Error,
      { id = 'a', amount = 60, verdict = 'healthy' as Verdict, latencyMs = 1 } = {},
    ) =>
      guard(
        { limiter, breaker, budget },
        { id, scopes: [scope], amount: amount as Micros, terms, priority: 'bid' },
        async () => {
          calledTimes += 1
          expect(scope.held).toBe(amount)
          if (outcome instanceof Error) throw outcome
          return { outcome, verdict, latencyMs }
        },
      ),
  }
}

const accepted = { is: 'accepted', value: 'ref' } as const

describe('the guard', () => {
  it('holds the money during the call and spends it when the platform accepts', async () => {
    const { spend, money } = createHarness()
    expect(await spend(accepted)).toEqual(accepted)
    expect(money()).toEqual({ spent: 60, held: 0 })
  })

  it.each(['refused', 'auth_lost', 'unavailable'] as const)(
    'frees the money when the call is %s',
    async (is) => {
      const { spend, money } = createHarness()
      expect(await spend({ is, detail: 'no' })).toMatchObject({ is })
      expect(money()).toEqual({ spent: 0, held: 0 })
    },
  )

  it('frees the money when the platform throttles', async () => {
    const { spend, money } = createHarness()
    await spend({ is: 'throttled', detail: 'slow down', retryAfterMs: 5 })
    expect(money()).toEqual({ spent: 0, held: 0 })
  })

  it('spends the money when nobody knows what became of the call', async () => {
    const { spend, money } = createHarness()
    await spend({ is: 'unknown', detail: 'no answer' })
    expect(money()).toEqual({ spent: 60, held: 0 })
  })

  it('spends the money when our own code fails in the middle of a call', async () => {
    const { spend, money } = createHarness()
    await expect(spend(new Error('bug'))).rejects.toThrow('bug')
    expect(money()).toEqual({ spent: 60, held: 0 })
  })

  it('makes no call that the budget has no room for, and takes no half-open probe for it', async () => {
    const { spend, called, breaker, clock } = createHarness()
    for (let i = 0; i < 3; i++)
      await spend({ is: 'unavailable', detail: 'down' }, { id: `f${i}`, verdict: 'failing' })
    clock.advance(DEFAULT_BREAKER.resetMs)
    expect(await spend(accepted, { id: 'big', amount: 101 })).toMatchObject({
      is: 'vetoed',
      veto: { is: 'over_budget' },
    })
    expect(called()).toBe(3)
    expect(breaker.state).toEqual({ is: 'half_open', successes: 0, probe: 'free' })
  })

  it('makes no call and holds nothing while the breaker is open or the limit is reached', async () => {
    const open = createHarness()
    for (let i = 0; i < 3; i++)
      await open.spend({ is: 'unknown', detail: '' }, { id: `f${i}`, amount: 1, verdict: 'failing' })
    expect(await open.spend(accepted, { id: 'later' })).toMatchObject({
      is: 'breaker_open',
      retryAfterMs: 30_000,
    })
    expect(open.scope.held).toBe(0)

    const limited = createHarness({ calls: 1 })
    limited.limiter.count()
    expect(await limited.spend(accepted)).toMatchObject({ is: 'limited' })
    expect([limited.called(), limited.scope.held]).toEqual([0, 0])
  })

  it('counts a call that was slow against the platform though it succeeded', async () => {
    const { spend, breaker } = createHarness()
    for (let i = 0; i < 3; i++) await spend(accepted, { id: `s${i}`, amount: 1, latencyMs: 501 })
    expect(breaker.state).toMatchObject({ is: 'open' })
  })

  it('never spends twice for one id', async () => {
    const { spend, called, money } = createHarness()
    await spend(accepted)
    expect(await spend(accepted)).toMatchObject({ is: 'repeated' })
    expect([called(), money()]).toEqual([1, { spent: 60, held: 0 }])
  })

  it('takes back what was settled as unknown when a call outlives its hold and is then refused', async () => {
    const { budget, limiter, breaker, scope, clock, money } = createHarness()
    const terms = { ttlMs: 1_000, onExpiry: 'settle' } as const
    await guard(
      { limiter, breaker, budget },
      { id: 'a', scopes: [scope], amount: micros(60), terms, priority: 'bid' },
      async () => {
        clock.advance(1_000)
        budget.expire()
        expect(money()).toEqual({ spent: 60, held: 0 })
        return { outcome: { is: 'refused', detail: 'no' }, verdict: 'healthy', latencyMs: 1 }
      },
    )
    expect(money()).toEqual({ spent: 0, held: 0 })
  })
})
