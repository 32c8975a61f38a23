/**
 * What is known of a bid's outcome so far. A bid that no notice came for in time counts as lost. An `unfit` one teaches
 * nothing, because another price would have changed nothing.
 */
export type Fate = 'untold' | 'won' | 'lost' | 'unfit'

/** A bid that waits to be judged. Prices are CPM units of the budgets' currency. */
export interface OpenAuction {
  readonly seq: number
  readonly slot: number
  readonly price: number
  readonly worth: number
  readonly dueMs: number
  fate: Fate
  lowest: number | undefined
}

/**
 * Most bids that wait to be judged at once. While there are this many, nothing is learned from new ones; whether a bid
 * is left out does not depend on its price, so the rest is still a fair sample.
 */
const MAX_OPEN = 8_192

/**
 * The bids of the last half minute, in the order in which they were made. All are judged at the same age, because wins
 * are reported sooner than losses: if each bid was judged once it is reported, too many would seem to be won.
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

  /** Removes and returns the bids that are due, the earliest first, at most `most` of them. */
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
