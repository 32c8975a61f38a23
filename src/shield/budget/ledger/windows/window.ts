/**
 * A sum of amounts (micros or API calls) that stop counting by the window's rule. Amounts are non-negative integers.
 *
 * `nowMs` is always {@link Clock.elapsedMs}. A `nowMs` below an earlier one is treated as the earlier one, so that no
 * order of calls frees an amount early.
 */
export interface Window {
  /** The sum that counts at `nowMs`. */
  sum(nowMs: number): number
  /** Counts `amount` from `nowMs` on. */
  add(nowMs: number, amount: number): void
  /** Subtracts an amount that was added at `addedMs`. Does nothing if it no longer counts. */
  remove(nowMs: number, addedMs: number, amount: number): void
  /** Milliseconds from `nowMs` until at least `amount` of the present sum has stopped counting; Infinity for never. */
  reliefInMs(nowMs: number, amount: number): number
  /** The amounts that count at `nowMs`, oldest first, each with the youngest age it can have. */
  entries(nowMs: number): WindowEntry[]
  /** The complete state as plain data, independent of the window. */
  state(): WindowState
}

/** The number of a slot that is not empty, and its amount. */
export type SlotState = readonly [slot: number, amount: number]

export type WindowState =
  | { readonly is: 'sliding'; readonly newest: number; readonly slots: readonly SlotState[] }
  | {
      readonly is: 'day'
      readonly wallAtZeroMs: number
      readonly endsWallMs: number
      readonly startedMs: number
      readonly sum: number
      readonly carried: number
    }
  | { readonly is: 'lifetime'; readonly sum: number }

export interface WindowEntry {
  readonly ageMs: number
  readonly amount: number
}
