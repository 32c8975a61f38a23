import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager, MemoryStore } from '../../index.ts'
import type { Hold } from '../client/hold.ts'
import { openStore, temporaryDirectory } from '../stores/sqlite/sqlite-store.test-support.ts'
import type { KeptOutcomes } from './kept-outcomes.ts'
import { forgottenAfterMs, slotMsOf, weighedMsOf } from './outcomes.ts'

const AUCTION = { ttlMs: 10_000, onExpiry: 'release' } as const
const CALL = { ttlMs: 10_000, onExpiry: 'settle' } as const
const BOUNDED = { is: 'bounded', maxOverspendProbability: 1e-4 } as const
const PRICE = micros(1_000)
const LIMIT = micros(10_000_000)
/** After this many ms no bid is weighed any more. */
const GONE_MS = weighedMsOf(AUCTION.ttlMs) + 3 * slotMsOf(AUCTION.ttlMs)

function setUp(holdMode: typeof BOUNDED | undefined = BOUNDED) {
  const clock = new FakeClock()
  const store = new MemoryStore(clock, 3_000)
  const overdrafts: number[] = []
  const budget = new BudgetManager({
    clock,
    store,
    owner: 'this',
    onOverdraft: (_, amount) => overdrafts.push(amount),
  })
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: LIMIT }] as const
  const scope = budget.define('global', 'USD', limits, 'operator', holdMode)
  const open = (terms: typeof AUCTION | typeof CALL = AUCTION): Hold => {
    const hold = budget.open([scope], PRICE, terms)
    if (hold.is !== 'held') throw new Error(hold.is)
    return hold
  }
  /** One bid in twenty is billed after a second; the others are never heard of again. */
  const learn = () => {
    for (let second = 0; second < 60; second++) {
      const billed: Hold[] = []
      for (let i = 0; i < 40; i++) {
        const hold = open()
        if (i % 20 === 0) billed.push(hold)
      }
      clock.advance(1_000)
      budget.expire()
      for (const hold of billed) budget.settle(hold, PRICE)
    }
    expect(scope.modeNow).toEqual({ is: 'bounded' })
  }
  return { clock, store, budget, scope, overdrafts, open, learn, limits }
}

describe('bounded holds', () => {
  it('set aside all prices until enough is known, and then less', () => {
    const { scope, open, learn } = setUp()
    open()
    expect(scope).toMatchObject({ held: 1_000, prices: 1_000 })
    // Full prices keep nobody from bidding yet, so nothing is learned.
    expect(scope.modeNow).toEqual({ is: 'strict', why: 'money_to_spare' })
    for (let i = 0; i < LIMIT / 64 / PRICE; i++) open()
    expect(scope).toMatchObject({ held: scope.prices, modeNow: { is: 'strict', why: 'few_outcomes' } })
    learn()
    for (let i = 0; i < 1_000; i++) open()
    expect(scope.prices).toBeGreaterThan(1_000_000)
    expect(scope.held).toBeLessThan(scope.prices / 2)
    expect(scope.held).toBeGreaterThan(scope.prices / 20)
  })

  it('set aside a platform call in full', () => {
    const { scope, open, learn } = setUp()
    learn()
    const before = scope.held
    const call = open(CALL)
    expect(scope.held - before).toBe(1_000)
    expect(call.is).toBe('held')
  })

  it('set aside full prices again when an operator sets strict, and count in full against a lower limit', () => {
    const { clock, budget, scope, open, learn, limits } = setUp()
    learn()
    for (let i = 0; i < 1_000; i++) open()
    budget.define('global', 'USD', limits, 'operator')
    clock.advance(300)
    expect(scope).toMatchObject({ held: scope.prices, holdMode: { is: 'strict' } })
    budget.define('global', 'USD', [{ kind: 'lifetime', max: micros(scope.prices) }], 'operator')
    expect(budget.open([scope], PRICE, AUCTION).is).toBe('over_budget')
  })

  it('are weighed as before after a bill below their price, and pay a further bill', () => {
    const { clock, budget, scope, overdrafts, open, learn } = setUp()
    learn()
    const holds = Array.from({ length: 1_000 }, () => open())
    const [before, prices] = [scope.held, scope.prices]
    const won = holds.slice(0, 40)
    for (const hold of won) budget.settlePart(hold, micros(10))
    expect(scope.prices).toBe(prices - 400)
    expect(scope.held).toBeGreaterThanOrEqual(before - 400)
    for (const hold of won) budget.settlePart(hold, micros(990))
    expect(scope.prices).toBe(prices - 40_000)
    expect(scope.modeNow).toEqual({ is: 'bounded' })
    clock.advance(GONE_MS)
    budget.expire()
    clock.advance(250)
    expect(scope).toMatchObject({ held: 0, prices: 0 })
    expect(scope.purse.conserved()).toBe(0)
    expect(overdrafts).toEqual([])
  })

  it('learn from bids that are billed below their price as from any other', () => {
    const { clock, budget, scope, overdrafts, open } = setUp()
    for (let second = 0; second < 120; second++) {
      for (let i = 0; i < 40; i++) {
        const hold = open()
        if (i % 20 === 0) budget.settlePart(hold, micros(600))
      }
      clock.advance(1_000)
      budget.expire()
    }
    expect(scope.modeNow).toEqual({ is: 'bounded' })
    expect(scope.held).toBeLessThan(scope.prices / 2)
    clock.advance(GONE_MS)
    budget.expire()
    clock.advance(250)
    expect(scope).toMatchObject({ held: 0, prices: 0, spent: 120 * 2 * 600 })
    expect(overdrafts).toEqual([])
  })

  it('leave what is set aside with the store when the lease ends, and its bills come out of that', () => {
    const { clock, store, budget, scope, overdrafts, open, learn } = setUp()
    learn()
    const holds = Array.from({ length: 1_000 }, () => open())
    const setAside = scope.held
    const { sync } = store
    store.sync = () => {
      throw new Error('cut off')
    }
    clock.advance(3_500)
    store.sync = sync
    clock.advance(2_000)
    budget.refresh()
    expect(scope.held).toBe(0)
    const { forfeited, spent } = budget.stats(scope)
    expect(forfeited.amount + spent).toBeGreaterThanOrEqual(setAside)
    const counted = () => {
      budget.refresh()
      const { elsewhere, forfeited: rest, spent: now, held } = budget.stats(scope)
      return elsewhere + rest.amount + now + held
    }
    const before = counted()
    for (const hold of holds.slice(0, 50)) budget.settle(hold, PRICE)
    expect(counted()).toBe(before)
    for (const hold of holds.slice(50)) budget.settle(hold, PRICE)
    expect(counted()).toBeGreaterThan(before)
    expect(overdrafts).toEqual([])
  })

  it('survive the death of a process: what was set aside is forfeited', () => {
    const { clock, store, budget, scope, open, learn } = setUp()
    learn()
    for (let i = 0; i < 500; i++) open()
    clock.advance(300)
    const { held } = scope
    store.leave('this')
    const other = new BudgetManager({ clock, store, owner: 'other' })
    const theirs = other.define('global', 'USD', [{ kind: 'sliding', windowMs: 600_000, max: LIMIT }])
    expect(other.stats(theirs).forfeited.amount).toBeGreaterThanOrEqual(held)
    expect(other.scope('global')?.holdMode).toEqual(BOUNDED)
    expect(budget.size).toBe(0)
  })

  it('are bounded after a restart, whatever the configuration of the start says', async () => {
    const clock = new FakeClock()
    const directory = temporaryDirectory()
    const limits = [{ kind: 'lifetime', max: LIMIT }] as const
    const before = await openStore({ clock, directory })
    const first = new BudgetManager({ clock, store: before.store, owner: 'first' })
    first.define('global', 'USD', limits, 'operator', BOUNDED)
    await first.settled()
    await before.store.close()
    const { store } = await openStore({ clock, directory })
    const second = new BudgetManager({ clock, store, owner: 'second' })
    const scope = second.define('global', 'USD', [])
    await second.settled()
    expect(scope).toMatchObject({ holdMode: BOUNDED, limits })
  })

  describe('after a restart', () => {
    /** A start `laterMs` after the first, with what that kept. Opens some bids, waits for a slot, opens a thousand. */
    const begin = (known: readonly KeptOutcomes[], laterMs: number, currency = 'USD') => {
      const { clock } = setUp()
      clock.advance(60_000 + laterMs)
      const budget = new BudgetManager({ clock, outcomes: known })
      const limits = [{ kind: 'sliding', windowMs: 600_000, max: LIMIT }] as const
      const scope = budget.define('global', currency, limits, 'operator', BOUNDED)
      for (let i = 0; i < LIMIT / 64 / PRICE; i++) budget.open([scope], PRICE, AUCTION)
      clock.advance(200)
      for (let i = 0; i < 1_000; i++) budget.open([scope], PRICE, AUCTION)
      budget.expire()
      return { budget, scope }
    }
    const known = (): readonly KeptOutcomes[] => {
      const { budget, learn } = setUp()
      learn()
      return budget.outcomes
    }
    const strict = { modeNow: { is: 'strict', why: 'few_outcomes' } }

    it('hold at once what bids will cost, by what was known before', () => {
      const { scope, budget } = begin(known(), 5_000)
      expect(scope.modeNow).toEqual({ is: 'bounded' })
      expect(scope.held).toBeLessThan(scope.prices / 2)
      expect(scope.held).toBeGreaterThan(scope.prices / 20)
      // Another start soon after it knows no less.
      expect(begin(budget.outcomes, 6_000).scope.modeNow).toEqual({ is: 'bounded' })
    })

    it('hold everything in full if what was known is too old, from the future, or in another currency', () => {
      const generations = forgottenAfterMs(AUCTION.ttlMs)
      expect(begin(known(), generations - 60_000).scope.modeNow).toEqual({ is: 'bounded' })
      expect(begin(known(), generations + 1_000).scope).toMatchObject(strict)
      expect(begin(known(), -10_000).scope).toMatchObject(strict)
      expect(begin(known(), 5_000, 'EUR').scope).toMatchObject(strict)
      expect(begin([], 5_000).scope).toMatchObject(strict)
    })

    it('do not bring back statistics that were discarded because too many bids were billed', () => {
      const { clock, budget, scope, open, learn } = setUp()
      learn()
      for (let second = 0; second < 5; second++) {
        const holds = Array.from({ length: 200 }, () => open())
        clock.advance(1_000)
        for (const hold of holds) budget.settle(hold, PRICE)
      }
      expect(scope.modeNow).toEqual({ is: 'strict', why: 'win_rate_drifts' })
      expect(budget).toMatchObject({ outcomes: [], distrusts: 1 })
    })
  })

  it('never create money, whatever happens in whatever order', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('open'), terms: fc.constantFrom(AUCTION, CALL) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('settle'), at: fc.nat(), of: fc.nat(1_500) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('part'), at: fc.nat(), part: fc.nat(1_100) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('release'),
          at: fc.nat(),
          how: fc.constantFrom('lost', 'withdrawn'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.nat(3_000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('mode'), bounded: fc.boolean() }) },
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 200 }), fc.boolean(), (steps, isLearned) => {
        const { clock, budget, scope, learn, limits } = setUp()
        if (isLearned) learn()
        const holds: Hold[] = []
        for (const one of steps) {
          if ('terms' in one) {
            const hold = budget.open([scope], PRICE, one.terms)
            if (hold.is === 'held') holds.push(hold)
          } else if ('of' in one) {
            const hold = holds[one.at % holds.length]
            if (hold) budget.settle(hold, micros(one.of))
          } else if ('part' in one) {
            const hold = holds[one.at % holds.length]
            if (hold) budget.settlePart(hold, micros(one.part))
          } else if ('how' in one) {
            const hold = holds[one.at % holds.length]
            if (hold) budget.release(hold, one.how === 'lost' ? 'lost' : 'withdrawn')
          } else if ('ms' in one) clock.advance(one.ms)
          else budget.define('global', 'USD', limits, 'operator', one.bounded ? BOUNDED : undefined)
          budget.expire()
          const prices = holds.reduce((sum, { state, rest }) => sum + (state === 'open' ? rest : 0), 0)
          const before = isLearned ? scope.prices : prices
          expect(scope.purse.conserved()).toBe(0)
          expect(scope.purse.balance).toBeGreaterThanOrEqual(0)
          expect(scope.held).toBeGreaterThanOrEqual(0)
          expect(scope.prices).toBe(before)
          expect(scope.held).toBeLessThanOrEqual(scope.prices)
        }
        clock.advance(30_000)
        budget.expire()
        clock.advance(1_000)
        expect(scope).toMatchObject({ held: 0, prices: 0 })
      }),
      { numRuns: 60, seed: Number(process.env['SEED'] ?? 20_261_121) },
    )
  })
})
