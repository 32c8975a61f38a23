import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager } from '../../../shield/index.ts'
import { BidHolds } from './bid-holds.ts'

/** Opens a hold for each number and puts it into a table, one a millisecond. */
function createHolds() {
  const clock = new FakeClock()
  const budget = new BudgetManager({ clock })
  const scope = budget.define('global', 'USD', [])
  const holds = new BidHolds()
  const open = (seq: number, ttlMs = 1000): void => {
    const hold = budget.open([scope], micros(seq + 1), { ttlMs, onExpiry: 'release' })
    if (hold.is === 'held') holds.put(seq, hold)
    clock.advance(1)
    if (seq % 100 === 0) budget.expire()
  }
  return { clock, budget, holds, open }
}

describe('holds of bids', () => {
  it('are found by number while they are open', () => {
    const { holds, open } = createHolds()
    for (let seq = 1; seq < 20_000; seq++) {
      open(seq)
      for (const age of [0, 1, 500, 999])
        if (seq > age) expect(holds.get(seq - age)?.micros).toBe(seq - age + 1)
    }
    expect(holds.get(20_000)).toBeUndefined()
  })

  it('use no more memory after many of them have ended', () => {
    const { holds, open } = createHolds()
    for (let seq = 0; seq < 200_000; seq++) open(seq)
    expect(holds.pages).toBeLessThanOrEqual(3)
  })

  it('that stay open for long keep no ended ones in memory', () => {
    const { holds, open } = createHolds()
    open(0, 1e9)
    for (let seq = 1; seq < 400_000; seq++) open(seq)
    expect(holds.get(0)?.state).toBe('open')
    expect(holds.pages).toBeLessThanOrEqual(6)
  })
})
