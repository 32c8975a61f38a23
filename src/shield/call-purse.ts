import { micros } from '../money.ts'
import type { Clock } from '../time/clock.ts'
import { Scope } from './budget/client/scope.ts'
import type { StoreLink } from './budget/client/store-link.ts'
import { isDry, type Short } from './budget/client/veto.ts'
import type { Admission, RateLimit } from './rate-limit.ts'

type Limited = Extract<Admission, { is: 'limited' }>
/** The result of {@link CallPurse.take}. */
type Taken = { readonly is: 'taken' } | Limited | Short

/** How long a refusal by the store is cached, in milliseconds. */
const FRESH_MS = 250
/** How long a caller is told to wait while the store grants nothing or cannot be reached. */
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
    // The store counts whole units; the currency `calls` says that the unit is a call.
    this.scope = new Scope(
      name,
      'calls',
      [{ kind: 'sliding', windowMs, max: micros(max) }],
      clock.elapsedMs(),
    )
  }

  /**
   * Takes one call from the purse, asking the store if the purse is empty.
   *
   * @param sinceMs when the caller first asked; an older refusal is not used
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

  /** Counts a call that is made even above the limit. */
  spend(): void {
    this.scope.purse.spendUnheld(1, this.#clock.elapsedMs())
  }

  /** The refusal and its wait when the store has just said that no calls are left; else undefined. */
  dry(nowMs: number): Limited | undefined {
    if (this.scope.purse.covers(1, nowMs) || !isDry(this.scope, ONE, nowMs)) return undefined
    return { is: 'limited', retryAfterMs: this.reliefInMs() }
  }

  /** The refusal while the store cannot be reached, or gives a reason for granting nothing; else undefined. */
  #away(sinceMs: number): Limited | undefined {
    const { refusal, answeredMs } = this.scope.purse
    const { state } = this.#link
    const why = state.is === 'away' ? state.detail : answeredMs >= sinceMs ? refusal : undefined
    if (why === undefined) return undefined
    return { is: 'limited', retryAfterMs: AWAY_MS, detail: `the budget store grants no calls: ${why}` }
  }

  isDated(nowMs: number): boolean {
    return nowMs - this.scope.purse.answeredMs >= FRESH_MS
  }

  /** Asks the store for the account's present figures; undefined when it answered at once. */
  refresh(): Promise<void> | undefined {
    return this.#link.refresh([this.scope])
  }

  /** Calls of all processes in the window, by the store's last answer plus what this process has made since. */
  used(): number {
    const { standing, unreported } = this.scope.purse
    return (standing?.limits[0]?.spent ?? 0) + unreported
  }

  /** Calls that this process could make, by the store's last answer; Infinity before the first answer. */
  available(): number {
    const { purse, available } = this.scope
    return purse.standing ? Math.max(0, available) : Number.POSITIVE_INFINITY
  }

  /** Milliseconds to wait before calls are expected to be available again. */
  reliefInMs(): number {
    const { standing } = this.scope.purse
    return standing?.reliefInMs || standing?.limits[0]?.nextReliefMs || AWAY_MS
  }
}
