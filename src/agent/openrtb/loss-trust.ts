import type { Clock } from '../../clock.ts'

/** Micros of losses that were contradicted by a win or a bill, by all processes. */
export interface Contradictions {
  readonly lately: number
  readonly ever: number
}

/** Losses that end within the same part of this are proved together. */
const SLOT_MS = 1_000
/** What was proved this long ago says nothing of today: as long as contradictions count. */
const MEMORY_MS = 3_600_000
const MEMORY_SLOT_MS = 60_000
/** A false loss costs so many times its amount of what was proved: a seat may be wrong once in a hundred, by money. */
const WEIGHT_OF_FALSE = 100

interface Amounts {
  /** Micros of holds that losses were told of, and of those that were freed for it. */
  told: number
  freed: number
}

/**
 * How far the losses of one seat are believed in this process. A loss is evidence and no proof: the exchange may bill the bid
 * all the same, and its money is then spent that was free for others.
 *
 * While no loss of the seat was ever contradicted, each frees all of its hold. From the first contradiction on, what losses
 * have freed before its hold time is over may come to as much as this seat's losses have proved true here in the last hour,
 * less a hundred times what was contradicted anywhere in that hour. A loss is proved true when the hold time is over and
 * neither a win nor a bill came. What is not freed stays held until then, as if nobody had said anything.
 */
export class LossTrust {
  readonly #clock: Pick<Clock, 'elapsedMs'>
  readonly #contradictions: () => Contradictions | undefined
  /** By the end of their hold time in slots, oldest first: losses that are not proved yet. */
  readonly #pending = new Map<number, Amounts>()
  /** By minute: micros that were proved true. */
  readonly #proved = new Map<number, number>()
  #freed = 0
  #provedSum = 0

  /** @param contradictions undefined while they are not known, when nothing is believed */
  constructor(clock: Pick<Clock, 'elapsedMs'>, contradictions: () => Contradictions | undefined) {
    this.#clock = clock
    this.#contradictions = contradictions
  }

  /**
   * A loss of an open hold is told, for the first time; whether it frees the hold now.
   *
   * @param amount micros held
   * @param endsMs when the hold time is over, on the elapsed clock
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

  /** Micros that losses may free before they are proved; Infinity while none was ever contradicted. */
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
      // Hold times of one seat are alike, so the slots are about in order; one that is not waits for those before it.
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
