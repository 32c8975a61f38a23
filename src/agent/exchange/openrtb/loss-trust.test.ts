import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { LossTrust } from './index.ts'

const HOLD_MS = 300_000

function createTrust() {
  const clock = new FakeClock()
  const contradictions = { lately: 0, ever: 0 }
  const trust = new LossTrust(clock, () => contradictions)
  return {
    clock,
    trust,
    contradict(amount: number): void {
      contradictions.lately += amount
      contradictions.ever += amount
    },
    /** Nothing of it is lately any more. */
    forget(): void {
      contradictions.lately = 0
    },
    lose: (amount: number) => trust.frees(amount, clock.elapsedMs() + HOLD_MS),
  }
}

describe('trust in losses', () => {
  it('is full while no loss was ever contradicted', () => {
    const { trust, lose } = createTrust()
    for (let i = 0; i < 1_000; i++) expect(lose(1_000_000)).toBe(true)
    expect(trust.credit).toBe(Number.POSITIVE_INFINITY)
  })

  it('is zero while the shared count of contradicted losses is not known', () => {
    const trust = new LossTrust(new FakeClock(), () => undefined)
    expect([trust.frees(1, HOLD_MS), trust.credit]).toEqual([false, 0])
  })

  it('is the money of losses that proved true since, less a hundred times that of false ones', () => {
    const { clock, trust, contradict, lose } = createTrust()
    contradict(10)
    expect(lose(2_000)).toBe(false)
    clock.advance(HOLD_MS + 1_000)
    expect(trust.credit).toBe(1_000)
    expect([lose(600), lose(500), lose(400), lose(1)]).toEqual([true, false, true, false])
    clock.advance(HOLD_MS + 1_000)
    // What was freed is proved, and what was not freed is evidence too.
    expect(trust.credit).toBe(2_000 + 1_501 - 1_000)
  })

  it('counts the last hour only', () => {
    const { clock, trust, contradict, forget, lose } = createTrust()
    contradict(1)
    lose(5_000)
    clock.advance(HOLD_MS + 1_000)
    forget()
    expect(trust.credit).toBe(5_000)
    clock.advance(3_700_000)
    expect(trust.credit).toBe(0)
    expect(lose(1)).toBe(false)
  })

  it('never frees more unproved money than it allows, in any order of notices', () => {
    const step = fc.oneof(
      fc.record({ is: fc.constant('lose' as const), amount: fc.integer({ min: 1, max: 1_000 }) }),
      fc.record({ is: fc.constant('false' as const), amount: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ is: fc.constant('pass' as const), ms: fc.nat(200_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { clock, trust, contradict, lose } = createTrust()
        contradict(1)
        const freed: { untilMs: number; amount: number }[] = []
        for (const one of steps) {
          if (one.is === 'pass') clock.advance(one.ms)
          else if (one.is === 'false') contradict(one.amount)
          else {
            const nowMs = clock.elapsedMs()
            const { credit } = trust
            if (lose(one.amount)) freed.push({ untilMs: nowMs + HOLD_MS, amount: one.amount })
            else continue
            const unproved = freed.filter(({ untilMs }) => untilMs > nowMs)
            expect(unproved.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(credit)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
