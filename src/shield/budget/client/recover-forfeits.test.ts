import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager, MemoryStore } from '../../index.ts'
import { type RecordedOwner, underWayOf } from './recover-forfeits.ts'

const CALL = { ttlMs: 60_000, onExpiry: 'settle', isRecorded: true } as const
const AUCTION = { ttlMs: 60_000, onExpiry: 'release' } as const

/** An owner with a budget of 1000 that was granted much and is gone. */
function goneOwner(recordsId?: string) {
  const clock = new FakeClock()
  const store = new MemoryStore(clock)
  const budget = new BudgetManager({ clock, store, owner: 'gone', recordsId })
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: micros(1_000) }] as const
  const scope = budget.define('global', 'USD', limits)
  const hold = (id: string, amount: number, terms: typeof CALL | typeof AUCTION) => {
    const held = budget.hold(id, [scope], micros(amount), terms)
    if (held.is !== 'held') throw new Error(`${id} is ${held.is}`)
    if (terms === CALL) budget.recorded(held)
    return held
  }
  const account = store.ledger.accounts.get('global')
  return {
    clock,
    budget,
    store,
    hold,
    leave: () => store.ledger.leave('gone'),
    forfeited: () => account?.standing(clock.elapsedMs(), '', 0).forfeited.amount ?? 0,
  }
}

const POSITION = { id: 'records', before: 10, upTo: 8 }
const PENDING = [
  { scope: 'global', owner: 'gone', amount: 100, records: POSITION },
  { scope: 'campaign', owner: 'gone', amount: 100, records: { ...POSITION, before: 14 } },
]
const WRITTEN: RecordedOwner = {
  owner: 'gone',
  upTo: 13,
  counted: 5,
  holds: [
    { number: 6, scopes: ['global'], amount: 1, settledBefore: 9 },
    { number: 7, scopes: ['global', 'campaign'], amount: 20, settledBefore: 12 },
    { number: 13, scopes: ['global', 'campaign'], amount: 300, settledBefore: undefined },
  ],
}

describe('what an owner had under way, by its records', () => {
  it('is what has not ended, and what was settled after the last line of each scope', () => {
    expect(underWayOf(PENDING, { id: 'records', owners: [WRITTEN] })).toEqual([
      { scope: 'global', amount: 320 },
      { scope: 'campaign', amount: 300 },
    ])
  })

  it.each([
    ['of another directory', { id: 'others', owners: [WRITTEN] }],
    ['begun anew, or restored from before this start', { id: 'records', owners: [] }],
    ['older than the ledger', { id: 'records', owners: [{ ...WRITTEN, upTo: 7 }] }],
    ['newer than the ledger', { id: 'records', owners: [{ ...WRITTEN, counted: 14 }] }],
  ])('is not proved by records %s', (_, recorded) => {
    expect(underWayOf(PENDING, recorded)).toBeUndefined()
  })
})

describe('what an owner forfeits when it ends without a last report', () => {
  it('is at most the high-water mark of its auction holds', () => {
    const { hold, leave, forfeited } = goneOwner()
    hold('a', 10, AUCTION)
    hold('b', 15, AUCTION)
    leave()
    expect(forfeited()).toBeGreaterThanOrEqual(25)
    expect(forfeited()).toBeLessThanOrEqual(50)
  })

  it('is never less than what its auctions hold and have not reported', () => {
    const { clock, budget, hold, leave, forfeited } = goneOwner()
    for (let i = 0; i < 40; i++) {
      const held = hold(`bid ${i}`, 1 + ((i * 7) % 11), AUCTION)
      if (i % 3 === 0) budget.release(held)
      if (i % 4 === 1) budget.settle(held, micros(1))
      clock.advance((i * 37) % 90)
    }
    const [scope] = budget.scopes
    const open = (scope?.held ?? 0) + (scope?.purse.unreported ?? 0)
    leave()
    expect(open).toBeGreaterThan(50)
    expect(forfeited()).toBeGreaterThanOrEqual(open)
  })

  it('is what was under way by its records, beside the mark', () => {
    const { budget, store, hold, leave, forfeited } = goneOwner('records')
    const settled = hold('told', 100, CALL)
    budget.settle(settled, micros(100))
    budget.refresh()
    const under = hold('under way', 40, CALL)
    leave()
    const [pending] = store.ledger.pendingForfeits()
    expect(pending).toMatchObject({ owner: 'gone', records: { id: 'records', upTo: settled.number } })
    const { number, settledBefore } = settled
    const written = {
      owner: 'gone',
      upTo: under.number,
      counted: 0,
      holds: [
        { number, scopes: ['global'], amount: 100, settledBefore },
        { number: under.number, scopes: ['global'], amount: 40, settledBefore: undefined },
      ],
    }
    const underWay = underWayOf(pending ? [pending] : [], { id: 'records', owners: [written] })
    expect(forfeited()).toBeGreaterThanOrEqual(40)
    store.ledger.free('gone', underWay ?? [])
    expect(forfeited()).toBe(40)
    store.ledger.free('gone', [{ scope: 'global', amount: 0 }])
    expect(forfeited()).toBe(40)
  })

  it('is all that it was granted until records prove that it held less', () => {
    const { hold, leave, forfeited, budget } = goneOwner('records')
    hold('under way', 40, CALL)
    const [scope] = budget.scopes
    const granted = (scope?.held ?? 0) + (scope?.purse.balance ?? 0)
    leave()
    expect(granted).toBeGreaterThan(40)
    expect(forfeited()).toBe(granted)
  })
})
