import { expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { micros } from '../money.ts'
import { BudgetManager, MemoryStore } from './index.ts'

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
