import type { Clock } from '../time/clock.ts'

export type BreakerState =
  | { readonly is: 'closed'; readonly failures: number }
  | { readonly is: 'open'; readonly untilMs: number }
  | { readonly is: 'half_open'; readonly successes: number; readonly probe: 'free' | 'taken' }

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const satisfies readonly BreakerState['is'][]

export interface BreakerOptions {
  /** The number of consecutive failed or slow calls that opens the breaker. */
  readonly failures: number
  /** A call that took longer than this counts as failed, whatever its answer. */
  readonly slowMs: number
  /** Time from opening to the first probe. */
  readonly resetMs: number
  /** The number of successful probes, made one at a time, that closes the breaker. */
  readonly successes: number
  /**
   * If set, `failures` failed calls among the latest `calls` (at most 31) also open the breaker. This catches failures
   * that are mixed with successes and so are seldom consecutive.
   */
  readonly recent?: { readonly failures: number; readonly calls: number }
}

export const DEFAULT_BREAKER: BreakerOptions = { failures: 3, slowMs: 500, resetMs: 30_000, successes: 2 }

/**
 * What a call says about the platform's health. `neutral`: nothing, since our own limit stopped it, it was never sent, or
 * the platform only answered "too many".
 */
export type Verdict = 'healthy' | 'failing' | 'neutral'

/** Permission for one call. Report the verdict of the call exactly once. */
export interface Passage {
  report(verdict: Verdict, latencyMs: number): void
}

export type BreakerAnswer =
  | { readonly is: 'admitted'; readonly passage: Passage }
  | { readonly is: 'open'; readonly retryAfterMs: number }

/** Stops calls to a platform that fails. The verdict of a call that began in an earlier state is ignored. */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #options: BreakerOptions
  readonly #onChange: (from: BreakerState['is'], to: BreakerState['is']) => void
  #state: BreakerState = { is: 'closed', failures: 0 }
  /** One bit per judged call since the breaker last closed, set if the call failed; bit 0 is the latest call. */
  #recent = 0
  /** The number of transitions so far; it identifies calls of an earlier state. */
  #generation = 0

  constructor(
    clock: Clock,
    options: BreakerOptions,
    onChange: (from: BreakerState['is'], to: BreakerState['is']) => void = () => {},
  ) {
    this.#clock = clock
    this.#options = options
    this.#onChange = onChange
  }

  /** The state now. There is no timer: reading it turns `open` into `half_open` once `resetMs` has passed. */
  get state(): BreakerState {
    if (this.#state.is === 'open' && this.#clock.elapsedMs() >= this.#state.untilMs) {
      this.#move({ is: 'half_open', successes: 0, probe: 'free' })
    }
    return this.#state
  }

  /** Whether a call would be admitted now; uses up no probe. */
  get admits(): boolean {
    const state = this.state
    return state.is === 'closed' || (state.is === 'half_open' && state.probe === 'free')
  }

  enter(): BreakerAnswer {
    const state = this.state
    if (state.is === 'open') return { is: 'open', retryAfterMs: state.untilMs - this.#clock.elapsedMs() }
    if (state.is === 'half_open') {
      if (state.probe === 'taken') return { is: 'open', retryAfterMs: this.#options.slowMs }
      this.#state = { ...state, probe: 'taken' }
    }
    return { is: 'admitted', passage: this.#passage() }
  }

  #passage(): Passage {
    const generation = this.#generation
    let reported = false
    return {
      report: (verdict, latencyMs) => {
        if (reported || generation !== this.#generation) return
        reported = true
        this.#judge(verdict === 'healthy' && latencyMs > this.#options.slowMs ? 'failing' : verdict)
      },
    }
  }

  #judge(verdict: Verdict): void {
    const isOften = this.#failsOften(verdict)
    const next = after(this.#state, verdict, isOften, this.#options, this.#clock.elapsedMs())
    if (next.is === this.#state.is) this.#state = next
    else this.#move(next)
  }

  #failsOften(verdict: Verdict): boolean {
    const { recent } = this.#options
    if (!recent || verdict === 'neutral') return false
    const isFailing = verdict === 'failing'
    this.#recent = ((this.#recent << 1) | Number(isFailing)) & (2 ** recent.calls - 1)
    return isFailing && onesIn(this.#recent) >= recent.failures
  }

  #move(next: BreakerState): void {
    const from = this.#state.is
    this.#state = next
    this.#recent = 0
    this.#generation += 1
    this.#onChange(from, next.is)
  }
}

/** The rule that gives the state after a verdict; a pure function. */
function after(
  state: BreakerState,
  verdict: Verdict,
  isOften: boolean,
  options: BreakerOptions,
  nowMs: number,
): BreakerState {
  switch (state.is) {
    case 'open':
      return state
    case 'closed': {
      if (verdict === 'neutral') return state
      if (verdict === 'healthy') return state.failures === 0 ? state : { is: 'closed', failures: 0 }
      const failures = state.failures + 1
      return isOften || failures >= options.failures
        ? { is: 'open', untilMs: nowMs + options.resetMs }
        : { is: 'closed', failures }
    }
    case 'half_open': {
      if (verdict === 'neutral') return { ...state, probe: 'free' }
      if (verdict === 'failing') return { is: 'open', untilMs: nowMs + options.resetMs }
      const successes = state.successes + 1
      return successes >= options.successes
        ? { is: 'closed', failures: 0 }
        : { is: 'half_open', successes, probe: 'free' }
    }
  }
}

function onesIn(bits: number): number {
  let ones = 0
  for (let left = bits; left !== 0; left &= left - 1) ones += 1
  return ones
}
