import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { every, isoTime, sleep, systemClock, watchLag } from './clock.ts'

describe('every', () => {
  it('runs a task each period until it is cancelled', () => {
    const clock = new FakeClock()
    const ranAtMs: number[] = []
    const cancel = every(clock, 100, () => ranAtMs.push(clock.elapsedMs()))

    clock.advance(350)
    expect(ranAtMs).toEqual([100, 200, 300])
    cancel()
    clock.advance(1_000)
    expect(ranAtMs).toHaveLength(3)
  })

  it('stops for good when the task itself cancels it', () => {
    const clock = new FakeClock()
    let runs = 0
    const cancel = every(clock, 100, () => {
      runs += 1
      cancel()
    })

    clock.advance(1_000)
    expect(runs).toBe(1)
  })
})

describe('sleep', () => {
  it('ends when its time is over, not before', async () => {
    const clock = new FakeClock()
    let awake = false
    const slept = sleep(clock, 50).then(() => {
      awake = true
    })

    clock.advance(49)
    await Promise.resolve()
    await Promise.resolve()
    expect(awake).toBe(false)
    clock.advance(1)
    await slept
    expect(awake).toBe(true)
  })
})

describe('system clock', () => {
  it('has an elapsed time that never goes back', () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.elapsedMs())

    expect(readings).toEqual(readings.toSorted((a, b) => a - b))
  })

  it('runs a task later and never inside the call, and not at all when cancelled', async () => {
    const ran: string[] = []
    const cancel = systemClock.after(0, () => ran.push('cancelled'))
    const done = new Promise<void>((resolve) => {
      systemClock.after(1, () => {
        ran.push('kept')
        resolve()
      })
    })
    cancel()
    expect(ran).toEqual([])
    await done
    expect(ran).toEqual(['kept'])
  })
})

describe('watchLag', () => {
  it('says how late the event loop is, and that it has caught up', () => {
    const clock = new FakeClock()
    const { lagMs, stop } = watchLag(clock)
    clock.advance(200)
    expect(lagMs()).toBe(0)
    clock.stall(350)
    expect(lagMs()).toBe(300)
    clock.advance(50)
    expect(lagMs()).toBe(0)
    stop()
  })
})

describe('isoTime', () => {
  it('writes a moment of the wall clock as ISO 8601', () => {
    expect(isoTime(Date.UTC(2026, 10, 20, 12))).toBe('2026-11-20T12:00:00.000Z')
  })
})
