/** This share of the bills may be late for good: a few always are, and they are set aside. */
const LET_GO = 0.01
/** So many late bills beyond that are not chance any more. */
const ALARM = 4
/** The longest time without trust is the shortest one, doubled so often. */
const MOST_DOUBLINGS = 4

/**
 * The bills for which nothing was set aside: of bids that had counted as lost, or that this process does not know. Nothing
 * that was learned before covers them. So as much as came of them lately is set aside for more, and when they are
 * many the scope is strict. It stays so for a generation of statistics after the last of them, and for twice as long each
 * time that they come again: a seat that behaves well only until it is trusted gains little by it.
 */
export class LateBills {
  /** Set aside for more of them. */
  micros = 0
  #number = 0
  #distrusts = 0
  #strictUntilMs: number | undefined

  /** While they are many, and for some time afterwards: until when (elapsed ms), and how often they became many. */
  get distrust(): Distrust | undefined {
    if (this.#strictUntilMs === undefined) return undefined
    return { untilMs: this.#strictUntilMs, times: this.#distrusts }
  }

  /** Adds one slot: bills that were expected. */
  pass(billed: number, billedMicros: number): void {
    this.#number = Math.max(0, this.#number - LET_GO * billed)
    this.micros = this.#number === 0 ? 0 : Math.max(0, this.micros - LET_GO * billedMicros)
  }

  /**
   * Adds a bill for which nothing was set aside.
   *
   * @param generationMs how long a generation of statistics lasts
   * @returns whether they are many now, which they were not before
   */
  add(amount: number, nowMs: number, generationMs: number): boolean {
    this.micros += amount
    this.#number += 1
    const wasTrusted = this.#strictUntilMs === undefined
    if (wasTrusted && this.#number <= ALARM) return false
    if (wasTrusted) this.#distrusts += 1
    const forMs = generationMs * 2 ** Math.min(MOST_DOUBLINGS, this.#distrusts - 1)
    this.#strictUntilMs = Math.max(this.#strictUntilMs ?? 0, nowMs + forMs)
    return wasTrusted
  }

  /** Ends the time without trust when it is over. Bills that come late again are counted anew. */
  step(nowMs: number): void {
    if (this.#strictUntilMs === undefined || nowMs < this.#strictUntilMs) return
    this.#strictUntilMs = undefined
    this.#number = 0
    this.micros = 0
  }

  /** Begins with what an earlier start knew. */
  restore({ untilMs, times }: Distrust): void {
    this.#strictUntilMs = untilMs
    this.#distrusts = times
  }
}

export interface Distrust {
  readonly untilMs: number
  readonly times: number
}
