import { micros } from '../../../money.ts'
import type { Clock } from '../../../time/clock.ts'
import type { BudgetStore } from '../protocol/store.ts'
import { Scope, TALLIES } from './scope.ts'
import { StoreLink, WITHOUT_HOLDS } from './store-link.ts'

/** The period that `lately` covers. */
const LATELY_MS = 3_600_000
/** The limit of a tally's scope in micros: far above what an hour adds. It stops nothing; amounts above it count too. */
const MAX = micros(10_000_000_000_000)
/** How old figures may be when other processes add to the tally; older ones are refreshed on read. */
const SHARED_MS = 1_000
/** How old figures may be when only this process adds: the store is asked only which amounts have left the period. */
const OWN_MS = 60_000

export interface SharedTallyOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** Owner id of this process, the same as for its budgets. {@link BudgetManager} ends its leases. */
  readonly owner: string
  /** Whether other processes add to the same tallies. */
  readonly isShared: boolean
}

export interface TallyFigures {
  /** Micros added within the last hour by all processes, by the store's last answer. */
  readonly lately: number
  readonly ever: number
}

/**
 * Named sums (tallies) that all processes of a store add to and see within a second or two, and that outlive the
 * processes. They are kept in the budget store as spend of scopes whose limit is never reached.
 */
export class SharedTally {
  readonly #options: SharedTallyOptions
  /** By full scope name, as {@link StoreLink} needs it. */
  readonly #scopes = new Map<string, Scope>()
  readonly #asked = new Set<Scope>()
  readonly #link: StoreLink

  constructor(options: SharedTallyOptions) {
    this.#options = options
    this.#link = new StoreLink({
      ...options,
      scopes: this.#scopes,
      ...WITHOUT_HOLDS,
    })
  }

  /** Starts a tally of that name. */
  open(name: string): void {
    const { clock } = this.#options
    const limits = [{ kind: 'sliding', windowMs: LATELY_MS, max: MAX } as const]
    const scope = new Scope(TALLIES + name, 'tally', limits, clock.elapsedMs())
    const { name: full, currency } = scope
    this.#scopes.set(full, scope)
    this.#link.change({ do: 'define', definition: { scope: full, currency, limits, by: 'configuration' } })
    this.#link.draw([scope])
  }

  /** Adds `amount` micros; does nothing for a tally that is not open. */
  add(name: string, amount: number): void {
    const scope = this.#scopes.get(TALLIES + name)
    if (!scope) return
    scope.purse.spendUnheld(amount, this.#options.clock.elapsedMs())
    this.#link.draw([scope])
  }

  /**
   * The figures of a tally; undefined when it is not open or the store has not answered yet. If the figures are old, newer
   * ones are requested for the next read.
   */
  read(name: string): TallyFigures | undefined {
    const scope = this.#scopes.get(TALLIES + name)
    if (!scope) return undefined
    const { clock, isShared } = this.#options
    const isStale = clock.elapsedMs() - scope.purse.answeredMs >= (isShared ? SHARED_MS : OWN_MS)
    // There is no standing yet if the first answer was `unknown_scope`.
    if (isStale || !scope.purse.standing) this.#ask(scope)
    const { standing, unreported } = scope.purse
    if (!standing) return undefined
    return { lately: (standing.limits[0]?.spent ?? 0) + unreported, ever: standing.spentEver + unreported }
  }

  /** Refreshes a tally, with one request at a time. */
  #ask(scope: Scope): void {
    if (this.#asked.has(scope)) return
    const answered = this.#link.refresh([scope])
    if (!answered) return
    this.#asked.add(scope)
    answered.finally(() => this.#asked.delete(scope))
  }

  /** Reports everything to the store. */
  close(): Promise<void> {
    return this.#link.close()
  }
}
