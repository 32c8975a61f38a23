import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { type Entry, slotSum, trueSum } from './budget/ledger/windows/naive-windows.test-support.ts'
import { type Admission, PRIORITIES, type Priority } from './rate-limit.ts'
import { RateLimiter } from './rate-limiter.ts'

const WINDOW_MS = 60_000
const createHarness = (calls = 100) => {
  const clock = new FakeClock()
  return { clock, limiter: new RateLimiter(clock, { calls, windowMs: WINDOW_MS }) }
}

/** Takes calls until one is refused; returns how many were admitted. */
function drain(limiter: RateLimiter, priority: Priority): number {
  for (let taken = 0; ; taken++) if (limiter.take(priority).is === 'limited') return taken
}

describe('rate limiter', () => {
  it.each([
    ['lowering', 100],
    ['bid', 100],
    ['read_premium', 90],
    ['read', 90],
    ['scheduled', 90],
    ['retry', 90],
    ['backfill', 90],
  ] as const)('admits %s for %d of a hundred calls', (priority, admitted) => {
    expect(drain(createHarness().limiter, priority)).toBe(admitted)
  })

  it('keeps the last tenth for lowering and bids when reads have taken all they may', () => {
    const { limiter } = createHarness()
    expect(drain(limiter, 'backfill')).toBe(90)
    expect(drain(limiter, 'read_premium')).toBe(0)
    expect(drain(limiter, 'bid')).toBe(10)
    expect(drain(limiter, 'lowering')).toBe(0)
  })

  it('says exactly when a refused call will be admitted', () => {
    const { clock, limiter } = createHarness()
    drain(limiter, 'bid')
    const refused = limiter.admits('bid')
    assert(refused.is === 'limited')
    clock.advance(refused.retryAfterMs - 1)
    expect(limiter.admits('bid').is).toBe('limited')
    clock.advance(1)
    expect(limiter.admits('bid').is).toBe('admitted')
  })

  it('counts calls that are made whatever the limit says', () => {
    const { limiter } = createHarness(10)
    drain(limiter, 'bid')
    limiter.count()

    expect(limiter.remaining()).toBe(0)
    expect(limiter.admits('bid').is).toBe('limited')
  })

  it('lets only lowering through while the platform asked for a pause', () => {
    const { clock, limiter } = createHarness()
    limiter.block(5_000)
    limiter.block(1_000)

    expect(limiter.admits('bid')).toEqual({ is: 'limited', retryAfterMs: 5_000, isPlatforms: true })
    expect(limiter.admits('lowering').is).toBe('admitted')
    expect(limiter.remaining()).toBe(0)
    clock.advance(5_000)
    expect(limiter.admits('bid').is).toBe('admitted')
    expect(limiter.remaining()).toBe(100)
  })

  it('waits for both the pause and the window when both are in the way', () => {
    const { clock, limiter } = createHarness()
    drain(limiter, 'bid')
    limiter.block(5_000)
    const refused = limiter.admits('bid')
    assert(refused.is === 'limited')
    clock.advance(refused.retryAfterMs)

    expect(limiter.admits('bid').is).toBe('admitted')
  })

  it('subtracts calls that the platform counts beyond our own, until its next report', () => {
    const { limiter } = createHarness()
    for (let i = 0; i < 20; i++) limiter.take('bid')
    limiter.observe(0.1)
    expect(limiter.remaining()).toBe(80)
    limiter.observe(0.5)
    expect(limiter.remaining()).toBe(50)
    limiter.take('bid')
    expect(limiter.remaining()).toBe(49)
    limiter.observe(0.3)
    expect(limiter.remaining()).toBe(70)
    limiter.observe(7)
    expect(limiter.remaining()).toBe(0)
  })

  it('uses the report of a platform on its quota for five minutes, and says how long to wait', () => {
    const { clock, limiter } = createHarness()
    limiter.observe(1)
    expect(limiter.admits('bid')).toEqual({ is: 'limited', retryAfterMs: 300_000 })
    clock.advance(299_999)
    expect(limiter.admits('bid').is).toBe('limited')
    clock.advance(1)
    expect(limiter.admits('bid').is).toBe('admitted')
  })

  it('agrees with a log of every call', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(steps, { minLength: 1, maxLength: 120, size: 'max' }),
        (calls, sequence) => {
          const { clock, limiter } = createHarness(calls)
          const log: Entry[] = []
          let blockedUntilMs = 0
          let unseen = { calls: 0, untilMs: 0 }
          const record = (amount: number) =>
            log.push({ atMs: clock.elapsedMs(), wallMs: clock.nowMs(), amount })
          for (const step of sequence) {
            const nowMs = clock.elapsedMs()
            const own = slotSum(log, nowMs, WINDOW_MS)
            const used = own + (nowMs < unseen.untilMs ? unseen.calls : 0)
            if (step.is === 'pass') clock.advance(step.ms)
            if (step.is === 'block') limiter.block(step.ms)
            if (step.is === 'block') blockedUntilMs = Math.max(blockedUntilMs, nowMs + step.ms)
            if (step.is === 'count') limiter.count()
            if (step.is === 'count') record(1)
            if (step.is === 'observe') {
              limiter.observe(step.percent / 100)
              const theirs = Math.min(calls, Math.ceil((step.percent / 100) * calls))
              unseen = { calls: Math.max(0, theirs - own), untilMs: nowMs + 300_000 }
            }
            if (step.is === 'take') {
              const urgent = step.priority === 'lowering' || step.priority === 'bid'
              const allowed = urgent ? calls : Math.max(1, Math.floor((calls * 9) / 10))
              const blocked = blockedUntilMs > nowMs && step.priority !== 'lowering'
              const expected: Admission['is'] = !blocked && used + 1 <= allowed ? 'admitted' : 'limited'
              assert.equal(limiter.admits(step.priority).is, expected)
              assert.equal(limiter.take(step.priority).is, expected)
              if (expected === 'admitted') record(1)
              if (expected === 'admitted') assert(trueSum(log, nowMs, WINDOW_MS) <= allowed)
            }
            const others = clock.elapsedMs() < unseen.untilMs ? unseen.calls : 0
            const left = Math.max(0, calls - slotSum(log, clock.elapsedMs(), WINDOW_MS) - others)
            assert.equal(limiter.remaining(), blockedUntilMs > clock.elapsedMs() ? 0 : left)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

const steps = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(200), fc.nat(WINDOW_MS), fc.constantFrom(100, 60_000, 60_100)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ is: fc.constant('take' as const), priority: fc.constantFrom(...PRIORITIES) }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('count' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('block' as const), ms: fc.nat(30_000) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('observe' as const), percent: fc.nat(120) }) },
)
