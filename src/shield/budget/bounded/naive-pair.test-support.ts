import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager } from '../client/budget-manager.ts'
import { NaiveBudget, type NaiveScope } from '../client/naive-budget.test-support.ts'
import type { Scope } from '../client/scope.ts'
import { statsOf } from '../client/stats.ts'
import type { OnExpiry } from '../hold-terms.ts'
import { trueSum } from '../ledger/windows/naive-windows.test-support.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'

const HOUR = 3_600_000
const kinds: LimitSpec[][] = [
  [{ kind: 'sliding', windowMs: 60_000, max: micros(1_000) }],
  [
    { kind: 'sliding', windowMs: 6_000, max: micros(500) },
    { kind: 'day', timezone: 'Europe/Berlin', max: micros(3_000) },
  ],
  [
    { kind: 'lifetime', max: micros(4_000) },
    { kind: 'sliding', windowMs: 60_000, max: micros(800) },
  ],
]

const id = fc.nat(200).map(String)
/** The number of the hold to act on; the lowest numbers stand for a hold that never existed. */
const target = fc.nat(100)
const seldom = fc.integer({ min: 0, max: 3 }).map((n) => n === 0)
const amount = fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 900 }))
/** Which of the three scopes take part; at least one. */
const which = fc.subarray([0, 1, 2], { minLength: 1 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        is: fc.constant('hold' as const),
        id,
        which,
        amount,
        ttlMs: fc.constantFrom(0, 500, 20_000),
        onExpiry: fc.constantFrom<OnExpiry>('settle', 'release'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('settle' as const), target, amount }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('settle in full' as const), target }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('settle part' as const), target, amount }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('release' as const), target }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('hold again' as const), target }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('credit' as const), target }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('add spend' as const), id, which, amount }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('expire' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        is: fc.constant('set limits' as const),
        which: fc.nat(2),
        percent: fc.integer({ min: 0, max: 200 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constant('pause' as const), which: fc.nat(2), on: seldom }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('kill switch' as const), on: seldom }) },
    {
      weight: 6,
      arbitrary: fc.record({
        is: fc.constant('pass' as const),
        ms: fc.oneof(fc.nat(20), fc.nat(700), fc.nat(21_000), fc.nat(61_000), fc.nat(10 * HOUR)),
      }),
    },
  ),
  { minLength: 1, maxLength: 150, size: 'max' },
)
type Step = (typeof steps extends fc.Arbitrary<infer S> ? S : never) extends (infer One)[] ? One : never

/** The manager and the naive rules side by side; every step goes to both and both must say the same. */
function createPair() {
  const clock = new FakeClock(Date.UTC(2026, 9, 24, 18))
  const reported = new Map<string, number>()
  const budget = new BudgetManager({
    clock,
    rememberEnded: 1_000,
    onOverdraft: ({ name }, excess) => reported.set(name, (reported.get(name) ?? 0) + excess),
  })
  const naive = new NaiveBudget(clock)
  const pairs = kinds.map((limits, i) => {
    const model: NaiveScope = { limits, paused: false, overdraft: 0, log: [] }
    return { name: `scope:${i}`, real: budget.define(`scope:${i}`, 'EUR', limits), model }
  })
  const chosen = (indexes: readonly number[]) => indexes.flatMap((i) => pairs[i] ?? [])

  const idOf = (number: number): string =>
    number < 3
      ? 'never was'
      : ([...naive.holds.keys()][number % Math.max(1, naive.holds.size)] ?? 'never was')

  /** A refusal for lack of money must be true, complete and say exactly how long to wait. */
  function checkRefusal(real: Scope[], model: NaiveScope[], wanted: number): void {
    const answer = budget.canSpend(real, micros(wanted))
    const expected = naive.veto(model, wanted)
    assert.equal(answer?.is, expected?.is)
    if (answer?.is !== 'over_budget' || expected?.is !== 'over_budget') return
    assert.equal(answer.scope, pairs.find((pair) => pair.model === expected.scope)?.real)
    assert.equal(answer.remaining, expected.remaining)
    if (model.some((scope) => scope.paused || naive.openOn(scope).length > 0)) return

    const never = model.some((scope) =>
      scope.limits.some(
        (spec) =>
          wanted > spec.max || (spec.kind === 'lifetime' && naive.spent(scope, spec) + wanted > spec.max),
      ),
    )
    assert.equal(answer.retryAfterMs === Number.POSITIVE_INFINITY, never)
    if (never) return
    budget.refresh()
    clock.stall(answer.retryAfterMs - 1)
    assert.equal(budget.canSpend(real, micros(wanted))?.is, 'over_budget', 'it would have passed before')
    naive.veto(model, wanted)
    budget.refresh()
    clock.stall(1)
    assert.equal(budget.canSpend(real, micros(wanted)), undefined, 'it does not pass after the wait')
  }

  function take(step: Step): void {
    switch (step.is) {
      case 'hold': {
        const taken = chosen(step.which)
        const real = taken.map((pair) => pair.real)
        const model = taken.map((pair) => pair.model)
        const terms = { ttlMs: step.ttlMs, onExpiry: step.onExpiry }
        const answer = budget.hold(step.id, real, micros(step.amount), terms)
        const expected = naive.hold(step.id, model, step.amount, step.ttlMs, step.onExpiry)
        assert.equal(answer.is, expected.is)
        if (answer.is === 'over_budget') checkRefusal(real, model, step.amount)
        return
      }
      case 'hold again': {
        const earlier = naive.holds.get(idOf(step.target))
        if (!earlier) return
        const answer = budget.hold(earlier.id, [], micros(earlier.amount), { ttlMs: 0, onExpiry: 'release' })
        assert.equal(answer.is, 'repeated')
        return
      }
      case 'settle': {
        const id = idOf(step.target)
        assert.equal(budget.settle(id, micros(step.amount)), naive.settle(id, step.amount))
        return
      }
      case 'settle in full': {
        const id = idOf(step.target)
        const held = naive.holds.get(id)?.amount ?? 1
        assert.equal(budget.settle(id, micros(held)), naive.settle(id, held))
        return
      }
      case 'settle part': {
        const id = idOf(step.target)
        assert.equal(budget.settlePart(id, micros(step.amount)), naive.settlePart(id, step.amount))
        return
      }
      case 'release':
        assert.equal(budget.release(idOf(step.target)), naive.release(idOf(step.target)))
        return
      case 'credit': {
        const id = idOf(step.target)
        // Only auction bids are billed in parts, and nobody proves that such a bill did not happen.
        if ((naive.holds.get(id)?.paid ?? 0) > 0) return
        assert.equal(budget.credit(id), naive.credit(id))
        return
      }
      case 'add spend': {
        const taken = chosen(step.which)
        const answer = budget.addSpend(
          step.id,
          taken.map((pair) => pair.real),
          micros(step.amount),
        )
        const models = taken.map((pair) => pair.model)
        assert.equal(answer, naive.addSpend(step.id, models, step.amount))
        return
      }
      case 'expire':
        budget.expire()
        naive.expire()
        return
      case 'set limits':
        for (const { name, model } of chosen([step.which])) {
          const limits = kinds[step.which] ?? []
          model.limits = limits.map((spec) => ({
            ...spec,
            max: micros(Math.floor((spec.max * step.percent) / 100)),
          }))
          budget.define(name, 'EUR', model.limits)
        }
        return
      case 'pause':
        for (const { real, model } of chosen([step.which])) {
          if (step.on) budget.pause(real, 'test')
          else budget.resume(real)
          model.paused = step.on
        }
        return
      case 'kill switch':
        if (step.on) budget.engageKillSwitch('test')
        else budget.releaseKillSwitch()
        naive.killed = step.on
        return
      case 'pass':
        clock.stall(step.ms)
        return
    }
  }

  /** Checks that every figure of the manager equals the naive one, without ending expired holds first. */
  function checkFigures(): void {
    const nowMs = clock.elapsedMs()
    // Reports spend at once, so that the store books it at its time, as the naive rules do.
    budget.refresh()
    for (const { name, real, model } of pairs) {
      assert.equal(real.held, naive.held(model))
      assert.equal(
        real.spent,
        model.log.reduce((sum, entry) => sum + entry.amount, 0),
      )
      assert.equal(real.overdraft, model.overdraft)
      assert.equal(real.overdraft, reported.get(name) ?? 0)
      for (const { spec, spent } of statsOf(real).limits) {
        assert.equal(spent, naive.spent(model, spec))
        if (spec.kind === 'sliding') assert(spent >= trueSum(model.log, nowMs, spec.windowMs))
      }
    }
  }

  /** By how much each limit is exceeded now, and what may explain it. */
  const excesses = () =>
    pairs.flatMap(({ real }) =>
      statsOf(real).limits.map(({ spec, spent }) => ({
        excess: Math.max(0, spent + real.held - spec.max),
        overdraft: real.overdraft,
        max: spec.max,
      })),
    )

  return { take, checkFigures, excesses, budget, naive }
}

/** Plays random steps to the manager and the naive rules; fails where they differ, or a limit is exceeded. */
export function playAgainstNaive(games: number): void {
  fc.assert(
    fc.property(steps, (sequence) => {
      const pair = createPair()
      let before = pair.excesses()
      for (const step of sequence) {
        pair.take(step)
        pair.checkFigures()
        const now = pair.excesses()
        now.forEach(({ excess, overdraft, max }, i) => {
          const earlier = before[i]
          assert(earlier)
          // Only a lowered limit, or spend that is declared as overdraft, may put a limit in the red.
          const lowered = Math.max(0, earlier.max - max)
          assert(excess <= earlier.excess + lowered + (overdraft - earlier.overdraft))
        })
        before = now
      }
      assert.equal(pair.budget.size, pair.naive.holds.size)
    }),
    { numRuns: games },
  )
}
