import type { SlotState, Window, WindowEntry, WindowState } from './window.ts'

/** The number of slots of a window. A slot of the default ten minutes is one second: an amount counts at most 0.17 % too long. */
const SLOTS = 600
/** Slots of the ring: the present one beside those of the window. */
const RING = SLOTS + 1

/**
 * A sliding window as a ring of 600 + 1 slots. An amount counts from the moment it is added until the *end* of its
 * slot plus the window has passed: at least the window, at most one slot more. So the true spend of any window is
 * never above the sum, whatever the order and rate of calls; and memory is bounded. The ring exists from the first amount on,
 * since most budgets of many campaigns have none.
 */
export class SlidingWindow implements Window {
  readonly #windowMs: number
  /** Amounts by slot, at `slot % RING`; undefined before the first amount. */
  #slots: Float64Array | undefined
  /** Number of the newest slot, counted from elapsed time zero. */
  #newest: number
  /** Where `#newest` lies in the ring: `#newest % RING`. */
  #at: number
  /** The newest slot ends here; until then no slot can leave and `#sum` is right as it stands. */
  #newestEndsMs: number
  /** Invariant: equals the sum of all slots. */
  #sum = 0

  constructor(windowMs: number, state?: WindowState & { is: 'sliding' }) {
    this.#windowMs = windowMs
    this.#newest = state?.newest ?? 0
    this.#at = this.#newest % RING
    this.#newestEndsMs = this.#beginsMs(this.#newest + 1)
    for (const [slot, amount] of state?.slots ?? []) {
      this.#ring()[slot % RING] = amount
      this.#sum += amount
    }
  }

  sum(nowMs: number): number {
    if (nowMs >= this.#newestEndsMs) this.#advance(nowMs)
    return this.#sum
  }

  add(nowMs: number, amount: number): void {
    if (nowMs >= this.#newestEndsMs) this.#advance(nowMs)
    const slots = this.#ring()
    slots[this.#at] = (slots[this.#at] ?? 0) + amount
    this.#sum += amount
  }

  remove(nowMs: number, addedMs: number, amount: number): void {
    this.sum(nowMs)
    const slot = Math.min(this.#slotAt(addedMs), this.#newest)
    if (slot < this.#newest - SLOTS || !this.#slots) return
    const at = slot % RING
    const taken = Math.min(amount, this.#slots[at] ?? 0)
    this.#slots[at] = (this.#slots[at] ?? 0) - taken
    this.#sum -= taken
  }

  reliefInMs(nowMs: number, amount: number): number {
    if (amount <= 0) return 0
    this.sum(nowMs)
    let freed = 0
    for (let slot = this.#newest - SLOTS; slot <= this.#newest; slot++) {
      freed += this.#amountIn(slot)
      if (freed >= amount) return Math.max(0, this.#leavesAtMs(slot) - nowMs)
    }
    return Number.POSITIVE_INFINITY
  }

  entries(nowMs: number): WindowEntry[] {
    this.sum(nowMs)
    const entries: WindowEntry[] = []
    for (let slot = this.#newest - SLOTS; slot <= this.#newest; slot++) {
      const amount = this.#amountIn(slot)
      if (amount > 0) entries.push({ ageMs: Math.max(0, nowMs - this.#beginsMs(slot + 1)), amount })
    }
    return entries
  }

  state(): WindowState {
    const slots: SlotState[] = []
    if (!this.#slots) return { is: 'sliding', newest: this.#newest, slots }
    for (let slot = Math.max(0, this.#newest - SLOTS); slot <= this.#newest; slot++) {
      const amount = this.#amountIn(slot)
      if (amount > 0) slots.push([slot, amount])
    }
    return { is: 'sliding', newest: this.#newest, slots }
  }

  /** The slot that has begun and not ended at `elapsedMs`. */
  #slotAt(elapsedMs: number): number {
    const slot = Math.floor((elapsedMs * SLOTS) / this.#windowMs)
    // Rounding may end up on the wrong side of a boundary. An amount must never land in a slot that has not begun,
    // nor stay counted in one that has left.
    if (this.#beginsMs(slot) > elapsedMs) return slot - 1
    return this.#beginsMs(slot + 1) <= elapsedMs ? slot + 1 : slot
  }

  /** Multiplied first, so that boundaries on whole milliseconds are exact whatever the window. */
  #beginsMs(slot: number): number {
    return (slot * this.#windowMs) / SLOTS
  }

  #leavesAtMs(slot: number): number {
    return this.#beginsMs(slot + RING)
  }

  #amountIn(slot: number): number {
    return slot < 0 ? 0 : (this.#slots?.[slot % RING] ?? 0)
  }

  #ring(): Float64Array {
    this.#slots ??= new Float64Array(RING)
    return this.#slots
  }

  /** Makes the slot of `nowMs` the newest; whatever was in the slots it passes over has left the window. */
  #advance(nowMs: number): void {
    const slot = this.#slotAt(nowMs)
    if (slot <= this.#newest) return
    const slots = this.#slots
    const passed = Math.min(slot - this.#newest, RING)
    for (let i = 1; slots && i <= passed; i++) {
      const at = (this.#newest + i) % RING
      this.#sum -= slots[at] ?? 0
      slots[at] = 0
    }
    this.#newest = slot
    this.#at = slot % RING
    this.#newestEndsMs = this.#beginsMs(slot + 1)
  }
}
