import type { Clock } from '../clock.ts'
import { micros } from '../money.ts'
import type { Admission, RateLimit } from './rate-limiter.ts'
import { Scope } from './scope.ts'
import type { StoreLink } from './store-link.ts'
import { isDry, type Short } from './veto.ts'

type Limited = Extract<Admission, { is: 'limited' }>
/** What came of taking a call. */
type Taken = { readonly is: 'taken' } | Limited | Short

/** What the store said is believed for so long where it says no. */
const FRESH_MS = 250
/** While the store grants nothing, it is asked again after so long. */
const AWAY_MS = 1_000
const ONE = micros(1)
const TAKEN: Taken = { is: 'taken' }

/**
 * The calls that this process may make of an account that other processes call as well: drawn from the store like money,
 * one unit a call. A call is spent when it is admitted. What is unused goes back, and without the store the purse lasts
 * until its lease ends.
 */
export class CallPurse {
  readonly scope: Scope
  readonly #clock: Clock
  readonly #link: StoreLink

  /** @param link carries the scope's lines */
  constructor(clock: Clock, name: string, { calls: max, windowMs }: RateLimit, link: StoreLink) {
    this.#clock = clock
    this.#link = link
    // The store counts whole units of anything; that these are no money, only the name of their currency says.
    this.scope = new Scope(
      name,
      'calls',
      [{ kind: 'sliding', windowMs, max: micros(max) }],
      clock.elapsedMs(),
    )
  }

  /**
   * One call, when the purse or the store has it.
   *
   * @param sinceMs when it was asked for: a store that had granted nothing before may do so now
   */
  take(sinceMs: number): Taken {
    const { purse } = this.scope
    const nowMs = this.#clock.elapsedMs()
    if (!purse.covers(1, nowMs)) {
      const refused = this.dry(nowMs) ?? this.#away(sinceMs)
      if (refused) return refused
      purse.ask(1, nowMs)
      const drawn = this.#link.draw([this.scope])
      if (drawn) return { is: 'short', drawn }
      if (!purse.covers(1, nowMs)) return { is: 'limited', retryAfterMs: this.reliefInMs() }
    }
    purse.take(1)
    purse.settle(1, 1, nowMs)
    return TAKEN
  }

  /** A call that is made whatever the limit says. */
  spend(): void {
    this.scope.purse.spendUnheld(1, this.#clock.elapsedMs())
  }

  /** How long there are no calls, where the store has said so just now. */
  dry(nowMs: number): Limited | undefined {
    if (this.scope.purse.covers(1, nowMs) || !isDry(this.scope, ONE, nowMs)) return undefined
    return { is: 'limited', retryAfterMs: this.reliefInMs() }
  }

  /** Set while the store cannot be asked, or grants nothing because it may have forgotten something. */
  #away(sinceMs: number): Limited | undefined {
    const { refusal, answeredMs } = this.scope.purse
    const isRefused = refusal !== undefined && answeredMs >= sinceMs
    return isRefused || this.#link.state.is === 'away' ? { is: 'limited', retryAfterMs: AWAY_MS } : undefined
  }

  isDated(nowMs: number): boolean {
    return nowMs - this.scope.purse.answeredMs >= FRESH_MS
  }

  /** Asks the store how the account stands; undefined when it has answered already. */
  refresh(): Promise<void> | undefined {
    return this.#link.refresh([this.scope])
  }

  /** Calls of all processes that count, as far as the store has said. */
  used(): number {
    const { standing, unreported } = this.scope.purse
    return (standing?.limits[0]?.spent ?? 0) + unreported
  }

  /** Calls that could be made from here, as far as the store has said; Infinity before it has said anything. */
  available(): number {
    const { purse, available } = this.scope
    return purse.standing ? Math.max(0, available) : Number.POSITIVE_INFINITY
  }

  /** Until calls are there again, at the latest. */
  reliefInMs(): number {
    const { standing } = this.scope.purse
    return standing?.reliefInMs || standing?.limits[0]?.nextReliefMs || AWAY_MS
  }
}
