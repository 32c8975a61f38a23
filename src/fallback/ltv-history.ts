import type { Micros } from '../money.ts'
import { SlotHeap } from './slot-heap.ts'

/** The number of predictions that the median covers. */
const HISTORY = 100

/**
 * The last 100 predicted LTVs of one platform and their median. Two heaps hold the lower and the upper half: recording is
 * O(log n), reading O(1), memory fixed.
 */
export class LtvHistory {
  /** The values as a ring: the slot that is written next holds the oldest value. */
  readonly #values = new Float64Array(HISTORY)
  #next = 0
  /** The lower half, largest on top. Invariant: as many slots as `#upper`, or one more. */
  readonly #lower = new SlotHeap(HISTORY, (a, b) => this.#value(a) > this.#value(b))
  /** The upper half, smallest on top. Invariant: no value is below the top of `#lower`. */
  readonly #upper = new SlotHeap(HISTORY, (a, b) => this.#value(a) < this.#value(b))

  /** The number of recorded values, 0..100. */
  get samples(): number {
    return this.#lower.size + this.#upper.size
  }

  record(ltv: Micros): void {
    const slot = this.#next
    this.#next = (slot + 1) % HISTORY
    this.#forget(slot)
    this.#values[slot] = ltv
    const top = this.#lower.top
    const half = top === undefined || ltv <= this.#value(top) ? this.#lower : this.#upper
    half.push(slot)
    this.#balance()
  }

  /**
   * The median; undefined without samples. For an even number of samples it is the mean of the middle two, rounded down: a
   * bid that is a micro too low is harmless, one that is too high is not.
   */
  get median(): Micros | undefined {
    const lower = this.#lower.top
    const upper = this.#upper.top
    if (lower === undefined) return undefined
    const low = this.#value(lower)
    if (upper === undefined || this.#lower.size > this.#upper.size) return low as Micros
    return (low + Math.floor((this.#value(upper) - low) / 2)) as Micros
  }

  #forget(slot: number): void {
    if (this.#lower.has(slot)) this.#lower.remove(slot)
    else if (this.#upper.has(slot)) this.#upper.remove(slot)
    this.#balance()
  }

  #balance(): void {
    if (this.#lower.size > this.#upper.size + 1) moveTop(this.#lower, this.#upper)
    else if (this.#lower.size < this.#upper.size) moveTop(this.#upper, this.#lower)
  }

  #value(slot: number): number {
    return this.#values[slot] ?? 0
  }
}

function moveTop(from: SlotHeap, to: SlotHeap): void {
  const slot = from.top
  if (slot === undefined) return
  from.remove(slot)
  to.push(slot)
}
