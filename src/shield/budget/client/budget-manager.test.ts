import { strict as assert } from 'node:assert'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { type Micros, micros } from '../../../money.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import { type BudgetStore, StoreUnavailable, type SyncLine, type SyncReply } from '../protocol/store.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { BudgetManager, type BudgetManagerOptions, type HoldResult } from './budget-manager.ts'
import type { Scope } from './scope.ts'

const MINUTE = 60_000
const sliding = (max: number): LimitSpec => ({ kind: 'sliding', windowMs: 10 * MINUTE, max: micros(max) })
const lifetime = (max: number): LimitSpec => ({ kind: 'lifetime', max: micros(max) })

function createHarness(options: Partial<BudgetManagerOptions> = {}) {
  const clock = new FakeClock()
  const overdrafts: [string, number][] = []
  const expired: string[] = []
  const budget = new BudgetManager({
    clock,
    rememberEnded: 100,
    onOverdraft: (scope, amount) => overdrafts.push([scope.name, amount]),
    onExpired: (hold) => expired.push(hold.id),
    ...options,
  })
  const scope = (name: string, ...limits: LimitSpec[]) => budget.define(name, 'EUR', limits)
  const hold = (id: string, scopes: Scope | Scope[], amount: number, ttlMs = MINUTE): HoldResult =>
    budget.hold(id, [scopes].flat(), micros(amount), { ttlMs, onExpiry: 'settle' })
  const auction = (id: string, scopes: Scope | Scope[], amount: number, ttlMs = MINUTE): HoldResult =>
    budget.hold(id, [scopes].flat(), micros(amount), { ttlMs, onExpiry: 'release' })
  const figures = ({ held, spent, overdraft }: Scope) => ({ held, spent, overdraft })
  return { clock, budget, overdrafts, expired, scope, hold, auction, figures }
}

describe('invariant 1: spend in the window and open holds never exceed a limit', () => {
  it('holds up to the limit and not a millionth more', () => {
    const { scope, hold } = createHarness()
    const global = scope('global', sliding(100))

    expect(hold('a', global, 60).is).toBe('held')
    expect(hold('b', global, 41)).toMatchObject({ is: 'over_budget', remaining: 40 })
    expect(hold('c', global, 40).is).toBe('held')
    expect(hold('d', global, 1).is).toBe('over_budget')
  })

  it('counts spend from when its hold is settled, not from when it was made', () => {
    const { clock, budget, scope, hold } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 100, 60 * MINUTE)
    clock.advance(9 * MINUTE)
    budget.settle('a', micros(100))
    clock.advance(10 * MINUTE - 1)
    expect(hold('b', global, 1).is).toBe('over_budget')
    clock.advance(1_001)
    expect(hold('b', global, 1).is).toBe('held')
  })

  it('sets money aside in every scope or in none', () => {
    const { scope, hold, figures } = createHarness()
    const wide = scope('global', sliding(100))
    const narrow = scope('platform:meta', sliding(10))
    const refused = hold('a', [wide, narrow], 11)

    expect(refused).toMatchObject({ is: 'over_budget', scope: narrow })
    expect([figures(wide).held, figures(narrow).held]).toEqual([0, 0])
    expect(hold('a', [wide, narrow], 10).is).toBe('held')
    expect([figures(wide).held, figures(narrow).held]).toEqual([10, 10])
  })

  it('obeys the tightest of several limits', () => {
    const { clock, budget, scope, hold } = createHarness()
    const global = scope('global', sliding(50), lifetime(80))
    hold('a', global, 50)
    budget.settle('a', micros(50))
    clock.advance(11 * MINUTE)

    expect(hold('b', global, 31)).toMatchObject({ remaining: 30, retryAfterMs: Number.POSITIVE_INFINITY })
    expect(hold('b', global, 30).is).toBe('held')
  })

  it('counts an unknown outcome as spent when its time is over', () => {
    const { clock, budget, expired, scope, hold, figures } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 100, MINUTE)
    clock.advance(MINUTE)
    expect(hold('b', global, 1).is).toBe('over_budget')

    expect(expired).toEqual(['a'])
    expect(figures(global)).toEqual({ held: 0, spent: 100, overdraft: 0 })
    expect(budget.release('a')).toBe('already')
  })

  it('frees an auction bid that nobody reported won as soon as its money is wanted', () => {
    const { clock, expired, scope, auction, figures } = createHarness()
    const global = scope('global', sliding(100))
    auction('a', global, 100, MINUTE)
    clock.advance(MINUTE - 1)
    expect(auction('b', global, 1).is).toBe('over_budget')
    clock.advance(1)
    expect(figures(global).held).toBe(100)
    expect(auction('b', global, 1).is).toBe('held')
    expect(expired).toEqual(['a'])
    expect(figures(global)).toEqual({ held: 1, spent: 0, overdraft: 0 })
  })

  it('books a bill that comes after the release, and says what no limit had room for', () => {
    const { budget, overdrafts, scope, auction, figures } = createHarness()
    const global = scope('global', sliding(100))
    const meta = scope('platform:meta', sliding(1_000))
    auction('a', [global, meta], 70)
    budget.release('a')
    auction('b', [global, meta], 90)

    expect(budget.settle('a', micros(70))).toBe('settled_late')
    expect(figures(global)).toEqual({ held: 90, spent: 70, overdraft: 60 })
    expect(figures(meta)).toEqual({ held: 90, spent: 70, overdraft: 0 })
    expect(overdrafts).toEqual([['global', 60]])
    expect(budget.settle('a', micros(70))).toBe('already')
  })

  it('books a bill above the held price, and calls overdraft only what found no room', () => {
    const { budget, overdrafts, scope, auction, figures } = createHarness()
    const global = scope('global', sliding(100))
    auction('a', global, 50)
    auction('b', global, 30)

    budget.settle('a', micros(65))
    expect(figures(global)).toEqual({ held: 30, spent: 65, overdraft: 0 })
    budget.settle('b', micros(40))
    expect(figures(global)).toEqual({ held: 0, spent: 105, overdraft: 5 })
    expect(overdrafts).toEqual([['global', 5]])
  })

  it('books spend even if the listener for overdrafts throws', () => {
    const { budget, scope } = createHarness({
      onOverdraft: () => {
        throw new Error('told')
      },
    })
    const global = scope('global', sliding(100))
    const meta = scope('platform:meta', sliding(100))

    expect(() => budget.addSpend('a', [global, meta], micros(150))).toThrow('told')
    expect([global.spent, meta.spent]).toEqual([150, 150])
  })

  it('refuses a bid that names a scope twice, which would exceed a limit', () => {
    const { budget, scope, hold } = createHarness()
    const global = scope('global', sliding(100))

    expect(() => hold('a', [global, global], 60)).toThrow('a names a scope twice')
    expect(() => budget.addSpend('b', [global, global], micros(60))).toThrow('b names a scope twice')
    expect([global.held, global.spent]).toEqual([0, 0])
  })

  it('never has more than the limit in a true window, bidding as fast as it is allowed to', () => {
    const { clock, budget, scope, hold } = createHarness()
    const global = scope('global', sliding(1_000))
    const spends: { atMs: number; amount: number }[] = []
    let highest = 0
    for (let i = 0; i < 20_000; i++) {
      const amount = 1 + ((i * 7) % 90)
      if (hold(`h${i}`, global, amount).is === 'held') {
        budget.settle(`h${i}`, micros(amount))
        spends.push({ atMs: clock.elapsedMs(), amount })
      }
      while (clock.elapsedMs() - (spends[0]?.atMs ?? Number.POSITIVE_INFINITY) >= 10 * MINUTE) spends.shift()
      highest = Math.max(
        highest,
        spends.reduce((sum, spend) => sum + spend.amount, 0),
      )
      clock.advance((i * 13) % 2_500)
    }

    expect(highest).toBeLessThanOrEqual(1_000)
    expect(highest).toBeGreaterThan(950)
  })
})

describe('invariant 2: a hold ends exactly once', () => {
  type Verb = 'settle' | 'release' | 'credit'
  const verbs: Verb[] = ['settle', 'release', 'credit']

  it.each([
    ['settle', 'settle', 'already'],
    ['settle', 'release', 'already'],
    ['release', 'release', 'already'],
    ['release', 'credit', 'already'],
  ] as [Verb, Verb, string][])('after %s a %s moves nothing', (first, second, ending) => {
    const { budget, scope, auction, figures } = createHarness()
    const global = scope('global', sliding(100))
    auction('a', global, 10)
    const apply = (verb: Verb) => (verb === 'settle' ? budget.settle('a', micros(10)) : budget[verb]('a'))
    apply(first)
    const before = figures(global)

    expect(apply(second)).toBe(ending)
    expect(figures(global)).toEqual(before)
  })

  it.each(verbs)('answers unknown for a hold that never existed, and %s on it moves nothing', (verb) => {
    const { budget, scope, figures } = createHarness()
    const global = scope('global', sliding(100))

    expect(verb === 'settle' ? budget.settle('x', micros(10)) : budget[verb]('x')).toBe('unknown')
    expect(figures(global)).toEqual({ held: 0, spent: 0, overdraft: 0 })
  })

  it('credits a settled hold once', () => {
    const { budget, scope, hold, figures } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 100)
    expect(budget.credit('a')).toBe('already')
    budget.settle('a', micros(100))

    expect(budget.credit('a')).toBe('credited')
    expect(budget.credit('a')).toBe('already')
    expect(figures(global)).toEqual({ held: 0, spent: 0, overdraft: 0 })
    expect(hold('b', global, 100).is).toBe('held')
  })

  it('gives the same hold for the same id and amount, and refuses another amount', () => {
    const { budget, scope, hold } = createHarness()
    const global = scope('global', sliding(100))
    const first = hold('a', global, 60)
    assert(first.is === 'held')

    expect(hold('a', global, 60)).toEqual({ is: 'repeated', hold: first })
    expect(hold('a', global, 61)).toEqual({ is: 'id_reused', hold: first })
    budget.release('a')
    expect(hold('a', global, 60).is).toBe('repeated')
    expect(global.held).toBe(0)
  })

  it('books added spend once', () => {
    const { budget, scope, figures } = createHarness()
    const global = scope('global', sliding(100))
    expect(budget.addSpend('a', [global], micros(30))).toBe('settled')
    expect(budget.addSpend('a', [global], micros(30))).toBe('already')
    expect(budget.settle('a', micros(30))).toBe('already')

    expect(figures(global).spent).toBe(30)
  })

  it('remembers as many ended holds as it was told to, and every open one', () => {
    const { budget, scope, hold } = createHarness({ rememberEnded: 3 })
    const global = scope('global', lifetime(1_000))
    hold('open', global, 1)
    for (let i = 0; i < 100; i++) {
      hold(`h${i}`, global, 1)
      budget.settle(`h${i}`, micros(1))
      for (let recent = Math.max(0, i - 2); recent <= i; recent++) {
        expect(budget.settle(`h${recent}`, micros(1))).toBe('already')
      }
    }

    expect(budget.size).toBeLessThan(20)
    expect(budget.settle('h0', micros(1))).toBe('unknown')
    expect(budget.settle('open', micros(1))).toBe('settled')
    expect(global.spent).toBe(101)
  })
})

describe('invariant 5: without its store a process uses what its purse holds, and then refuses', () => {
  it('refuses while a store in this process fails, and holds again once it answers', async () => {
    const clock = new FakeClock()
    let isAway = true
    class Failing extends MemoryStore {
      override sync(owner: string, lines: readonly SyncLine[]): SyncReply[] {
        if (isAway) throw new StoreUnavailable('away')
        return super.sync(owner, lines)
      }
    }
    const { budget, scope } = createHarness({ clock, store: new Failing(clock), owner: 'a' })
    const global = scope('global', sliding(100))
    const bid = (id: string) =>
      budget.holdSoon(id, [global], micros(60), { ttlMs: MINUTE, onExpiry: 'release' })

    expect(await bid('a')).toMatchObject({ is: 'store_away', scope: global })
    isAway = false
    await budget.refresh()
    expect((await bid('b')).is).toBe('held')
  })
})

describe('a store in another process', () => {
  it('may have money although it has not answered yet', async () => {
    const clock = new FakeClock()
    const truth = new MemoryStore(clock)
    const store: BudgetStore = {
      answersAtOnce: false,
      sync: async (owner, lines) => truth.sync(owner, lines),
      bill: async (bills) => truth.bill(bills),
      leave: async (owner) => truth.leave(owner),
      define: async (definition) => truth.define(definition),
      remove: async (scope) => truth.remove(scope),
      setPause: async (scope, pause) => truth.setPause(scope, pause),
      setKillSwitch: async (killSwitch) => truth.setKillSwitch(killSwitch),
      control: async () => truth.control(),
      trust: async () => truth.trust(),
      watch: (onChange) => truth.watch(onChange),
      close: () => truth.close(),
    }
    truth.define({ scope: 'global', currency: 'EUR', limits: [lifetime(100)], by: 'operator' })
    const { budget } = createHarness({ clock, store, owner: 'a' })
    await budget.settled()
    const scopes = [...budget.scopes]
    expect(budget.canSpend(scopes, micros(60))).toBeUndefined()
    const bid = () => budget.holdSoon('x', scopes, micros(60), { ttlMs: MINUTE, onExpiry: 'release' })
    expect(await bid()).toMatchObject({ is: 'held' })
    expect(budget.canSpend(scopes, micros(60))).toMatchObject({ is: 'over_budget' })
  })
})

describe('invariant 6: lowering risk always works, at once', () => {
  it('refuses every hold while the kill switch is engaged, and still ends open ones', () => {
    const { clock, budget, scope, hold } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 10)
    budget.engageKillSwitch('fire')

    expect(hold('b', global, 1)).toEqual({ is: 'kill_switch', reason: 'fire' })
    expect(budget.canSpend([], 1 as Micros)).toEqual({ is: 'kill_switch', reason: 'fire' })
    expect(budget.killSwitch).toEqual({ is: 'engaged', reason: 'fire', sinceMs: clock.nowMs() })
    expect(budget.settle('a', micros(10))).toBe('settled')
    budget.releaseKillSwitch()
    expect(hold('b', global, 1).is).toBe('held')
  })

  it('refuses holds on a paused scope only, and still ends open ones', () => {
    const { budget, scope, hold } = createHarness()
    const meta = scope('platform:meta', sliding(100))
    const google = scope('platform:google_ads', sliding(100))
    hold('a', meta, 10)
    budget.pause(meta, 'review')

    expect(hold('b', [google, meta], 1)).toEqual({ is: 'paused', scope: meta, reason: 'review' })
    expect(google.held).toBe(0)
    expect(hold('c', google, 1).is).toBe('held')
    expect(budget.release('a')).toBe('released')
    budget.resume(meta)
    expect(hold('b', [google, meta], 1).is).toBe('held')
  })

  it('takes a limit below what is spent: new holds stop, nothing else moves', () => {
    const { clock, budget, overdrafts, scope, hold, figures } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 40)
    hold('b', global, 60)
    budget.settle('b', micros(60))
    scope('global', sliding(20))

    expect(hold('c', global, 1)).toMatchObject({ is: 'over_budget', remaining: 0 })
    expect(budget.stats(global).limits[0]).toMatchObject({
      spent: 60,
      held: 40,
      remaining: 0,
      utilization: 5,
    })
    expect(budget.settle('a', micros(40))).toBe('settled')
    expect(figures(global)).toEqual({ held: 0, spent: 100, overdraft: 0 })
    expect(overdrafts).toEqual([])
    clock.advance(11 * MINUTE)
    expect(hold('c', global, 21).is).toBe('over_budget')
    expect(hold('c', global, 20).is).toBe('held')
  })

  it('releases a hold though nothing could be held now', () => {
    const { budget, scope, hold } = createHarness()
    const global = scope('global', sliding(100))
    hold('a', global, 100)
    scope('global', sliding(0))
    budget.pause(global, 'stop')
    budget.engageKillSwitch('stop')

    expect(budget.release('a')).toBe('released')
    expect(global.held).toBe(0)
  })

  it('keeps a scope in the currency it was made with', () => {
    const { budget, scope } = createHarness()
    scope('global', sliding(100))

    expect(() => budget.define('global', 'USD', [])).toThrow('global is kept in EUR')
  })
})
