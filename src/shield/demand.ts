/** A purse is filled for this long at its present rate. */
const FILL_MS = 1_000
/** Rates are taken over at least this long. */
const LOOK_MS = 250

/** How fast one purse is used: the highest rate of this second and the one before. */
export class Demand {
  /** Taken since the last look. */
  #taken = 0
  #lookedMs: number
  /** In units per millisecond. */
  #peak = 0
  #peakBefore = 0
  #peakFromMs: number

  constructor(nowMs: number) {
    this.#lookedMs = nowMs
    this.#peakFromMs = nowMs
  }

  take(amount: number): void {
    this.#taken += amount
  }

  /** What a second at the highest rate of late takes; nothing for a purse that idles. */
  get fill(): number {
    return Math.ceil(Math.max(this.#peak, this.#peakBefore) * FILL_MS)
  }

  /** Brings the rate up to date. */
  look(nowMs: number): void {
    const elapsedMs = nowMs - this.#lookedMs
    if (elapsedMs < LOOK_MS) return
    if (nowMs - this.#peakFromMs >= FILL_MS) {
      this.#peakBefore = nowMs - this.#peakFromMs < 2 * FILL_MS ? this.#peak : 0
      this.#peak = 0
      this.#peakFromMs = nowMs
    }
    this.#peak = Math.max(this.#peak, this.#taken / elapsedMs)
    this.#taken = 0
    this.#lookedMs = nowMs
  }

  /** Nothing more will be taken. */
  end(): void {
    this.#peak = 0
    this.#peakBefore = 0
    this.#taken = 0
  }
}
