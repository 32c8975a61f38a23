import { LossTrust } from '../../src/agent/exchange/openrtb/index.ts'
import type { Oracle } from './oracle.ts'
import type { ProcessClock } from './time.ts'

const HOUR_MS = 3_600_000

/** What all processes know of false losses: the moment they come out. */
export class FalseLosses {
  readonly #found: { readonly atMs: number; readonly amount: number }[] = []

  add(clock: ProcessClock, amount: number): void {
    this.#found.push({ atMs: clock.elapsedMs(), amount })
  }

  /** A run is shorter than an hour. */
  read(): { lately: number; ever: number } {
    const sum = this.#found.reduce((total, { amount }) => total + amount, 0)
    return { lately: sum, ever: sum }
  }
}

interface Told {
  readonly amount: number
  readonly endsMs: number
  readonly isFreed: boolean
}

/** The losses that one process hears of, by the rule of the service and by a naive record of all of them. */
export class Losses {
  readonly #clock: ProcessClock
  readonly #oracle: Oracle
  readonly #known: FalseLosses
  readonly #trust: LossTrust
  /** Since the first that was false. */
  readonly #told: Told[] = []

  constructor(clock: ProcessClock, oracle: Oracle, known: FalseLosses) {
    this.#clock = clock
    this.#oracle = oracle
    this.#known = known
    this.#trust = new LossTrust(clock, () => known.read())
  }

  /** A bid is lost, as is said; whether its hold is freed. Amounts as held, the end of the hold on the process's clock. */
  frees(amount: number, endsMs: number): boolean {
    const isFreed = this.#trust.frees(amount, endsMs)
    const { ever } = this.#known.read()
    this.#oracle.count(isFreed ? 'loss believed' : 'loss doubted')
    if (ever === 0) {
      this.#oracle.expect(isFreed, 'losses are believed while none was false', () => `${amount} stay held`)
      return isFreed
    }
    const nowMs = this.#clock.elapsedMs()
    this.#told.push({ amount, endsMs, isFreed })
    const sum = (which: (told: Told) => boolean) =>
      this.#told.reduce((total, told) => total + (which(told) ? told.amount : 0), 0)
    const proved = sum((told) => told.endsMs <= nowMs && told.endsMs > nowMs - HOUR_MS)
    const open = sum((told) => told.isFreed && told.endsMs > nowMs)
    this.#oracle.expect(
      !isFreed || open <= proved - 100 * ever,
      'losses free what they have proved',
      () => `${open} are free by losses, of which ${proved} proved true and ${ever} false`,
    )
    return isFreed
  }

  /** The bid that was said to be lost is billed. */
  contradict(amount: number): void {
    this.#oracle.count('false loss')
    this.#known.add(this.#clock, amount)
  }
}
