/** How long a purse's fill lasts at the present rate. */
const FILL_MS = 1_000
/** The shortest time over which a rate is measured. */
const LOOK_MS = 250

/** Measures how fast a purse is used: the highest rate of this second and the one before. */
export class Demand {
  /** Units taken since the last look. */
  #taken = 0
  #lookedMs: number
  /** The highest rate of the present second, in units per millisecond. */
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

  /** Units that one second takes at the highest recent rate; 0 for an idle purse. */
  get fill(): number {
    return Math.ceil(Math.max(this.#peak, this.#peakBefore) * FILL_MS)
  }

  /** Updates the rate. */
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

  /** Call when nothing more will be taken: the fill becomes 0. */
  end(): void {
    this.#peak = 0
    this.#peakBefore = 0
    this.#taken = 0
  }
}

/** How much is asked for at first, as a multiple of the need, while the rate is unknown. */
const FIRST_FILL = 4
/** Two needs within this time mean that the previous fill was too small. */
const BURST_MS = 250

/** The micros that waiting holds lack. The next line asks the store for them. */
export class Need {
  micros = 0
  #askedMs = Number.NEGATIVE_INFINITY
  #burst = 1

  ask(micros: number, nowMs: number): void {
    if (this.micros === 0) {
      this.#burst = nowMs - this.#askedMs < BURST_MS ? Math.min(this.#burst * 2, 1 << 20) : 1
      this.#askedMs = nowMs
    }
    this.micros += Math.max(0, micros)
  }

  /** How much to ask for, as a multiple of the need; it rises with every need that soon follows another. */
  get factor(): number {
    return FIRST_FILL * this.#burst
  }

  end(): void {
    this.micros = 0
  }
}
