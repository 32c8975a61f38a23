import type { Hold } from './hold.ts'

/**
 * Finds holds by id: every open hold, and at least the `remember` most recent ended ones, so that a repeated verb is
 * recognised.
 *
 * There are two generations. When the young one is full, its holds become the old generation, the previous old one is
 * dropped as a whole, and only its open holds move to the new young one. The size of a generation grows with the number
 * of holds that moved, so the cost of moving per hold stays constant however many are open.
 */
export class HoldIndex {
  readonly #remember: number
  #young = new Map<string, Hold>()
  #old = new Map<string, Hold>()
  /** The number of holds at which the young generation is full. */
  #full: number

  constructor(remember: number) {
    this.#remember = remember
    this.#full = remember
  }

  get(id: string): Hold | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  add(hold: Hold): void {
    if (this.#young.size >= this.#full) this.#turnOver()
    this.#young.set(hold.id, hold)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  #turnOver(): void {
    const next = new Map<string, Hold>()
    for (const hold of this.#old.values()) {
      if (hold.state === 'open') next.set(hold.id, hold)
    }
    this.#old = this.#young
    this.#young = next
    this.#full = 2 * next.size + this.#remember
  }
}
