import { expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager, MemoryStore } from '../../index.ts'

it('holds nothing longer than the store knows, so that a bill after a crash finds its money', () => {
  const clock = new FakeClock()
  const store = new MemoryStore(clock, 10_000)
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: micros(100) }] as const
  const gone = new BudgetManager({ clock, store, owner: 'gone' })
  const scope = gone.define('global', 'USD', limits)
  for (const ttlMs of [1_000, 300_000]) {
    const hold = gone.hold(`for ${ttlMs} ms`, [scope], micros(10), { ttlMs, onExpiry: 'release' })
    expect(hold).toMatchObject({ is: 'held' })
  }
  // Nothing more is heard of it.
  store.sync = () => {
    throw new Error('cut off')
  }
  clock.advance(11_000)
  const account = store.ledger.accounts.get('global')
  const forfeited = () => account?.standing(clock.elapsedMs(), 'other', 0).forfeited
  store.bill([{ scope: 'global', owner: 'gone', id: 'none', amount: 0 }])
  expect(forfeited()?.amount).toBeGreaterThanOrEqual(20)
  expect(forfeited()?.bookedInMs).toBeGreaterThan(280_000)
})

/** A process that had money, was cut off for longer than anything counts, and was taken for dead meanwhile. */
function cutOff() {
  const clock = new FakeClock()
  const store = new MemoryStore(clock, 10_000)
  const budget = new BudgetManager({ clock, store, owner: 'cut off' })
  const scope = budget.define('global', 'USD', [{ kind: 'sliding', windowMs: 60_000, max: micros(100) }])
  const bid = (id: string) =>
    budget.hold(id, [scope], micros(10), { ttlMs: 5_000, onExpiry: 'release' as const })
  const { sync } = store
  const connect = (isUp: boolean) => {
    store.sync = isUp
      ? sync
      : () => {
          throw new Error('cut off')
        }
  }
  const counted = () =>
    store.ledger.accounts.get('global')?.standing(clock.elapsedMs(), '', 0).limits[0]?.spent
  return { clock, budget, bid, connect, counted }
}

it('counts a bill that comes after its hold expired, though no timer ran meanwhile', async () => {
  const { clock, budget, bid, connect, counted } = cutOff()
  expect(bid('1')).toMatchObject({ is: 'held' })
  connect(false)
  clock.stall(200_000)
  connect(true)
  expect(budget.settle('1', micros(7))).toBe('settled_late')
  await budget.refresh()
  await budget.refresh()
  expect(counted()).toBe(7)
})

it('pays no late bill from a balance whose lease is over', async () => {
  const { clock, budget, bid, connect, counted } = cutOff()
  expect(bid('1')).toMatchObject({ is: 'held' })
  budget.release('1')
  connect(false)
  clock.stall(200_000)
  connect(true)
  budget.settle('1', micros(7))
  await budget.refresh()
  await budget.refresh()
  expect(counted()).toBe(7)
})
