/**
 * A binary heap of slot numbers that also tracks the position of each slot, so that any slot can be removed in O(log n).
 * `capacity` fixes the memory. The rank of a slot must not change while it is in the heap.
 */
export class SlotHeap {
  readonly #comesFirst: (a: number, b: number) => boolean
  readonly #slots: Int32Array
  /** Index into `#slots` of each slot, -1 while it is not in the heap. */
  readonly #place: Int32Array
  #size = 0

  /** @param comesFirst whether slot `a` ranks strictly before slot `b` */
  constructor(capacity: number, comesFirst: (a: number, b: number) => boolean) {
    this.#comesFirst = comesFirst
    this.#slots = new Int32Array(capacity)
    this.#place = new Int32Array(capacity).fill(-1)
  }

  get size(): number {
    return this.#size
  }

  /** The slot that ranks first; undefined while empty. */
  get top(): number | undefined {
    return this.#size > 0 ? this.#slots[0] : undefined
  }

  has(slot: number): boolean {
    return this.#placeOf(slot) >= 0
  }

  /** Adds a slot that is not in the heap yet. */
  push(slot: number): void {
    this.#put(slot, this.#size)
    this.#size += 1
    this.#rise(slot)
  }

  /** Removes a slot that is in the heap. */
  remove(slot: number): void {
    const hole = this.#placeOf(slot)
    this.#size -= 1
    const last = this.#slotAt(this.#size)
    this.#place[slot] = -1
    if (last === slot) return
    this.#put(last, hole)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(slot: number): void {
    for (let at = this.#placeOf(slot); at > 0; at = this.#placeOf(slot)) {
      const parent = this.#slotAt((at - 1) >> 1)
      if (!this.#comesFirst(slot, parent)) return
      this.#swap(slot, parent)
    }
  }

  #sink(slot: number): void {
    for (let child = this.#firstChild(slot); child !== undefined; child = this.#firstChild(slot)) {
      if (!this.#comesFirst(child, slot)) return
      this.#swap(slot, child)
    }
  }

  /** The child of a slot that ranks first; undefined if it has none. */
  #firstChild(slot: number): number | undefined {
    const left = 2 * this.#placeOf(slot) + 1
    if (left >= this.#size) return undefined
    const right = left + 1
    if (right >= this.#size) return this.#slotAt(left)
    return this.#comesFirst(this.#slotAt(right), this.#slotAt(left))
      ? this.#slotAt(right)
      : this.#slotAt(left)
  }

  #swap(a: number, b: number): void {
    const placeOfA = this.#placeOf(a)
    this.#put(a, this.#placeOf(b))
    this.#put(b, placeOfA)
  }

  #put(slot: number, at: number): void {
    this.#slots[at] = slot
    this.#place[slot] = at
  }

  #slotAt(at: number): number {
    return this.#slots[at] ?? 0
  }

  #placeOf(slot: number): number {
    return this.#place[slot] ?? -1
  }
}
