/** What is remembered of a bid once a notice of it came. */
export const WON = 1
export const BILLED = 2
export type Seen = typeof WON | typeof BILLED

const BITS = 2
const BIDS_PER_BYTE = 8 / BITS
const BYTES_PER_PAGE = 16 * 1024
const BIDS_PER_PAGE = BYTES_PER_PAGE * BIDS_PER_BYTE
/** What is kept of a page at once: the marks of so many bids. */
const BYTES_PER_CHUNK = 256
const BIDS_PER_CHUNK = BYTES_PER_CHUNK * BIDS_PER_BYTE

/** 64 MiB at most: the notices of the last 268 million bids. */
const DEFAULT_MAX_PAGES = 4096

type OnMark = (owner: string, chunk: number) => void

/** The marks of consecutive bids of an owner. */
export interface SeenChunk {
  readonly owner: string
  /** Counts the chunks of an owner from 0. */
  readonly page: number
  readonly bits: Uint8Array
}

/**
 * Which bids were reported won and billed, in two bits each, so that no notice counts twice however late it is
 * repeated. Memory is bounded: the oldest page goes first, and what was on it is *forgotten*, which is told apart from
 * *never seen*. A bill for a forgotten bid may be a repetition and therefore moves nothing.
 */
export class SeenBids {
  readonly #pages = new Map<string, Uint8Array>()
  /** By owner, the number of the first bid that is not forgotten. */
  readonly #known = new Map<string, number>()
  readonly #maxPages: number
  readonly #onMark: OnMark | undefined

  /** @param onMark told of every new mark, and the chunk it is in */
  constructor(maxPages = DEFAULT_MAX_PAGES, onMark?: OnMark) {
    this.#maxPages = maxPages
    this.#onMark = onMark
  }

  has(owner: string, seq: number, what: Seen): boolean {
    const page = this.#pages.get(keyOf(owner, seq))
    return page !== undefined && (read(page, seq) & what) !== 0
  }

  mark(owner: string, seq: number, what: Seen): 'first' | 'again' | 'forgotten' {
    const key = keyOf(owner, seq)
    const page = this.#pages.get(key)
    if (!page && seq < (this.#known.get(owner) ?? 0)) return 'forgotten'
    const marked = page ?? this.#addPage(key)
    const before = read(marked, seq)
    if ((before & what) !== 0) return 'again'
    write(marked, seq, before | what)
    this.#onMark?.(owner, Math.floor(seq / BIDS_PER_CHUNK))
    return 'first'
  }

  /** A copy of the marks of a chunk; undefined when it is forgotten. */
  chunk(owner: string, chunk: number): Uint8Array | undefined {
    const marks = this.#pages.get(keyOf(owner, chunk * BIDS_PER_CHUNK))
    const at = offsetOf(chunk)
    return marks?.slice(at, at + BYTES_PER_CHUNK)
  }

  /** Remembers what was marked earlier, oldest first, and that chunks of an owner below a number are forgotten. */
  restore(
    chunks: readonly SeenChunk[],
    forgotten: readonly { readonly owner: string; readonly below: number }[],
  ): void {
    for (const { owner, below } of forgotten) this.#known.set(owner, below * BIDS_PER_CHUNK)
    for (const { owner, page, bits } of chunks) {
      const key = keyOf(owner, page * BIDS_PER_CHUNK)
      const marks = this.#pages.get(key) ?? this.#addPage(key)
      marks.set(bits.subarray(0, BYTES_PER_CHUNK), offsetOf(page))
    }
  }

  /** Adds the marks of another process; those of a page that is forgotten are forgotten too. */
  merge({ owner, page, bits }: SeenChunk): void {
    const first = page * BIDS_PER_CHUNK
    const key = keyOf(owner, first)
    if (!this.#pages.has(key) && first < (this.#known.get(owner) ?? 0)) return
    const marks = this.#pages.get(key) ?? this.#addPage(key)
    const from = offsetOf(page)
    let isNews = false
    for (let i = 0; i < BYTES_PER_CHUNK; i++) {
      const before = marks[from + i] ?? 0
      const both = before | (bits[i] ?? 0)
      isNews ||= both !== before
      marks[from + i] = both
    }
    if (isNews) this.#onMark?.(owner, page)
  }

  #addPage(key: string): Uint8Array {
    if (this.#pages.size >= this.#maxPages) this.#forgetOldest()
    const page = new Uint8Array(BYTES_PER_PAGE)
    this.#pages.set(key, page)
    return page
  }

  #forgetOldest(): void {
    const [oldest] = this.#pages.keys()
    if (oldest === undefined) return
    this.#pages.delete(oldest)
    const [owner = '', number = ''] = oldest.split('/')
    const next = (Number(number) + 1) * BIDS_PER_PAGE
    this.#known.set(owner, Math.max(next, this.#known.get(owner) ?? 0))
  }
}

const keyOf = (owner: string, seq: number): string => `${owner}/${Math.floor(seq / BIDS_PER_PAGE)}`
/** Where a chunk begins on its page. */
const offsetOf = (chunk: number): number => (chunk * BYTES_PER_CHUNK) % BYTES_PER_PAGE
const byteOf = (seq: number): number => Math.floor((seq % BIDS_PER_PAGE) / BIDS_PER_BYTE)
const shiftOf = (seq: number): number => (seq % BIDS_PER_BYTE) * BITS

const read = (page: Uint8Array, seq: number): number =>
  ((page[byteOf(seq)] ?? 0) >> shiftOf(seq)) & (WON | BILLED)

function write(page: Uint8Array, seq: number, bits: number): void {
  page[byteOf(seq)] = (page[byteOf(seq)] ?? 0) | (bits << shiftOf(seq))
}
