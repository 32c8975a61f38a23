import type { Window, WindowEntry } from './window.ts'

/** Everything counts for ever. */
export class LifetimeWindow implements Window {
  #sum = 0

  sum(): number {
    return this.#sum
  }

  add(_nowMs: number, amount: number): void {
    this.#sum += amount
  }

  remove(_nowMs: number, _addedMs: number, amount: number): void {
    this.#sum -= Math.min(amount, this.#sum)
  }

  reliefInMs(_nowMs: number, amount: number): number {
    return amount <= 0 ? 0 : Number.POSITIVE_INFINITY
  }

  entries(): WindowEntry[] {
    return this.#sum > 0 ? [{ ageMs: 0, amount: this.#sum }] : []
  }
}
