import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { seedOr } from '../../test/support/seed.ts'
import type { OwnerMessages } from './budget/protocol/owner-messages.ts'
import { type BudgetStore, StoreUnavailable } from './budget/protocol/store.ts'
import { MemoryStore } from './budget/stores/memory-store.ts'
import { createCallLimits } from './call-limits.ts'
import type { Priority } from './rate-limit.ts'
import type { RateLimiter } from './rate-limiter.ts'

const WINDOW_MS = 60_000
const LEASE_MS = 10_000

/** Shows that the store can have several owners; carries no messages. */
const OWNER_MESSAGES: OwnerMessages = {
  lives: async () => false,
  send: async () => undefined,
  receive: () => () => undefined,
  noteSettled: () => undefined,
  settledAt: async () => undefined,
}

/** Processes that call one account, on one store. */
function createFleet(calls: number) {
  const clock = new FakeClock()
  const store = new MemoryStore(clock, LEASE_MS)
  return {
    clock,
    start(owner: string) {
      let isAway = false
      const over = <T>(ask: () => T): T => {
        if (isAway) throw new StoreUnavailable('away')
        return ask()
      }
      const link: BudgetStore = {
        answersAtOnce: true,
        ownerMessages: OWNER_MESSAGES,
        sync: (...args) => over(() => store.sync(...args)),
        bill: (bills) => over(() => store.bill(bills)),
        leave: (name) => over(() => store.leave(name)),
        define: (definition) => over(() => store.define(definition)),
        remove: (scope) => over(() => store.remove(scope)),
        setPause: (...args) => over(() => store.setPause(...args)),
        setKillSwitch: (state) => over(() => store.setKillSwitch(state)),
        control: () => store.control(),
        trust: () => store.trust(),
        watch: (onChange) => store.watch(onChange),
        close: () => store.close(),
      }
      const limits = createCallLimits({ clock, store: link, owner })
      const limiter = limits.of('meta', '1', { calls, windowMs: WINDOW_MS })
      return {
        limiter,
        limits,
        cut(off: boolean) {
          isAway = off
        },
      }
    },
  }
}

const take = async (limiter: RateLimiter, priority: Priority = 'bid') =>
  (await limiter.takeSoon(priority)).is === 'admitted'

/** Takes calls until one is refused; returns how many were admitted. */
async function drain(limiter: RateLimiter, priority?: Priority): Promise<number> {
  let taken = 0
  while (await take(limiter, priority)) taken += 1
  return taken
}

describe('a limit on calls that several processes share', () => {
  it('admits all of it at one of them, when the other needs none', async () => {
    const { start } = createFleet(20)
    const [one, other] = [start('a'), start('b')]
    expect(await drain(one.limiter)).toBe(20)
    expect(await drain(other.limiter)).toBe(0)
    expect([one.limiter.remaining(), other.limiter.remaining()]).toEqual([0, 0])
  })

  it('keeps its last tenth for bids, whoever made the calls before', async () => {
    const { start, clock } = createFleet(100)
    const [one, other] = [start('a'), start('b')]
    for (let i = 0; i < 50; i++) expect(await take(one.limiter, 'read')).toBe(true)
    clock.advance(6_000)
    const reads = await drain(other.limiter, 'backfill')
    expect(50 + reads).toBe(90)
    expect(await drain(other.limiter)).toBe(10)
  })

  it('counts what lowers risk beyond the limit, and never refuses it', async () => {
    const { start, clock } = createFleet(20)
    const { limiter } = start('a')
    expect(await drain(limiter)).toBe(20)
    limiter.count()
    clock.advance(WINDOW_MS / 2)
    expect(limiter.admits('lowering').is).toBe('limited')
    limiter.count()
    clock.advance(WINDOW_MS / 2 + 1_000)
    // The second call still counts.
    expect(await drain(limiter)).toBe(19)
  })

  it('says how long to wait, and admits a call after that', async () => {
    const { start, clock } = createFleet(20)
    const { limiter } = start('a')
    await drain(limiter)
    const refused = await limiter.takeSoon('bid')
    assert(refused.is === 'limited')
    expect(refused.retryAfterMs).toBeGreaterThan(WINDOW_MS / 2)
    clock.advance(refused.retryAfterMs + 300)
    expect(await take(limiter)).toBe(true)
  })

  it('goes on from the purse without its store until the lease ends, and recovers with the store', async () => {
    const { start, clock } = createFleet(100)
    const one = start('a')
    await take(one.limiter)
    one.cut(true)
    expect(await take(one.limiter)).toBe(true)
    clock.advance(LEASE_MS)
    expect(await one.limiter.takeSoon('bid')).toEqual({
      is: 'limited',
      retryAfterMs: 1_000,
      detail: 'the budget store grants no calls: no answer in time',
    })
    one.cut(false)
    clock.advance(1_000)
    expect(await take(one.limiter)).toBe(true)
  })

  it('subtracts calls that the platform counts beyond those of all processes', async () => {
    const { start, clock } = createFleet(100)
    const [one, other] = [start('a'), start('b')]
    for (let i = 0; i < 30; i++) await take(one.limiter)
    await take(other.limiter)
    clock.advance(6_000)
    other.limiter.observe(0.31)
    expect(other.limiter.remaining()).toBe(69)
    other.limiter.observe(0.5)
    expect(other.limiter.remaining()).toBe(50)
  })

  it('is one limiter for all callers in a process, also with a store that only this process uses', () => {
    const clock = new FakeClock()
    const limits = createCallLimits({ clock, store: new MemoryStore(clock), owner: 'a' })
    const limit = { calls: 5, windowMs: WINDOW_MS }
    const limiter = limits.of('meta', '1', limit)
    expect(limits.of('meta', '1', limit)).toBe(limiter)
    expect(limits.find('meta', '1')).toBe(limiter)
    expect(limits.find('meta', '2')).toBeUndefined()
    for (let i = 0; i < 5; i++) expect(limiter.take('bid').is).toBe('admitted')
    expect(limiter.take('bid').is).toBe('limited')
  })

  it('is never passed in any window, whoever calls, dies or is cut off', async () => {
    const at = fc.nat(2)
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.record({ is: fc.constant('call' as const), at, times: fc.nat(12) }) },
        { weight: 2, arbitrary: fc.record({ is: fc.constant('cut' as const), at, off: fc.boolean() }) },
        { weight: 1, arbitrary: fc.record({ is: fc.constant('die' as const), at }) },
        {
          weight: 4,
          arbitrary: fc.record({
            is: fc.constant('pass' as const),
            ms: fc.oneof(fc.nat(900), fc.nat(25_000)),
          }),
        },
      ),
      { maxLength: 120, size: 'max' },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const limit = 20
        const { clock, start } = createFleet(limit)
        let started = 0
        const next = () => start(`p${started++}`)
        const processes = [next(), next(), next()]
        const made: number[] = []
        for (const step of all) {
          if (step.is === 'pass') clock.advance(step.ms)
          else if (step.is === 'cut') processes[step.at]?.cut(step.off)
          else if (step.is === 'die') {
            processes[step.at]?.cut(true)
            processes[step.at] = next()
          } else {
            for (let i = 0; i < step.times; i++) {
              const { limiter } = processes[step.at] ?? next()
              if (await take(limiter)) made.push(clock.elapsedMs())
            }
          }
          const nowMs = clock.elapsedMs()
          const inWindow = made.filter((atMs) => atMs > nowMs - WINDOW_MS).length
          assert(inWindow <= limit, `${inWindow} calls in a window`)
        }
      }),
      { numRuns: 100, seed: seedOr(20261121) },
    )
  })
})
