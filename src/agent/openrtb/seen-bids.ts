/** What is remembered of a bid beside its bill. */
export const WON = 1
export const LOST = 2
export type Seen = typeof WON | typeof LOST

const FLAGS = WON | LOST
/** The rest of a mark is the bid's bill as a share of what it could cost: 0 for none, the highest for all of it. */
const BILL_SHIFT = 2
const ALL = 0x3fff
/** So bills of bids of up to 16,382 micros are remembered exactly; of dearer ones to so much of the bid, rounded down. */
const MAX_UNITS = ALL - 1

const BYTES_PER_BID = 2
const BYTES_PER_PAGE = 16 * 1024
const BIDS_PER_PAGE = BYTES_PER_PAGE / BYTES_PER_BID
/** What is kept of a page at once: the marks of so many bids. */
const BYTES_PER_CHUNK = 512
const BIDS_PER_CHUNK = BYTES_PER_CHUNK / BYTES_PER_BID

/** 128 MiB at most: the notices of the last 67 million bids. */
const DEFAULT_MAX_PAGES = 8192

type OnMark = (owner: string, chunk: number) => void

/** The marks of consecutive bids of an owner. */
export interface SeenChunk {
  readonly owner: string
  /** Counts the chunks of an owner from 0. */
  readonly page: number
  readonly bits: Uint8Array
}

/**
 * Which bids were reported won, lost and billed, and at what, in two bytes each, so that no notice counts twice however
 * late it is repeated. Memory is bounded: the oldest page goes first, and what was on it is *forgotten*, which is told
 * apart from *never seen*. A bill for a forgotten bid may be a repetition and therefore moves nothing.
 */
export class SeenBids {
  readonly #pages = new Map<string, Uint16Array>()
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
    return (this.#read(owner, seq) & what) !== 0
  }

  mark(owner: string, seq: number, what: Seen): 'first' | 'again' | 'forgotten' {
    if (this.#isForgotten(owner, seq)) return 'forgotten'
    const before = this.#read(owner, seq)
    if ((before & what) !== 0) return 'again'
    this.#write(owner, seq, before | what)
    return 'first'
  }

  /**
   * Micros that a bid was billed at, less than a sixteen-thousandth of the bid below the truth; undefined for one that was
   * not billed, or is forgotten.
   *
   * @param held micros that the bid can cost
   */
  billed(owner: string, seq: number, held: number): number | undefined {
    const bill = this.#read(owner, seq) >> BILL_SHIFT
    if (bill === 0) return undefined
    return bill === ALL ? held : (bill - 1) * unitOf(held)
  }

  /**
   * Notes the highest bill of a bid.
   *
   * @param amount micros, of the `held` that it can cost
   * @returns `forgotten` where it may have been billed before
   */
  bill(owner: string, seq: number, held: number, amount: number): 'noted' | 'forgotten' {
    if (this.#isForgotten(owner, seq)) return 'forgotten'
    const before = this.#read(owner, seq)
    const bill = amount >= held ? ALL : 1 + Math.floor(amount / unitOf(held))
    if (bill > before >> BILL_SHIFT) this.#write(owner, seq, (before & FLAGS) | (bill << BILL_SHIFT))
    return 'noted'
  }

  /** A copy of the marks of a chunk; undefined when it is forgotten. */
  chunk(owner: string, chunk: number): Uint8Array | undefined {
    const first = chunk * BIDS_PER_CHUNK
    const marks = this.#pages.get(keyOf(owner, first))
    if (!marks) return undefined
    const at = first % BIDS_PER_PAGE
    return new Uint8Array(marks.slice(at, at + BIDS_PER_CHUNK).buffer)
  }

  /** Remembers what was marked earlier, oldest first, and that chunks of an owner below a number are forgotten. */
  restore(
    chunks: readonly SeenChunk[],
    forgotten: readonly { readonly owner: string; readonly below: number }[],
  ): void {
    for (const { owner, below } of forgotten) this.#known.set(owner, below * BIDS_PER_CHUNK)
    for (const chunk of chunks) {
      if (chunk.bits.length === EARLIER_BYTES_PER_CHUNK) this.#restoreEarlier(chunk)
      else this.#take(chunk)
    }
  }

  /** Adds the marks of another process; those of a page that is forgotten are forgotten too. */
  merge(chunk: SeenChunk): void {
    const { owner, page } = chunk
    if (this.#isForgotten(owner, page * BIDS_PER_CHUNK)) return
    if (this.#take(chunk)) this.#onMark?.(owner, page)
  }

  /** Whether it had anything new. */
  #take({ owner, page, bits }: SeenChunk): boolean {
    const first = page * BIDS_PER_CHUNK
    const key = keyOf(owner, first)
    const marks = this.#pages.get(key) ?? this.#addPage(key)
    const given = new Uint16Array(
      new Uint8Array(bits.subarray(0, Math.min(BYTES_PER_CHUNK, bits.length & ~1))).buffer,
    )
    const from = first % BIDS_PER_PAGE
    let isNews = false
    given.forEach((mark, i) => {
      const before = marks[from + i] ?? 0
      const both = joined(before, mark)
      isNews ||= both !== before
      marks[from + i] = both
    })
    return isNews
  }

  /** Of a version that kept two bits per bid and no amounts: whatever was billed then stands. */
  #restoreEarlier({ owner, page, bits }: SeenChunk): void {
    const first = page * EARLIER_BIDS_PER_CHUNK
    for (let i = 0; i < EARLIER_BIDS_PER_CHUNK; i++) {
      const two = ((bits[i >> 2] ?? 0) >> (2 * (i & 3))) & 3
      if (two === 0) continue
      const mark = (two & EARLIER_BILLED ? ALL << BILL_SHIFT : 0) | (two & WON)
      // Counted as changed, so that all of it is kept anew before a chunk takes the place of an earlier one.
      this.#write(owner, first + i, joined(this.#read(owner, first + i), mark))
    }
  }

  #isForgotten(owner: string, seq: number): boolean {
    return seq < (this.#known.get(owner) ?? 0) && !this.#pages.has(keyOf(owner, seq))
  }

  #read(owner: string, seq: number): number {
    return this.#pages.get(keyOf(owner, seq))?.[seq % BIDS_PER_PAGE] ?? 0
  }

  #write(owner: string, seq: number, mark: number): void {
    const key = keyOf(owner, seq)
    const page = this.#pages.get(key) ?? this.#addPage(key)
    page[seq % BIDS_PER_PAGE] = mark
    this.#onMark?.(owner, Math.floor(seq / BIDS_PER_CHUNK))
  }

  #addPage(key: string): Uint16Array {
    if (this.#pages.size >= this.#maxPages) this.#forgetOldest()
    const page = new Uint16Array(BIDS_PER_PAGE)
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

const EARLIER_BYTES_PER_CHUNK = 256
const EARLIER_BIDS_PER_CHUNK = 1024
const EARLIER_BILLED = 2

const keyOf = (owner: string, seq: number): string => `${owner}/${Math.floor(seq / BIDS_PER_PAGE)}`

/** Whether a bill is above one that {@link SeenBids.billed} remembers. Amounts in micros, `held` what the bid can cost. */
export const isHigher = (amount: number, before: number, held: number): boolean =>
  amount >= held ? before < held : amount - before >= unitOf(held)

/** Micros by which a bill is remembered. */
const unitOf = (held: number): number => Math.max(1, Math.ceil(held / MAX_UNITS))

/** What two processes know of a bid: all it was reported as, and its highest bill. */
const joined = (one: number, other: number): number =>
  ((one | other) & FLAGS) | (Math.max(one >> BILL_SHIFT, other >> BILL_SHIFT) << BILL_SHIFT)
