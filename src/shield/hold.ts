import type { Micros } from '../money.ts'
import type { Scope } from './scope.ts'

/**
 * What becomes of a hold whose time is over with no word of its outcome: `settle` for a call whose outcome is unknown
 * (it counts as spent), `release` for an auction bid that nobody reported won.
 */
export type OnExpiry = 'settle' | 'release'

export interface HoldTerms {
  readonly ttlMs: number
  readonly onExpiry: OnExpiry
  /** The hold is written down before anything is done with it, so that a start finds it: see {@link ForfeitBounds}. */
  readonly isRecorded?: boolean
}

/**
 * Money set aside for one bid. One flat and small object, since a bidder keeps hundreds of thousands of them. Only the
 * {@link BudgetManager} changes it, and `state` leaves `open` exactly once (a late bill may still turn `released`
 * into `settled`).
 */
export class Hold {
  readonly id: string
  /** Counts up with every hold of this process. */
  readonly number: number
  readonly scopes: readonly Scope[]
  readonly micros: Micros
  readonly expiresAtMs: number
  /** Where an open hold waits for its expiry, and its neighbours there. */
  readonly queue: HoldQueue
  next: Hold | undefined = undefined
  previous: Hold | undefined = undefined
  state: 'open' | 'settled' | 'released' = 'open'
  /** Micros that became spend, and the number of the next hold at that moment; meaningful while `settled`. */
  spent = 0
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
    // Whole milliseconds take no memory of their own; later is the safe side.
    this.expiresAtMs = Math.ceil(expiresAtMs)
    this.queue = queue
  }

  /** A hold is its own success among the results of asking for one. */
  get is(): 'held' {
    return 'held'
  }
}

/** Open holds of one time to live and one fate, so the first to come is the first to expire. */
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
