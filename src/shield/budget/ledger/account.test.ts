import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { line, SCOPE } from '../stores/store-contract.test-support.ts'
import { Account } from './account.ts'

const LEASE_MS = 10_000
const WINDOW_MS = 60_000

function create(max: number) {
  const clock = new FakeClock()
  const limits = [{ kind: 'sliding', windowMs: WINDOW_MS, max: micros(max) }] as const
  const account = new Account(clock, LEASE_MS, { scope: SCOPE, currency: 'USD', limits, by: 'operator' })
  return { clock, account }
}
/** The totals of a purse whose answered lines granted `amount`, of which nothing is spent or returned. */
const granted = (amount: number) => ({
  granted: amount,
  reported: 0,
  returned: 0,
  overdrawn: 0,
  forfeited: 0,
})

describe('an owner that lost its lease', () => {
  it('is told so also when its first line is sent again', () => {
    const { clock, account } = create(100)
    const first = line(1, { need: 30 })
    expect(account.sync('a', first)).toMatchObject({ is: 'granted', granted: 30 })
    clock.advance(LEASE_MS + 1)
    expect(account.sync('a', first).is).toBe('forfeited')
    expect(account.standing(clock.elapsedMs(), 'b', 0).elsewhere).toBe(0)
  })

  it('is not admitted again by a line that was late on its way', () => {
    const { clock, account } = create(100)
    for (const seq of [1, 2, 3]) account.sync('a', line(seq, { need: 10 }))
    clock.advance(LEASE_MS + 1)
    expect(account.sync('a', line(2, { need: 10 }))).toEqual({ is: 'stale' })
    expect(account.sync('a', line(4, { need: 10, totals: granted(30) })).is).toBe('forfeited')
  })

  it('is told once more when it believed an older answer, and cannot spend what others have now', () => {
    const { clock, account } = create(100)
    const first = line(1, { need: 80 })
    account.sync('a', first)
    clock.advance(LEASE_MS + WINDOW_MS * 2)
    expect(account.sync('b', line(1, { need: 100 }))).toMatchObject({ granted: 100 })
    expect(account.sync('a', first).is).toBe('forfeited')
    // The answer to the first sending of that line, which granted 80, came in before.
    expect(account.sync('a', line(2, { totals: granted(80) })).is).toBe('forfeited')
    expect(account.available(clock.elapsedMs())).toBe(0)
  })

  it('has bills above its grants booked once, though their line is sent again after the lease', () => {
    const { clock, account } = create(100)
    account.sync('a', line(1, { need: 10 }))
    const late = line(2, { overdrawn: 5 })
    account.sync('a', late)
    clock.advance(LEASE_MS + 1)
    expect(account.sync('a', late).is).toBe('forfeited')
    expect(account.spent).toBe(15)
  })
})

describe('a bill of a gone owner', () => {
  it('is overdraft where what was forfeited has left the window', () => {
    const { clock, account } = create(100)
    account.sync('gone', line(1, { need: 80 }))
    clock.advance(LEASE_MS + WINDOW_MS * 2)
    account.sync('b', line(1, { need: 100 }))
    const bill = { scope: SCOPE, owner: 'gone', id: 'bid 1', amount: 30 }
    expect(account.bill(bill)).toEqual({ is: 'booked', amount: 30, overdraft: 30 })
    expect(account.available(clock.elapsedMs())).toBe(-30)
  })

  it('is no overdraft if the limit was lowered below what was forfeited', () => {
    const { clock, account } = create(100)
    account.sync('gone', line(1, { need: 80 }))
    account.leave('gone')
    account.setLimits([{ kind: 'sliding', windowMs: WINDOW_MS, max: micros(10) }], 'operator')
    const bill = { scope: SCOPE, owner: 'gone', id: 'bid 1', amount: 30 }
    expect(account.bill(bill)).toEqual({ is: 'booked', amount: 30, overdraft: 0 })
    expect(account.available(clock.elapsedMs())).toBe(-70)
  })
})
