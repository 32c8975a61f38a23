import type { Hold } from '../../../shield/index.ts'

const BIDS_PER_PAGE = 4096
/** While full, only one of so many calls looks for pages without open bids: with many pages that takes a millisecond. */
const LOOKED_THROUGH_EVERY = 256

/**
 * Holds of bids by bid number. Numbers count up, so pages of arrays do what a map would in a fraction of its time and
 * memory, and never copy everything at once. A page is dropped when no hold on it is open.
 */
export class BidHolds {
  readonly #pages = new Map<number, (Hold | undefined)[]>()
  /** How many calls of {@link isFull} in a row have returned true. */
  #refused = 0

  get(seq: number): Hold | undefined {
    return this.#pages.get(Math.floor(seq / BIDS_PER_PAGE))?.[seq % BIDS_PER_PAGE]
  }

  put(seq: number, hold: Hold): void {
    const number = Math.floor(seq / BIDS_PER_PAGE)
    const page = this.#pages.get(number) ?? this.#addPage(number)
    page[seq % BIDS_PER_PAGE] = hold
  }

  get pages(): number {
    return this.#pages.size
  }

  /** Number of bids that the kept pages have room for. */
  get size(): number {
    return this.#pages.size * BIDS_PER_PAGE
  }

  /**
   * Whether the kept pages have room for more than `max` bids. Pages without an open bid are dropped first. While it
   * stays full, only every {@link LOOKED_THROUGH_EVERY}th call looks for such pages.
   */
  isFull(max: number): boolean {
    if (this.size <= max) {
      this.#refused = 0
      return false
    }
    if (this.#refused % LOOKED_THROUGH_EVERY === 0) this.#dropEnded()
    this.#refused += 1
    return this.size > max
  }

  #addPage(number: number): (Hold | undefined)[] {
    this.#dropEnded()
    const page = new Array<Hold | undefined>(BIDS_PER_PAGE).fill(undefined)
    this.#pages.set(number, page)
    return page
  }

  /** Drops pages without an open bid. Checking a page is quick, because one of its first holds is mostly open. */
  #dropEnded(): void {
    for (const [number, page] of this.#pages) if (!page.some(isOpen)) this.#pages.delete(number)
  }
}

const isOpen = (hold: Hold | undefined): boolean => hold?.state === 'open'
