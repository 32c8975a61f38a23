import type { Hold } from './hold.ts'
import type { RecordedHold } from './recover-forfeits.ts'

/** An entry about a recorded hold. Entries must be written in the order in which they were made. */
export type HoldEntry =
  /** Written before the hold is used. */
  | { readonly is: 'begun'; readonly hold: RecordedHold }
  | { readonly is: 'settled'; readonly number: number; readonly settledBefore: number }
  /** The hold spent nothing, or its spend was credited. */
  | { readonly is: 'released'; readonly number: number }
  /** The store has counted the spend of these holds, so they can be deleted; see `RecordedOwner.counted`. */
  | { readonly is: 'counted'; readonly numbers: readonly number[]; readonly counted: number }

/** The most holds that one `counted` entry names. */
const COUNTED_AT_ONCE = 1_000

/** Decides which entries must be written about the recorded holds of this process, and which holds can be deleted. */
export class HoldBook {
  /** Holds written as settled, in that order; dropped when the store has counted them. */
  readonly #settled: Hold[] = []
  #first = 0

  /** The state that was last written for a hold. */
  readonly #written = new WeakMap<Hold, Hold['state']>()

  begun({ number, scopes, micros }: Hold): HoldEntry {
    const names = scopes.map(({ name }) => name)
    return { is: 'begun', hold: { number, scopes: names, amount: micros, settledBefore: undefined } }
  }

  /** The entry for an ended hold; undefined while it is open, or when its present state is written already. */
  ended(hold: Hold): HoldEntry | undefined {
    const { state, number, settledBefore } = hold
    if (state === 'open' || this.#written.get(hold) === state) return undefined
    this.#written.set(hold, state)
    if (state === 'released') return { is: 'released', number }
    this.#settled.push(hold)
    return { is: 'settled', number, settledBefore }
  }

  /** The next `counted` entry; undefined when no settled hold can be deleted. */
  counted(): HoldEntry | undefined {
    const numbers: number[] = []
    let counted = 0
    for (let hold = this.#settled[this.#first]; hold && isCounted(hold); hold = this.#settled[this.#first]) {
      numbers.push(hold.number)
      counted = Math.max(counted, hold.settledBefore)
      this.#first += 1
      if (numbers.length >= COUNTED_AT_ONCE) break
    }
    // Removing from the front moves every element, so it is done rarely.
    if (this.#first > COUNTED_AT_ONCE) {
      this.#settled.splice(0, this.#first)
      this.#first = 0
    }
    return numbers.length > 0 ? { is: 'counted', numbers, counted } : undefined
  }
}

const isCounted = ({ scopes, settledBefore }: Hold): boolean =>
  scopes.every(({ purse }) => purse.hasReported(settledBefore))
