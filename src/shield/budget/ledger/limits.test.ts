import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager } from '../client/budget-manager.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import { daySum, type Entry, trueSum } from './windows/naive-windows.test-support.ts'

const HOUR = 3_600_000
const max = micros(1_000)
const sliding = (windowMs: number): LimitSpec => ({ kind: 'sliding', windowMs, max })
const day = (timezone: string): LimitSpec => ({ kind: 'day', timezone, max })
const lifetime: LimitSpec = { kind: 'lifetime', max }

function createHarness(startMs = Date.UTC(2026, 10, 20, 12)) {
  const clock = new FakeClock(startMs)
  const budget = new BudgetManager({ clock, rememberEnded: 1_000 })
  const log: Entry[] = []
  const define = (specs: readonly LimitSpec[]) => budget.define('global', 'EUR', specs)
  const spend = (amount: number) => {
    const scope = budget.scope('global')
    assert(scope)
    budget.addSpend(`s${log.length}`, [scope], micros(amount))
    log.push({ atMs: clock.elapsedMs(), wallMs: clock.nowMs(), amount })
  }
  const credit = (index: number) => {
    const entry = log[index]
    if (!entry) return
    budget.credit(`s${index}`)
    entry.amount = 0
  }
  const counted = () => {
    const scope = budget.scope('global')
    budget.refresh()
    return scope ? budget.stats(scope).limits.map(({ spent }) => spent) : []
  }
  return { clock, budget, log, define, spend, credit, counted }
}

/** What truly was spent in the window of a limit. */
function truth(spec: LimitSpec, log: readonly Entry[], clock: FakeClock): number {
  switch (spec.kind) {
    case 'sliding':
      return trueSum(log, clock.elapsedMs(), spec.windowMs)
    case 'day':
      return daySum(log, clock.nowMs(), spec.timezone)
    case 'lifetime':
      return log.reduce((sum, { amount }) => sum + amount, 0)
  }
}

const specs = fc.uniqueArray(
  fc.constantFrom(
    sliding(600),
    sliding(10_000),
    sliding(600_000),
    sliding(12 * HOUR),
    day('UTC'),
    day('Europe/Berlin'),
    day('America/Santiago'),
    lifetime,
  ),
  { maxLength: 3 },
)

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('spend' as const), amount: fc.nat(500) }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('credit' as const), which: fc.nat(60) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        is: fc.constant('pass' as const),
        ms: fc.oneof(fc.nat(20), fc.nat(2_000), fc.nat(700_000), fc.nat(8 * HOUR)),
      }),
    },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('define' as const), specs }) },
  ),
  { minLength: 1, maxLength: 60, size: 'max' },
)

/** Ordinary days, and one around a midnight that does not exist (Santiago, 6 September 2026). */
const starts = fc.constantFrom(
  Date.UTC(2026, 10, 20, 12),
  Date.UTC(2026, 9, 24, 20),
  Date.UTC(2026, 8, 5, 4),
  Date.UTC(2026, 8, 5, 22),
)

describe('changing limits', () => {
  it('never frees money, whatever is spent, credited and changed', () => {
    fc.assert(
      fc.property(starts, specs, steps, (startMs, initial, sequence) => {
        const { clock, log, define, spend, credit, counted } = createHarness(startMs)
        define(initial)
        let now = initial
        for (const step of sequence) {
          if (step.is === 'spend') spend(step.amount)
          if (step.is === 'credit') credit(step.which % Math.max(1, log.length))
          if (step.is === 'pass') clock.stall(step.ms)
          if (step.is === 'define') {
            define(step.specs)
            now = step.specs
          }
          const sums = counted()
          now.forEach((spec, i) => {
            const spent = truth(spec, log, clock)
            assert((sums[i] ?? 0) >= spent, `${JSON.stringify(spec)} counts ${sums[i]} of ${spent}`)
          })
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps the spend of a limit whose maximum alone is changed exactly as it was', () => {
    const { clock, define, spend, counted } = createHarness()
    define([sliding(60_000), day('UTC'), lifetime])
    spend(5)
    clock.advance(30_000)
    spend(7)
    define([lifetime, day('UTC'), sliding(60_000)].map((spec) => ({ ...spec, max: micros(3) })))

    expect(counted()).toEqual([12, 12, 12])
    clock.advance(30_100)
    expect(counted()).toEqual([12, 12, 7])
  })

  it('fills a shorter window from the longest there was', () => {
    const { clock, define, spend, counted } = createHarness()
    define([sliding(600_000)])
    spend(5)
    clock.advance(120_000)
    spend(7)
    define([sliding(60_000)])

    expect(counted()).toEqual([7])
  })

  it('treats spend of unknown age as just old enough to have left the longest window', () => {
    const { clock, define, spend, counted } = createHarness()
    define([sliding(60_000)])
    spend(5)
    clock.advance(300_000)
    define([sliding(600_000)])
    expect(counted()).toEqual([5])
    clock.advance(540_000)
    expect(counted()).toEqual([5])
    clock.advance(1_000)
    expect(counted()).toEqual([0])
  })

  it('counts a spend once where two limits share a window', () => {
    const { define, spend, counted } = createHarness()
    const twice = [
      { ...sliding(60_000), max: micros(10) },
      { ...sliding(60_000), max: micros(20) },
    ]
    define(twice)
    define(twice)
    spend(4)

    expect(counted()).toEqual([4, 4])
  })
})
