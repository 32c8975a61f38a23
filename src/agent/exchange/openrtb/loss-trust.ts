import type { Clock } from '../../../time/clock.ts'

/** Micros of losses that a win or a bill contradicted, over all processes. */
export interface Contradictions {
  readonly lately: number
  readonly ever: number
}

/** Length of a slot, in milliseconds: losses whose hold times end in the same slot are proved together. */
const SLOT_MS = 1_000
/** How long proved losses count, in milliseconds; contradictions count as long. */
const MEMORY_MS = 3_600_000
const MEMORY_SLOT_MS = 60_000
/**
 * How many times its amount a false loss is subtracted from what was proved: a seat may be wrong once in a hundred, by
 * money.
 */
const WEIGHT_OF_FALSE = 100

interface Amounts {
  /** Micros of the holds that losses were reported for, and of those that were freed. */
  told: number
  freed: number
}

/**
 * Decides how far the losses of one seat are believed in this process. A loss is evidence, not proof: the exchange may
 * bill the bid all the same, and then money is spent that was free for others.
 * - While no loss of the seat was ever contradicted, each loss frees its whole hold.
 * - After the first contradiction, the money freed by losses before their hold time is over has a limit: what this
 *   seat's losses have proved true here in the last hour, less a hundred times what was contradicted anywhere in that
 *   hour.
 * - A loss is proved true when its hold time is over and neither a win nor a bill came.
 * - A hold that is not freed stays held until its time is over.
 */
export class LossTrust {
  readonly #clock: Pick<Clock, 'elapsedMs'>
  readonly #contradictions: () => Contradictions | undefined
  /** Losses that are not proved yet, by the slot in which their hold time ends, oldest first. */
  readonly #pending = new Map<number, Amounts>()
  /** Micros proved true, by minute. */
  readonly #proved = new Map<number, number>()
  #freed = 0
  #provedSum = 0

  /** @param contradictions returns undefined while they are not known; then no loss is believed */
  constructor(clock: Pick<Clock, 'elapsedMs'>, contradictions: () => Contradictions | undefined) {
    this.#clock = clock
    this.#contradictions = contradictions
  }

  /**
   * Notes the first loss of an open hold. Returns whether the hold is freed now.
   * @param amount micros held
   * @param endsMs when the hold time is over, by `elapsedMs` of the clock
   */
  frees(amount: number, endsMs: number): boolean {
    const contradictions = this.#contradictions()
    if (contradictions?.ever === 0) return true
    this.#age()
    const slot = Math.ceil(endsMs / SLOT_MS)
    const amounts = this.#pending.get(slot) ?? { told: 0, freed: 0 }
    this.#pending.set(slot, amounts)
    amounts.told += amount
    if (!contradictions || this.#freed + amount > this.#believed(contradictions)) return false
    amounts.freed += amount
    this.#freed += amount
    return true
  }

  /** Micros that losses may free before they are proved; Infinity while no loss was ever contradicted. */
  get credit(): number {
    this.#age()
    const contradictions = this.#contradictions()
    if (!contradictions) return 0
    return contradictions.ever === 0 ? Number.POSITIVE_INFINITY : this.#believed(contradictions)
  }

  #believed({ lately }: Contradictions): number {
    return Math.max(0, this.#provedSum - WEIGHT_OF_FALSE * lately)
  }

  #age(): void {
    const nowMs = this.#clock.elapsedMs()
    for (const [slot, { told, freed }] of this.#pending) {
      // Hold times of one seat are alike, so slots are almost in order. A slot out of order waits for those before it.
      if (slot * SLOT_MS > nowMs) break
      this.#pending.delete(slot)
      this.#freed -= freed
      this.#provedSum += told
      const minute = Math.floor(nowMs / MEMORY_SLOT_MS)
      this.#proved.set(minute, (this.#proved.get(minute) ?? 0) + told)
    }
    for (const [minute, amount] of this.#proved) {
      if (minute * MEMORY_SLOT_MS + MEMORY_MS > nowMs) break
      this.#proved.delete(minute)
      this.#provedSum -= amount
    }
  }
}
