import type { RecordedHold } from './forfeits.ts'
import type { Hold } from './hold.ts'

/** What is to be written of recorded holds, in this order. */
export type HoldEntry =
  /** Before anything is done with the hold. */
  | { readonly is: 'begun'; readonly hold: RecordedHold }
  | { readonly is: 'settled'; readonly number: number; readonly settledBefore: number }
  /** It never became spend, or what it spent came back. */
  | { readonly is: 'released'; readonly number: number }
  /** The store has counted these; see `RecordedOwner.counted`. */
  | { readonly is: 'counted'; readonly numbers: readonly number[]; readonly counted: number }

/** So many are forgotten with one entry. */
const COUNTED_AT_ONCE = 1_000

/** Says what must be written of the recorded holds of this process, and what need not be kept any longer. */
export class HoldBook {
  /** Settled and written as that, in their order; forgotten when the store has counted them. */
  readonly #settled: Hold[] = []
  #first = 0

  /** How a hold was written last. */
  readonly #written = new WeakMap<Hold, Hold['state']>()

  begun({ number, scopes, micros }: Hold): HoldEntry {
    const names = scopes.map(({ name }) => name)
    return { is: 'begun', hold: { number, scopes: names, amount: micros, settledBefore: undefined } }
  }

  /** How a hold stands now; undefined while it is open, or where that is written. */
  ended(hold: Hold): HoldEntry | undefined {
    const { state, number, settledBefore } = hold
    if (state === 'open' || this.#written.get(hold) === state) return undefined
    this.#written.set(hold, state)
    if (state === 'released') return { is: 'released', number }
    this.#settled.push(hold)
    return { is: 'settled', number, settledBefore }
  }

  /** The next that need not be kept; undefined for none. */
  counted(): HoldEntry | undefined {
    const numbers: number[] = []
    let counted = 0
    for (let hold = this.#settled[this.#first]; hold && isCounted(hold); hold = this.#settled[this.#first]) {
      numbers.push(hold.number)
      counted = Math.max(counted, hold.settledBefore)
      this.#first += 1
      if (numbers.length >= COUNTED_AT_ONCE) break
    }
    // Taking from the front of an array moves all of it.
    if (this.#first > COUNTED_AT_ONCE) {
      this.#settled.splice(0, this.#first)
      this.#first = 0
    }
    return numbers.length > 0 ? { is: 'counted', numbers, counted } : undefined
  }
}

const isCounted = ({ scopes, settledBefore }: Hold): boolean =>
  scopes.every(({ purse }) => purse.hasReported(settledBefore))
