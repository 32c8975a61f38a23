/** A digest of 128 bits, by which a row is known: 32 hexadecimal digits. */
export type RowDigest = string

/** The rows of one owner, from the one that was used last to the one that was not used for longest. */
export interface RowList {
  /** Number of the list, as each of its rows has it. */
  readonly number: number
  size: number
  newest: number
  oldest: number
}

/** No row. Places begin at 1, so that numbers of 0 in new memory mean none. */
export const NO_ROW = 0
const WORDS = 4
const HEX_PER_WORD = 8
/** Rows of a bucket when all are there, at least. */
const ROWS_PER_BUCKET = 2
/** Bytes of a row in {@link PackedRows}: the digest, its list, the two neighbours, the next of its bucket, its share of the buckets. */
export const PACKED_BYTES = WORDS * 4 + 4 + 2 * 4 + 4 + 4 / ROWS_PER_BUCKET
/** Rows for which memory is taken at a time. */
const STEP = 8_192

/**
 * Rows that are found by their digest, in lists by when they were used last. All of it is in a few arrays of numbers, so a row
 * takes {@link PACKED_BYTES} whatever it was made from. Memory is taken as rows come, and used again when they go.
 */
export class PackedRows {
  readonly most: number
  readonly #words: Uint32Array
  readonly #list: Uint32Array
  readonly #newer: Uint32Array
  readonly #older: Uint32Array
  /** The next row of the same bucket; of a place without a row, the next such place. */
  readonly #next: Uint32Array
  readonly #buckets: Uint32Array
  readonly #lists: RowList[] = []
  readonly #columns: ArrayBuffer[] = []
  /** Places for which there is memory. */
  #room = 0
  #free = NO_ROW
  #used = 0
  #size = 0

  constructor(most: number) {
    this.most = most
    this.#words = new Uint32Array(this.addColumn(4 * WORDS))
    this.#list = new Uint32Array(this.addColumn(4))
    this.#newer = new Uint32Array(this.addColumn(4))
    this.#older = new Uint32Array(this.addColumn(4))
    this.#next = new Uint32Array(this.addColumn(4))
    this.#buckets = new Uint32Array(2 ** Math.floor(Math.log2(1 + most / ROWS_PER_BUCKET)))
  }

  /** Memory for something of each row, by its place. It grows with the rows. */
  addColumn(bytesPerRow: number): ArrayBuffer {
    const column = new ArrayBuffer(0, { maxByteLength: bytesPerRow * (this.most + 1) })
    this.#columns.push(column)
    return column
  }

  get size(): number {
    return this.#size
  }

  /** Places that have ever had a row: from 1 to this number. */
  get used(): number {
    return this.#used
  }

  addList(): RowList {
    const list = { number: this.#lists.length + 1, size: 0, newest: NO_ROW, oldest: NO_ROW }
    this.#lists.push(list)
    return list
  }

  /** The list of the row at a place; undefined where there is no row. */
  listAt(place: number): RowList | undefined {
    return this.#lists[(this.#list[place] ?? 0) - 1]
  }

  digestAt(place: number): RowDigest {
    const words = this.#words.subarray(WORDS * place, WORDS * (place + 1))
    return Array.from(words, (word) => word.toString(16).padStart(HEX_PER_WORD, '0')).join('')
  }

  /** The place of a row, or {@link NO_ROW}. */
  find(digest: RowDigest): number {
    const [a, b, c, d] = wordsOf(digest)
    const words = this.#words
    let place = this.#buckets[this.#bucketOf(a)] ?? NO_ROW
    while (place !== NO_ROW) {
      const at = WORDS * place
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return place
      place = this.#next[place] ?? NO_ROW
    }
    return NO_ROW
  }

  /** Adds a row that is not there, as the newest of its list, and returns its place. There has to be room. */
  add(list: RowList, digest: RowDigest): number {
    const words = wordsOf(digest)
    const place = this.#takePlace()
    this.#words.set(words, WORDS * place)
    const bucket = this.#bucketOf(words[0])
    this.#next[place] = this.#buckets[bucket] ?? NO_ROW
    this.#buckets[bucket] = place
    this.#list[place] = list.number
    list.size += 1
    this.#size += 1
    this.#link(list, place)
    return place
  }

  /** Makes a row the newest of its list. */
  touch(list: RowList, place: number): void {
    if (list.newest === place) return
    this.#unlink(list, place)
    this.#link(list, place)
  }

  remove(list: RowList, place: number): void {
    this.#unlink(list, place)
    this.#leaveBucket(place)
    this.#list[place] = 0
    this.#next[place] = this.#free
    this.#free = place
    list.size -= 1
    this.#size -= 1
  }

  /** The list with the most rows. */
  longest(): RowList | undefined {
    let longest = this.#lists[0]
    for (const list of this.#lists) if (longest && list.size > longest.size) longest = list
    return longest
  }

  #takePlace(): number {
    const place = this.#free
    if (place === NO_ROW) {
      if (this.#used >= this.#room) this.#grow()
      this.#used += 1
      return this.#used
    }
    this.#free = this.#next[place] ?? NO_ROW
    return place
  }

  #grow(): void {
    this.#room = Math.min(this.#room + STEP, this.most)
    for (const column of this.#columns)
      column.resize((column.maxByteLength / (this.most + 1)) * (this.#room + 1))
  }

  #bucketOf(word: number): number {
    return word & (this.#buckets.length - 1)
  }

  #leaveBucket(place: number): void {
    const bucket = this.#bucketOf(this.#words[WORDS * place] ?? 0)
    const after = this.#next[place] ?? NO_ROW
    let before = this.#buckets[bucket] ?? NO_ROW
    if (before === place) {
      this.#buckets[bucket] = after
      return
    }
    while (this.#next[before] !== place) before = this.#next[before] ?? NO_ROW
    this.#next[before] = after
  }

  #link(list: RowList, place: number): void {
    this.#newer[place] = NO_ROW
    this.#older[place] = list.newest
    if (list.newest === NO_ROW) list.oldest = place
    else this.#newer[list.newest] = place
    list.newest = place
  }

  #unlink(list: RowList, place: number): void {
    const newer = this.#newer[place] ?? NO_ROW
    const older = this.#older[place] ?? NO_ROW
    if (newer === NO_ROW) list.newest = older
    else this.#older[newer] = older
    if (older === NO_ROW) list.oldest = newer
    else this.#newer[older] = newer
  }
}

function wordsOf(digest: RowDigest): [number, number, number, number] {
  const word = (at: number) => Number.parseInt(digest.slice(at * HEX_PER_WORD, (at + 1) * HEX_PER_WORD), 16)
  return [word(0), word(1), word(2), word(3)]
}
