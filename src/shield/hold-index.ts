import type { Hold } from './hold.ts'

/**
 * Holds by id: every open one, and of the ended ones at least the `remember` that were made last, so that a repeated
 * verb is recognised.
 *
 * Two generations. When the young one is full, the old one is dropped as a whole, which costs nothing per hold; only
 * what is still open there moves on. A generation grows with the holds that had to move, so moving stays a constant
 * cost per hold however many are open.
 */
export class HoldIndex {
  readonly #remember: number
  #young = new Map<string, Hold>()
  #old = new Map<string, Hold>()
  /** Size at which the young generation is full. */
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
