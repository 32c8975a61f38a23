import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { CircuitBreaker, DEFAULT_BREAKER, type Passage, type Verdict } from './circuit-breaker.ts'

const { failures, slowMs, resetMs, successes } = DEFAULT_BREAKER

function createHarness() {
  const clock = new FakeClock()
  const changes: string[] = []
  const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER, (from, to) => changes.push(`${from} > ${to}`))
  const enter = (): Passage => {
    const answer = breaker.enter()
    assert(answer.is === 'admitted')
    return answer.passage
  }
  const call = (verdict: Verdict, latencyMs = 10) => enter().report(verdict, latencyMs)
  const trip = () => {
    for (let i = 0; i < failures; i++) call('failing')
  }
  return { clock, breaker, changes, enter, call, trip }
}

describe('circuit breaker', () => {
  it('opens after three consecutive failures and lets nothing through for thirty seconds', () => {
    const { clock, breaker, call } = createHarness()
    call('failing')
    call('failing')
    expect(breaker.admits).toBe(true)
    call('failing')

    expect(breaker.enter()).toEqual({ is: 'open', retryAfterMs: 30_000 })
    clock.advance(29_999)
    expect(breaker.admits).toBe(false)
    expect(breaker.enter()).toEqual({ is: 'open', retryAfterMs: 1 })
    clock.advance(1)
    expect(breaker.admits).toBe(true)
    expect(breaker.state).toEqual({ is: 'half_open', successes: 0, probe: 'free' })
  })

  it('takes a call of more than half a second for a failure, whatever it answered', () => {
    const { breaker, call } = createHarness()
    call('healthy', slowMs)
    expect(breaker.state).toEqual({ is: 'closed', failures: 0 })
    call('healthy', slowMs + 1)
    call('failing')
    call('healthy', slowMs + 1)

    expect(breaker.state.is).toBe('open')
  })

  it('opens for failures that are mixed with successes, if `recent` is set', () => {
    const clock = new FakeClock()
    const breaker = new CircuitBreaker(clock, { ...DEFAULT_BREAKER, recent: { failures: 4, calls: 8 } })
    const call = (verdict: Verdict) => {
      const answer = breaker.enter()
      assert(answer.is === 'admitted')
      answer.passage.report(verdict, 10)
    }
    const calls = (letters: string) => {
      for (const letter of letters) call(letter === 'F' ? 'failing' : letter === 'n' ? 'neutral' : 'healthy')
      return breaker.state.is
    }
    expect(calls('FF.FF')).toBe('open')
    clock.advance(resetMs)
    expect(calls('..')).toBe('closed')
    // Calls from before it closed no longer count, nor those before the latest eight; neutral calls push none out.
    expect(calls('F.F...F...F..nnnnnF.F.')).toBe('closed')
    expect(calls('F')).toBe('open')
  })

  it('forgets failures after a success, but not after a neutral call, however slow that was', () => {
    const { breaker, call } = createHarness()
    call('failing')
    call('failing')
    call('healthy')
    expect(breaker.state).toEqual({ is: 'closed', failures: 0 })
    call('failing')
    call('failing')
    call('neutral', slowMs + 1)
    expect(breaker.state).toEqual({ is: 'closed', failures: 2 })
  })

  it('admits one probe at a time and closes after two that succeed', () => {
    const { clock, breaker, changes, enter, trip } = createHarness()
    trip()
    clock.advance(resetMs)
    const first = enter()
    expect(breaker.admits).toBe(false)
    expect(breaker.enter().is).toBe('open')
    first.report('healthy', 10)
    expect(breaker.state).toEqual({ is: 'half_open', successes: 1, probe: 'free' })
    enter().report('healthy', 10)

    expect(breaker.state).toEqual({ is: 'closed', failures: 0 })
    expect(changes).toEqual(['closed > open', 'open > half_open', 'half_open > closed'])
  })

  it.each([
    ['failing', 10],
    ['healthy', slowMs + 1],
  ] as const)('opens again for thirty seconds when a probe is %s after %d ms', (verdict, latencyMs) => {
    const { clock, breaker, call, trip } = createHarness()
    trip()
    clock.advance(resetMs)
    call('healthy')
    clock.advance(5)
    call(verdict, latencyMs)

    expect(breaker.enter()).toEqual({ is: 'open', retryAfterMs: resetMs })
  })

  it('lets the next call be the probe if one said nothing about the platform', () => {
    const { clock, breaker, call, trip } = createHarness()
    trip()
    clock.advance(resetMs)
    call('healthy')
    call('neutral')

    expect(breaker.state).toEqual({ is: 'half_open', successes: 1, probe: 'free' })
  })

  it('ignores the results of calls that began in an earlier state', () => {
    const { clock, breaker, enter, trip } = createHarness()
    const early = [enter(), enter(), enter(), enter()]
    trip()
    clock.advance(resetMs)
    const probe = enter()
    for (const passage of early.slice(0, 2)) passage.report('failing', 10)
    for (const passage of early.slice(2)) passage.report('healthy', 10)

    expect(breaker.state).toEqual({ is: 'half_open', successes: 0, probe: 'taken' })
    probe.report('failing', 10)
    clock.advance(resetMs)
    expect(breaker.state.is).toBe('half_open')
    probe.report('healthy', 10)
    expect(breaker.state).toEqual({ is: 'half_open', successes: 0, probe: 'free' })
  })

  it('counts a verdict once, however often it is reported', () => {
    const { breaker, enter } = createHarness()
    const passage = enter()
    for (let i = 0; i < 5; i++) passage.report('failing', 10)

    expect(breaker.state).toEqual({ is: 'closed', failures: 1 })
  })

  it('agrees with the rule read off the list of everything that happened', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 120, size: 'max' }), (sequence) => {
        const clock = new FakeClock()
        const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER)
        const model = new NaiveBreaker()
        const open: { passage: Passage; era: number }[] = []
        for (const step of sequence) {
          if (step.is === 'pass') clock.advance(step.ms)
          if (step.is === 'enter') {
            const answer = breaker.enter()
            const era = model.enter(clock.elapsedMs())
            assert.equal(answer.is === 'admitted', era !== undefined)
            if (answer.is === 'admitted' && era !== undefined) open.push({ passage: answer.passage, era })
          }
          const call = step.is === 'report' ? open[step.which % Math.max(1, open.length)] : undefined
          if (step.is === 'report' && call) {
            call.passage.report(step.verdict, step.latencyMs)
            model.report(call.era, step.verdict, step.latencyMs, clock.elapsedMs())
            if (!step.again) open.splice(open.indexOf(call), 1)
            else call.era = -1
          }
          assert.equal(breaker.state.is, model.state(clock.elapsedMs()))
          assert.equal(breaker.admits, model.admits(clock.elapsedMs()))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

const steps = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 1_000, resetMs - 1, resetMs, resetMs + 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('enter' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('report' as const),
      which: fc.nat(20),
      verdict: fc.constantFrom<Verdict>('healthy', 'healthy', 'failing', 'failing', 'neutral'),
      latencyMs: fc.constantFrom(0, slowMs, slowMs + 1),
      again: fc.boolean(),
    }),
  },
)

/** Keeps the verdicts since the last change and reads the state off them. Calls know the era they began in. */
class NaiveBreaker {
  #era = 0
  #is: 'closed' | 'open' | 'half_open' = 'closed'
  #openedMs = 0
  #good: boolean[] = []
  #probing = false

  state(nowMs: number): 'closed' | 'open' | 'half_open' {
    if (this.#is === 'open' && nowMs - this.#openedMs >= resetMs) this.#change('half_open', nowMs)
    return this.#is
  }

  admits(nowMs: number): boolean {
    const state = this.state(nowMs)
    return state === 'closed' || (state === 'half_open' && !this.#probing)
  }

  enter(nowMs: number): number | undefined {
    if (!this.admits(nowMs)) return undefined
    if (this.#is === 'half_open') this.#probing = true
    return this.#era
  }

  report(era: number, verdict: Verdict, latencyMs: number, nowMs: number): void {
    if (era !== this.#era) return
    this.#probing = false
    if (verdict === 'neutral') return
    this.#good.push(verdict === 'healthy' && latencyMs <= slowMs)
    const lastBad = this.#good.slice(-failures).every((good) => !good) && this.#good.length >= failures
    if (this.#is === 'closed' && lastBad) this.#change('open', nowMs)
    else if (this.#is === 'half_open' && this.#good.at(-1) === false) this.#change('open', nowMs)
    else if (this.#is === 'half_open' && this.#good.length >= successes) this.#change('closed', nowMs)
  }

  #change(to: 'closed' | 'open' | 'half_open', nowMs: number): void {
    this.#era += 1
    this.#is = to
    this.#openedMs = nowMs
    this.#good = []
    this.#probing = false
  }
}
