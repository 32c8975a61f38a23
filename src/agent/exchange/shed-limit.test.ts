import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { ShedLimit } from './shed-limit.ts'

describe('the lateness above which requests are shed', () => {
  it('is what is set, also while the process starts', () => {
    expect(new ShedLimit(new FakeClock(), 70, 20).limitMs).toBe(70)
  })

  it('is unbounded while the process starts, then 50 ms on a quick machine', () => {
    const clock = new FakeClock()
    const limit = new ShedLimit(clock, undefined, 20)
    expect(limit.isTooLate(400)).toBe(false)
    clock.advance(15_000)
    expect(limit.limitMs).toBe(50)
    expect(limit.isTooLate(400)).toBe(true)
  })

  it('rises on a machine that is always late, no further than half of what exchanges wait', () => {
    const clock = new FakeClock()
    const limit = new ShedLimit(clock, undefined, 20)
    clock.advance(15_000)
    for (let i = 0; i < 500; i++) limit.isTooLate(40)
    expect(limit.isTooLate(120)).toBe(false)
    for (let i = 0; i < 5_000; i++) limit.isTooLate(2_000)
    expect(limit.limitMs).toBe(250)
    limit.learnTmax(300)
    expect(limit.limitMs).toBe(140)
  })

  it('changes little after one unusual request', () => {
    const clock = new FakeClock()
    const limit = new ShedLimit(clock, undefined, 20)
    clock.advance(15_000)
    for (let i = 0; i < 5_000; i++) limit.isTooLate(2_000)
    limit.learnTmax(120)
    limit.learnTmax(Number.MAX_SAFE_INTEGER)
    limit.learnTmax(-5)
    limit.learnTmax(undefined)
    expect(limit.limitMs).toBeLessThan(60)
  })
})
