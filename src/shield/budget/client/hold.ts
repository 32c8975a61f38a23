import type { Micros } from '../../../money.ts'
import type { HoldTerms } from '../hold-terms.ts'
import type { Scope } from './scope.ts'

/**
 * Money set aside for one bid. The object is small and flat because a process keeps hundreds of thousands of them. Only
 * {@link BudgetManager} changes it. `state` leaves `open` exactly once; a late bill may then turn `released` into `settled`.
 */
export class Hold {
  readonly id: string
  /** Rises with every hold of this process. */
  readonly number: number
  readonly scopes: readonly Scope[]
  readonly micros: Micros
  readonly expiresAtMs: number
  /** The queue in which an open hold waits for its expiry; `next` and `previous` are its neighbours in it. */
  readonly queue: HoldQueue
  next: Hold | undefined = undefined
  previous: Hold | undefined = undefined
  state: 'open' | 'settled' | 'released' = 'open'
  /** Whether it expired before any notice came. Its bill may still come. */
  hasLapsed = false
  /** Micros spent. Above 0 for an open hold that was billed and may be billed higher. */
  spent = 0
  /** The number that the next hold would have had at the time of settlement; meaningful only in state `settled`. */
  settledBefore = 0

  constructor(
    id: string,
    number: number,
    scopes: readonly Scope[],
    amount: Micros,
    expiresAtMs: number,
    queue: HoldQueue,
  ) {
    this.id = id
    this.number = number
    this.scopes = scopes
    this.micros = amount
    // V8 stores small whole numbers without a heap object. Rounded up, since expiring later is safe.
    this.expiresAtMs = Math.ceil(expiresAtMs)
    this.queue = queue
  }

  /** Micros that are still set aside, while it is open. */
  get rest(): number {
    return this.micros - this.spent
  }

  /** Lets a hold be a member of the result union of {@link BudgetManager.hold}. */
  get is(): 'held' {
    return 'held'
  }
}

/** Open holds with the same time to live and the same `onExpiry`, so they expire in the order in which they were added. */
export class HoldQueue {
  readonly terms: HoldTerms
  #first: Hold | undefined
  #last: Hold | undefined

  constructor(terms: HoldTerms) {
    this.terms = terms
  }

  get first(): Hold | undefined {
    return this.#first
  }

  push(hold: Hold): void {
    hold.previous = this.#last
    if (this.#last) this.#last.next = hold
    else this.#first = hold
    this.#last = hold
  }

  remove(hold: Hold): void {
    if (hold.previous) hold.previous.next = hold.next
    else this.#first = hold.next
    if (hold.next) hold.next.previous = hold.previous
    else this.#last = hold.previous
    hold.next = undefined
    hold.previous = undefined
  }
}
