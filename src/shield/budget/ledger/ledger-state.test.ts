import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { run, type Step, steps } from '../stores/commands.test-support.ts'
import { Ledger } from './ledger.ts'

function play(ledger: Ledger, clock: FakeClock, some: readonly Step[]): unknown[] {
  return some.map(({ afterMs, stepMs, command }) => {
    clock.advance(afterMs)
    clock.stepWall(stepMs)
    return run(ledger, command)
  })
}

describe('the state of a ledger as data', () => {
  it('brings back a ledger that answers everything as the first one would have', () => {
    fc.assert(
      fc.property(
        steps(40),
        fc.nat(45),
        fc.constantFrom(5_000, Number.POSITIVE_INFINITY),
        (all, at, leaseMs) => {
          const clock = new FakeClock()
          const clockToo = new FakeClock()
          const ledger = new Ledger(clock, leaseMs)
          play(ledger, clock, all.slice(0, at))
          play(new Ledger(clockToo, leaseMs), clockToo, all.slice(0, at))
          const restored = Ledger.restored(clockToo, leaseMs, structuredClone(ledger.state()))
          expect(restored.state()).toEqual(ledger.state())
          expect(play(restored, clockToo, all.slice(at))).toEqual(play(ledger, clock, all.slice(at)))
          expect(restored.state()).toEqual(ledger.state())
        },
      ),
    )
  })

  it('brings back the order in which removed scopes are checked for deletion', () => {
    const clock = new FakeClock()
    const ledger = new Ledger(clock, 5_000)
    const definition = (scope: string) =>
      ({ scope, currency: 'USD', limits: [], by: 'configuration' }) as const
    for (let i = 0; i < 40; i++) {
      ledger.define(definition(`old-${i}`))
      ledger.bill({ scope: `old-${i}`, owner: 'gone', id: 'a bill', amount: 1 })
      ledger.remove(`old-${i}`)
    }
    // Each of these checks some of them; none can be deleted yet.
    for (let i = 0; i < 3; i++) ledger.define(definition(`new-${i}`))
    const restored = Ledger.restored(clock, 5_000, structuredClone(ledger.state()))
    clock.advance(49 * 3_600_000)
    for (const one of [ledger, restored]) one.define(definition('last'))
    expect(ledger.accounts.size).toBe(40 + 4 - 16)
    expect([...restored.accounts.keys()]).toEqual([...ledger.accounts.keys()])
  })

  it('shares nothing with the ledger it was taken from', () => {
    const clock = new FakeClock()
    const ledger = new Ledger(clock, 5_000)
    const spec = { kind: 'sliding', windowMs: 600_000, max: micros(100) } as const
    ledger.define({ scope: 'global', currency: 'USD', limits: [spec], by: 'configuration' })
    const line = { scope: 'global', overdrawn: 0, credits: [], giveBack: 0, want: 0, longestHoldMs: 0 }
    ledger.sync('o', { ...line, seq: 1, spent: 0, need: 60 })
    const before = ledger.state()
    const copy = structuredClone(before)
    ledger.sync('o', { ...line, seq: 2, spent: 60, need: 40 })
    ledger.leave('o')
    expect(before).toEqual(copy)
  })
})

describe('a day limit after a time that the elapsed clock did not count', () => {
  const day = { kind: 'day', timezone: 'UTC', max: micros(100) } as const
  const line = { scope: 'global', seq: 1, overdrawn: 0, credits: [], giveBack: 0, want: 0, longestHoldMs: 0 }

  it('goes by the wall clock', () => {
    const before = new FakeClock()
    const ledger = new Ledger(before, 5_000)
    ledger.define({ scope: 'global', currency: 'USD', limits: [day], by: 'configuration' })
    ledger.sync('o', { ...line, spent: 0, overdrawn: 100, need: 0 })

    // Thirteen hours later, which the elapsed clock did not count: by it, it is still 12:00.
    const after = new FakeClock(before.nowMs() + 13 * 3_600_000)
    const restored = Ledger.restored(after, 5_000, ledger.state())
    expect(restored.sync('p', { ...line, spent: 0, need: 1 })).toMatchObject({ granted: 0 })
    restored.trustWall()
    expect(restored.sync('q', { ...line, spent: 0, need: 1 })).toMatchObject({ granted: 1 })
  })
})
