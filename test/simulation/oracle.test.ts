import { describe, expect, it } from 'vitest'
import { micros } from '../../src/money.ts'
import type { SyncLine } from '../../src/shield/budget/protocol/store.ts'
import { line, SCOPE } from '../../src/shield/budget/stores/store-contract.test-support.ts'
import { type Bid, Oracle } from './oracle.ts'
import { SharedServer } from './server.ts'
import { tapped } from './tap.ts'
import { ProcessClock, TURNS, VirtualTime } from './time.ts'

const LEASE_MS = 3_000
const HOLD_MS = 400
const OWNER = 'cut off'
const LATE = 49
const CHEAP = 5

function create() {
  const time = new VirtualTime(TURNS)
  const clock = new ProcessClock(time, 1, 0)
  const oracle = new Oracle(
    time,
    () => clock.nowMs(),
    () => clock.nowMs(),
    LEASE_MS,
  )
  const server = new SharedServer(clock, LEASE_MS)
  const store = tapped(
    () => server,
    LEASE_MS,
    oracle,
    () => {},
  )
  store.define({
    scope: SCOPE,
    currency: 'USD',
    limits: [{ kind: 'lifetime', max: micros(1_000) }],
    by: 'operator',
  })
  const pass = (ms: number) => time.runUntil(time.nowMs + ms, () => true)
  const place = (id: string, held: number): Bid => {
    const bid: Bid = {
      id,
      owner: OWNER,
      held,
      part: undefined,
      scopes: [SCOPE],
      placedMs: time.nowMs,
      deadlineMs: time.nowMs + HOLD_MS,
      cost: { amount: held, atMs: time.nowMs },
      isRefused: false,
      isOver: false,
      open: new Set(),
      recorded: new Set(),
      recordedMs: 0,
      billed: new Map(),
      heard: new Map(),
    }
    oracle.know(bid)
    oracle.placed(bid)
    return bid
  }
  const sync = (seq: number, say: Partial<SyncLine> = {}) => {
    const said = line(seq, say)
    oracle.lineSent(OWNER, said)
    return store.sync(OWNER, said)
  }
  const bill = (id: string, amount: number) =>
    store.bill({ scope: SCOPE, owner: OWNER, id, amount, known: 0 })
  /** Compares what the store counts as spent, less `hidden` micros, with the record. */
  const reckon = (hidden = 0) => {
    const figures = store.figures(SCOPE)
    if (!figures) throw new Error(`${SCOPE} is not known`)
    oracle.reckon(SCOPE, { ...figures, spent: figures.spent - hidden }, false)
    return { spent: figures.spent, violation: oracle.violation }
  }
  return { oracle, pass, place, sync, bill, reckon }
}

/**
 * An owner is told a bill after its hold, loses its lease, and another of its bids is billed again.
 *
 * @param again in micros; above the hold of that other bid
 * @param overdrawn micros of the late bill that the owner did not pay from what it was granted
 */
async function billAgainAfterForfeit(again: number, overdrawn = 0) {
  const { oracle, pass, place, sync, bill, reckon } = create()
  await pass(1)
  expect(sync(1, { need: LATE + CHEAP, longestHoldMs: HOLD_MS })).toMatchObject({
    is: 'granted',
    granted: LATE + CHEAP,
  })
  await pass(1)
  const late = place('late', LATE)
  place('cheap', CHEAP)
  await pass(HOLD_MS + 1)
  oracle.closed(late)
  oracle.told(late, LATE)
  await pass(LEASE_MS + HOLD_MS)
  expect(bill('cheap', CHEAP)).toMatchObject({ is: 'booked', amount: CHEAP })
  expect(sync(2, { overdrawn }).is).toBe('forfeited')
  expect(sync(3).is).toBe('granted')
  await pass(LEASE_MS + 1)
  expect(bill('cheap', again)).toMatchObject({ is: 'booked', amount: again - CHEAP })
  return reckon
}

describe('the record beside the simulated service', () => {
  it('knows that a bill above its hold takes the cover of a late bill that a lost lease has paid', async () => {
    const reckon = await billAgainAfterForfeit(CHEAP + 200)
    // In truth the late bill as well: what was forfeited for it has paid part of the other.
    expect(reckon()).toEqual({ spent: CHEAP + 200, violation: undefined })
  })

  it('excuses no more of it than that', async () => {
    const reckon = await billAgainAfterForfeit(CHEAP + 200)
    expect(reckon(1).violation?.invariant).toBe('what was spent is counted')
  })

  it('excuses none of it where the owner told the store of the late bill as overdrawn', async () => {
    const reckon = await billAgainAfterForfeit(CHEAP + 200, LATE)
    expect(reckon()).toEqual({ spent: CHEAP + 200 + LATE, violation: undefined })
    expect(reckon(1).violation?.invariant).toBe('what was spent is counted')
  })

  it('excuses no more than the bill above its hold has taken', async () => {
    const reckon = await billAgainAfterForfeit(CHEAP + 20)
    expect(reckon()).toEqual({ spent: CHEAP + LATE, violation: undefined })
    expect(reckon(1).violation?.invariant).toBe('what was spent is counted')
  })
})
