/** What was told of a bid so far. A bid of which nothing is told in time counts as lost; one that is `unfit` teaches nothing. */
export type Fate = 'untold' | 'won' | 'lost' | 'unfit'

/** A bid whose auction is not over yet, for all that is known. */
export interface OpenAuction {
  readonly seq: number
  readonly slot: number
  readonly price: number
  readonly worth: number
  readonly dueMs: number
  fate: Fate
  lowest: number | undefined
}

/** Most bids that are watched at once. Of more than these per wait only some are watched, all alike. */
const MAX_OPEN = 8_192

/**
 * The bids of the last half minute, in the order in which they were made, so that all are judged at the same age: wins are told sooner
 * than losses, and what was judged as soon as it is told would seem to be won mostly.
 */
export class OpenAuctions {
  readonly #open = new Map<number, OpenAuction>()

  add(one: Omit<OpenAuction, 'fate' | 'lowest'>): void {
    if (this.#open.size < MAX_OPEN) this.#open.set(one.seq, { ...one, fate: 'untold', lowest: undefined })
  }

  get(seq: number): OpenAuction | undefined {
    return this.#open.get(seq)
  }

  drop(seq: number): void {
    this.#open.delete(seq)
  }

  /** Takes out bids that are due, at most so many, the earliest first. */
  takeDue(nowMs: number, most: number): OpenAuction[] {
    const due: OpenAuction[] = []
    for (const one of this.#open.values()) {
      if (one.dueMs > nowMs || due.length === most) break
      due.push(one)
    }
    for (const { seq } of due) this.#open.delete(seq)
    return due
  }
}
