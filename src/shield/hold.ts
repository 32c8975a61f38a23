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
}

/**
 * Money set aside for one bid. One flat object, since a bidder keeps hundreds of thousands of them. Only the
 * {@link BudgetManager} changes it, and `state` leaves `open` exactly once (a late bill may still turn `released`
 * into `settled`).
 */
export class Hold {
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly micros: Micros
  readonly onExpiry: OnExpiry
  readonly expiresAtMs: number
  state: 'open' | 'settled' | 'released' = 'open'
  /** Micros that became spend, and the elapsed time of that; meaningful while `settled`. */
  spent = 0
  endedAtMs = 0
  /** Where an open hold waits for its expiry, and its neighbours there. */
  readonly queue: HoldQueue
  next: Hold | undefined = undefined
  previous: Hold | undefined = undefined

  constructor(
    id: string,
    scopes: readonly Scope[],
    amount: Micros,
    expiresAtMs: number,
    onExpiry: OnExpiry,
    queue: HoldQueue,
  ) {
    this.id = id
    this.scopes = scopes
    this.micros = amount
    this.expiresAtMs = expiresAtMs
    this.onExpiry = onExpiry
    this.queue = queue
  }
}

/** Open holds of one time to live, so the first to come is the first to expire. */
export class HoldQueue {
  #first: Hold | undefined
  #last: Hold | undefined

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
