import type { Window, WindowEntry, WindowState } from './window.ts'

/** A window in which every amount counts for ever. */
export class LifetimeWindow implements Window {
  #sum: number

  constructor(state?: WindowState & { is: 'lifetime' }) {
    this.#sum = state?.sum ?? 0
  }

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

  state(): WindowState {
    return { is: 'lifetime', sum: this.#sum }
  }
}
