/**
 * A sum of amounts (micros, or API calls) that forgets them by a rule of its own. Amounts are non-negative integers.
 *
 * `nowMs` is always {@link Clock.elapsedMs}. A reading older than one seen before counts as that later one, so no
 * order of calls ever frees an amount early.
 */
export interface Window {
  /** What counts at `nowMs`. */
  sum(nowMs: number): number
  /** Counts `amount` from `nowMs` on. */
  add(nowMs: number, amount: number): void
  /** Takes back an amount that was added at `addedMs`. Does nothing once that amount no longer counts. */
  remove(nowMs: number, addedMs: number, amount: number): void
  /** Milliseconds from `nowMs` until at least `amount` of the present sum has stopped counting; Infinity for never. */
  reliefInMs(nowMs: number, amount: number): number
  /** What counts at `nowMs`, oldest first, each with the youngest age it can have. */
  entries(nowMs: number): WindowEntry[]
  /** Everything there is to know, as plain data of its own. */
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
