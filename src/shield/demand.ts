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

/** What is wanted beside a first need, in multiples of it: the rate is not known yet. */
const FIRST_FILL = 4
/** Two needs within this time mean that the fill was too small. */
const BURST_MS = 250

/** What holds lack that wait for an answer. */
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

  /** How many times the need is wanted; more with every need that comes soon after another. */
  get factor(): number {
    return FIRST_FILL * this.#burst
  }

  end(): void {
    this.micros = 0
  }
}
