/** Bits of a mark: which notices of the bid were seen. */
export const WON = 1
export const LOST = 2
export type Seen = typeof WON | typeof LOST

const FLAGS = WON | LOST
/**
 * The other bits of a mark are the bill as a share of what the bid can cost: 0 for no bill, the highest value for the
 * whole.
 */
const BILL_SHIFT = 2
const ALL = 0x3fff
/**
 * Highest share below the whole. Bills of bids up to 16,382 micros are stored exactly, bills of dearer ones rounded
 * down to a fraction of the bid.
 */
const MAX_UNITS = ALL - 1

const BYTES_PER_BID = 2
const BYTES_PER_PAGE = 16 * 1024
const BIDS_PER_PAGE = BYTES_PER_PAGE / BYTES_PER_BID
/** Bytes of a page that are written to the records together. */
const BYTES_PER_CHUNK = 512
const BIDS_PER_CHUNK = BYTES_PER_CHUNK / BYTES_PER_BID

/** Most bids remembered, by default: the latest 67 million, in 128 MiB. */
const DEFAULT_MAX_BIDS = 8192 * BIDS_PER_PAGE

type OnMark = (owner: string, chunk: number) => void

/** The marks of consecutive bids of an owner. */
export interface SeenChunk {
  readonly owner: string
  /** Number of the chunk among the owner's, from 0. */
  readonly page: number
  readonly bits: Uint8Array
}

/**
 * Remembers which bids were reported won, lost and billed, and at which amount, in two bytes each. So a repeated notice
 * never counts twice, however late it is. Memory is bounded: the oldest page is dropped. Its bids are *forgotten*,
 * which differs from *never seen*: a bill for a forgotten bid may be a repetition and moves nothing.
 */
export class SeenBids {
  readonly #pages = new Map<string, Uint16Array>()
  /** Number of the first bid that is not forgotten, by owner. */
  readonly #known = new Map<string, number>()
  readonly #maxPages: number
  readonly #onMark: OnMark | undefined

  /**
   * @param maxBids most bids remembered
   * @param onMark called with the owner and the chunk of every new mark
   */
  constructor(maxBids = DEFAULT_MAX_BIDS, onMark?: OnMark) {
    this.#maxPages = Math.max(1, Math.floor(maxBids / BIDS_PER_PAGE))
    this.#onMark = onMark
  }

  /** Number of bids that the kept pages have room for. */
  get size(): number {
    return this.#pages.size * BIDS_PER_PAGE
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
   * Micros at which a bid was billed, rounded down by less than a sixteen-thousandth of the bid; undefined for a bid
   * that was not billed or is forgotten.
   * @param held micros that the bid can cost
   */
  billed(owner: string, seq: number, held: number): number | undefined {
    const bill = this.#read(owner, seq) >> BILL_SHIFT
    if (bill === 0) return undefined
    return bill === ALL ? held : (bill - 1) * unitOf(held)
  }

  /**
   * Stores the highest bill of a bid.
   * @param amount micros billed, at most `held`
   * @param held micros that the bid can cost
   * @returns `forgotten` where the bid may have been billed before
   */
  bill(owner: string, seq: number, held: number, amount: number): 'noted' | 'forgotten' {
    if (this.#isForgotten(owner, seq)) return 'forgotten'
    const before = this.#read(owner, seq)
    const bill = amount >= held ? ALL : 1 + Math.floor(amount / unitOf(held))
    if (bill > before >> BILL_SHIFT) this.#write(owner, seq, (before & FLAGS) | (bill << BILL_SHIFT))
    return 'noted'
  }

  /** Copies the marks of a chunk; undefined when it is forgotten. */
  chunk(owner: string, chunk: number): Uint8Array | undefined {
    const first = chunk * BIDS_PER_CHUNK
    const marks = this.#pages.get(keyOf(owner, first))
    if (!marks) return undefined
    const at = first % BIDS_PER_PAGE
    return new Uint8Array(marks.slice(at, at + BIDS_PER_CHUNK).buffer)
  }

  /** Restores recorded marks, oldest first. Chunks of an owner below a number are set as forgotten. */
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

  /** Merges marks of another process. Marks on a forgotten page are ignored. */
  merge(chunk: SeenChunk): void {
    const { owner, page } = chunk
    if (this.#isForgotten(owner, page * BIDS_PER_CHUNK)) return
    if (this.#take(chunk)) this.#onMark?.(owner, page)
  }

  /** Merges marks and returns whether any of them was new. */
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

  /**
   * Restores marks of an earlier version, which had two bits per bid and no amounts: what was billed counts as billed
   * in full.
   */
  #restoreEarlier({ owner, page, bits }: SeenChunk): void {
    const first = page * EARLIER_BIDS_PER_CHUNK
    for (let i = 0; i < EARLIER_BIDS_PER_CHUNK; i++) {
      const two = ((bits[i >> 2] ?? 0) >> (2 * (i & 3))) & 3
      if (two === 0) continue
      const mark = (two & EARLIER_BILLED ? ALL << BILL_SHIFT : 0) | (two & WON)
      // Marked as changed, so that it is recorded in the new form before an old chunk is replaced.
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

/**
 * Whether a bill is higher than one returned by {@link SeenBids.billed}. All amounts are micros; `held` is what the bid
 * can cost.
 */
export const isHigher = (amount: number, before: number, held: number): boolean =>
  amount >= held ? before < held : amount - before >= unitOf(held)

/** Micros per step in which a bill is stored. */
const unitOf = (held: number): number => Math.max(1, Math.ceil(held / MAX_UNITS))

/** Merges two marks of a bid: every notice seen in either, and the higher bill. */
const joined = (one: number, other: number): number =>
  ((one | other) & FLAGS) | (Math.max(one >> BILL_SHIFT, other >> BILL_SHIFT) << BILL_SHIFT)
