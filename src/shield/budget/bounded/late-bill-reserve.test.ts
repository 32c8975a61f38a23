import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { micros } from '../../../money.ts'
import { BudgetManager } from '../../index.ts'
import type { Hold } from '../client/hold.ts'
import { generationMsOf, slotMsOf, weighedMsOf } from './outcomes.ts'

const AUCTION = { ttlMs: 10_000, onExpiry: 'release' } as const
const BOUNDED = { is: 'bounded', maxOverspendProbability: 1e-4 } as const
const PRICE = micros(1_000)
const LIMITS = [{ kind: 'sliding', windowMs: 600_000, max: micros(10_000_000) }] as const
/** After this many ms a bid is not weighed any more. */
const GONE_MS = weighedMsOf(AUCTION.ttlMs) + 3 * slotMsOf(AUCTION.ttlMs)

function setUp(options: Partial<ConstructorParameters<typeof BudgetManager>[0]> = {}) {
  const clock = new FakeClock()
  const budget = new BudgetManager({ clock, worstCase: 100, ...options })
  const scope = budget.define('global', 'USD', LIMITS, 'operator', BOUNDED)
  const open = (): Hold => {
    const hold = budget.open([scope], PRICE, AUCTION)
    if (hold.is !== 'held') throw new Error(hold.is)
    return hold
  }
  const later = (ms: number) => {
    clock.advance(ms)
    budget.expire()
  }
  /** One bid in twenty is billed after a second; the others are never heard of again. */
  const learn = (seconds = 60) => {
    for (let second = 0; second < seconds; second++) {
      const holds = Array.from({ length: 40 }, open)
      later(1_000)
      for (const hold of holds.slice(0, 2)) budget.settle(hold, PRICE)
    }
  }
  return { clock, budget, scope, open, later, learn }
}

describe('a bill after the hold of a bounded scope', () => {
  it('is paid from what is set aside while the bid is weighed, and learned from', () => {
    const { budget, scope, open, later, learn } = setUp()
    learn()
    const holds = Array.from({ length: 40 }, open)
    later(AUCTION.ttlMs + 500)
    budget.settle(holds[0] as Hold, PRICE)
    const before = scope.purse.balance + scope.held
    expect(budget.settle(holds[1] as Hold, PRICE)).toBe('settled_late')
    expect(scope.purse.balance + scope.held).toBe(before - PRICE)
    expect(scope.purse.conserved()).toBe(0)
    expect(scope.modeNow).toEqual({ is: 'bounded' })
  })

  it('makes the scope strict when several come later than that, for a generation, and longer the next time', () => {
    const { budget, scope, open, later, learn } = setUp()
    learn()
    const generationMs = generationMsOf(AUCTION.ttlMs)
    for (const generations of [1, 2]) {
      const holds = Array.from({ length: 40 }, open)
      later(GONE_MS)
      for (const hold of holds.slice(0, 4)) budget.settle(hold, PRICE)
      expect(scope.modeNow).not.toMatchObject({ why: 'late_bills' })
      budget.settle(holds[4] as Hold, PRICE)
      expect(scope.modeNow).toEqual({ is: 'strict', why: 'late_bills' })
      learn(30)
      expect(scope.held).toBe(scope.prices)
      later(generations * generationMs - 31_000)
      expect(scope.modeNow).toEqual({ is: 'strict', why: 'late_bills' })
      later(2_000)
      learn()
      expect(scope.modeNow).toEqual({ is: 'bounded' })
    }
  })

  it('counts as late too if a loss notice came before it, or its bid is no longer known', () => {
    const { budget, scope, open, learn } = setUp()
    learn()
    const holds = Array.from({ length: 3 }, open)
    for (const hold of holds) budget.release(hold)
    for (const hold of holds) budget.settle(hold, PRICE)
    for (const id of ['a', 'b']) budget.addSpend(id, [scope], PRICE)
    expect(scope.modeNow).toEqual({ is: 'strict', why: 'late_bills' })
  })

  it('is not forgotten by a restart', () => {
    const { clock, budget, open, later, learn } = setUp()
    learn()
    const holds = Array.from({ length: 40 }, open)
    later(GONE_MS)
    for (const hold of holds.slice(0, 5)) budget.settle(hold, PRICE)
    const next = setUp({ outcomes: budget.outcomes })
    next.clock.advance(clock.elapsedMs())
    next.learn()
    expect(next.scope.modeNow).toEqual({ is: 'strict', why: 'late_bills' })
  })
})

it('prices of open bids exceed what is set aside by no more than the worst case allows', () => {
  const { budget, scope, open, learn } = setUp({ worstCase: 1.02 })
  learn()
  const allowance = 0.02 * LIMITS[0].max
  for (let i = 0; i < 3_000; i++) open()
  expect(scope.prices - scope.held).toBe(allowance)
  budget.define('global', 'USD', [{ ...LIMITS[0], max: micros(8_000_000) }], 'operator', BOUNDED)
  budget.refresh()
  open()
  expect(scope.prices - scope.held).toBe(0.02 * 8_000_000)
})

describe('what open bids may exceed a limit by', () => {
  const [worstCase, most] = [1.5, 5_000_000]

  it('is an eighth of the worst case at first, more once bids were passed up, and an eighth again after a drift', () => {
    const { budget, scope, open, learn } = setUp({ worstCase })
    learn(30)
    expect(scope.allowance).toBe(most / 8)
    learn(270)
    const earned = scope.allowance
    // Three hundred seconds of 38 bids each, less those that are still weighed, in a class that begins at 512 micros.
    expect(earned).toBeGreaterThan((280 * 38 * 512) / 4)
    expect(earned).toBeLessThan(most)
    const holds = Array.from({ length: 4_000 }, open)
    expect(scope.prices - scope.held).toBe(earned)
    for (const hold of holds) budget.settle(hold, PRICE)
    expect(scope.modeNow).toEqual({ is: 'strict', why: 'win_rate_drifts' })
    expect(scope.allowance).toBe(most / 8)
  })

  it('is the same after a restart', () => {
    const { clock, budget, scope, learn } = setUp({ worstCase })
    learn(300)
    const next = new BudgetManager({ clock, worstCase, outcomes: budget.outcomes })
    const again = next.define('global', 'USD', LIMITS, 'operator', BOUNDED)
    for (let i = 0; i < 200; i++) next.open([again], PRICE, AUCTION)
    clock.advance(2 * slotMsOf(AUCTION.ttlMs))
    next.open([again], PRICE, AUCTION)
    expect(again.allowance).toBe(scope.allowance)
    expect(again.allowance).toBeGreaterThan(most / 8)
  })

  it('is not earned by bids that were lost, and one late bill takes back what a hundred have earned', () => {
    const { budget, scope, open, later, learn } = setUp({ worstCase })
    learn(300)
    const before = scope.allowance
    const late = Array.from({ length: 40 }, open)
    later(GONE_MS + 1_000)
    const known = scope.allowance
    expect(known).toBeGreaterThan(before)
    budget.settle(late[0] as Hold, PRICE)
    later(1_000)
    expect(known - scope.allowance).toBeGreaterThan((99 * 512) / 4)
    const { scope: other, budget: sold, open: offer, later: wait } = setUp({ worstCase })
    for (let second = 0; second < 60; second++) {
      const lost = Array.from({ length: 200 }, offer)
      wait(1_000)
      for (const hold of lost) sold.release(hold)
    }
    expect(other.allowance).toBe(most / 8)
  })
})
