import type { Clock } from '../clock.ts'
import { micros } from '../money.ts'
import { Scope, TALLIES } from './scope.ts'
import type { BudgetStore } from './store/store.ts'
import { StoreLink } from './store-link.ts'

/** What was added lately is what was added within this. */
const LATELY_MS = 3_600_000
/** Far above anything that is added in an hour; what is beyond it counts all the same. In micros. */
const MAX = micros(10_000_000_000_000)
/** Where others add as well, their sums are asked for this often while somebody wants to know. */
const SHARED_MS = 1_000
/** Where nobody else adds, the store is only asked what is no longer lately. */
const OWN_MS = 60_000

export interface SharedTallyOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** Names this process to the store, as for its budgets; whoever keeps those ends its leases. */
  readonly owner: string
  /** Whether other processes add to the same tallies. */
  readonly isShared: boolean
}

export interface TallyFigures {
  /** Micros within the last hour, by all processes, as far as the store has told. */
  readonly lately: number
  readonly ever: number
}

/**
 * Amounts by name that every process of a store adds to and knows within a second or two, and that outlive them: kept where
 * budgets are kept, as spend of scopes without a limit that matters.
 */
export class SharedTally {
  readonly #options: SharedTallyOptions
  /** By their whole names, as the link finds them. */
  readonly #scopes = new Map<string, Scope>()
  readonly #asked = new Set<Scope>()
  readonly #link: StoreLink

  constructor(options: SharedTallyOptions) {
    this.#options = options
    this.#link = new StoreLink({
      ...options,
      scopes: this.#scopes,
      nextHold: () => 0,
      onOverdraft: () => undefined,
      onControl: () => undefined,
      onDefined: () => undefined,
      onEnded: () => undefined,
      staysOwner: true,
    })
  }

  /** Keeps a tally of that name from now on. */
  open(name: string): void {
    const { clock } = this.#options
    const limits = [{ kind: 'sliding', windowMs: LATELY_MS, max: MAX } as const]
    const scope = new Scope(TALLIES + name, 'tally', limits, clock.elapsedMs())
    const { name: full, currency } = scope
    this.#scopes.set(full, scope)
    this.#link.change({ do: 'define', definition: { scope: full, currency, limits, by: 'configuration' } })
    this.#link.draw([scope])
  }

  /** @param amount micros */
  add(name: string, amount: number): void {
    const scope = this.#scopes.get(TALLIES + name)
    if (!scope) return
    scope.purse.spendUnheld(amount, this.#options.clock.elapsedMs())
    this.#link.draw([scope])
  }

  /** Undefined for a tally that is not kept, or of which the store has not said anything yet. */
  read(name: string): TallyFigures | undefined {
    const scope = this.#scopes.get(TALLIES + name)
    if (!scope) return undefined
    const { clock, isShared } = this.#options
    const isStale = clock.elapsedMs() - scope.purse.answeredMs >= (isShared ? SHARED_MS : OWN_MS)
    // The first answer may have been that the store does not know the scope yet.
    if (isStale || !scope.purse.standing) this.#ask(scope)
    const { standing, unreported } = scope.purse
    if (!standing) return undefined
    return { lately: (standing.limits[0]?.spent ?? 0) + unreported, ever: standing.spentEver + unreported }
  }

  /** One question at a time, however often somebody wants to know. */
  #ask(scope: Scope): void {
    if (this.#asked.has(scope)) return
    const answered = this.#link.refresh([scope])
    if (!answered) return
    this.#asked.add(scope)
    answered.finally(() => this.#asked.delete(scope))
  }

  /** Tells the store what it has not been told. */
  close(): Promise<void> {
    return this.#link.close()
  }
}
