import type { Hold } from '../../shield/index.ts'

const BIDS_PER_PAGE = 4096

/**
 * The holds of bids by their numbers. Numbers count up, so an array in pages does what a map would, at a fraction of its
 * time and memory; there is never a moment at which all of it is moved. A page goes when nothing on it is open.
 */
export class BidHolds {
  readonly #pages = new Map<number, (Hold | undefined)[]>()

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

  #addPage(number: number): (Hold | undefined)[] {
    this.#dropEnded()
    const page = new Array<Hold | undefined>(BIDS_PER_PAGE).fill(undefined)
    this.#pages.set(number, page)
    return page
  }

  /** On most pages the first few holds tell; a page that has to be read to its end is read so once. */
  #dropEnded(): void {
    for (const [number, page] of this.#pages) if (!page.some(isOpen)) this.#pages.delete(number)
  }
}

const isOpen = (hold: Hold | undefined): boolean => hold?.state === 'open'
