import { Slices } from '../time/slices.ts'
import { JsonTooDeep, MAX_JSON_DEPTH, NotJson, parsedWithNames, parseUnambiguous } from './json.ts'

/** Texts up to this many characters are parsed in one go, within a few milliseconds. */
const AT_ONCE = 64 * 1024
/** Characters scanned between two checks of the clock. */
const LOOK_EVERY = 16 * 1024
/** Characters, and values, of a list that are parsed at a time. */
const PIECE_CHARS = 32 * 1024
const PIECE_VALUES = 4_000
/** Most values and names in one item of a list, or in all that surrounds the lists; more would block the event loop. */
const MAX_VALUES = 40_000

/** Most values and names in all: so many empty lists already fill the memory. */
const MAX_VALUES_IN_ALL = 250_000

/** JSON with so many values, in one place or in all, that building them would block the event loop. */
export class TooManyValues extends Error {
  override readonly name = 'TooManyValues'

  constructor() {
    super(`it has more than ${MAX_VALUES} values in one place, or ${MAX_VALUES_IN_ALL} in all`)
  }
}

/**
 * As `parseUnambiguous`, in slices. The text may be long because of lists in its outermost object, as in `{"rows":[…]}`; their
 * items are parsed some at a time.
 *
 * @throws what `parseUnambiguous` does, and {@link TooManyValues}
 */
export async function parseLongJson(text: string): Promise<ReturnType<typeof parseUnambiguous>> {
  if (text.length <= AT_ONCE) return parseUnambiguous(text)
  const cutter = new Cutter(text)
  const slices = new Slices()
  while (!cutter.isDone) {
    if (slices.isOver) await slices.next()
    cutter.goOn()
  }
  await slices.next()
  return cutter.whole()
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Cuts the lists out of the outermost object, or list, and parses them in pieces. In the remaining text a number stands for
 * each list. An error in the text is an error in a piece or in the remaining text.
 */
class Cutter {
  readonly #text: string
  #at = 0
  #depth = 0
  #isInString = false
  /** Values of the item, or of what surrounds the lists. */
  #values = 0
  #valuesInAll = 0
  #valuesAround = 0
  /** Names of members in the piece, or in what surrounds the lists. */
  #names = 0
  #namesAround = 0
  #around = ''
  #aroundFrom = 0
  readonly #lists: unknown[][] = []
  /** The list that is being cut out now. */
  #list: unknown[] | undefined
  #pieceFrom = 0

  constructor(text: string) {
    this.#text = text
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length
  }

  /** Scans the next characters. */
  goOn(): void {
    const text = this.#text
    const end = Math.min(text.length, this.#at + LOOK_EVERY)
    let at = this.#at
    for (; at < end; at++) {
      const code = text.charCodeAt(at)
      if (this.#isInString) {
        if (code === BACKSLASH) at += 1
        else if (code === QUOTE) this.#isInString = false
      } else if (code === QUOTE) this.#isInString = true
      else if (code === COMMA) this.#separate(at)
      else if (code === COLON) this.#countName()
      else if (code === OPEN_LIST || code === OPEN_OBJECT) this.#open(code, at)
      else if (code === CLOSE_LIST || code === CLOSE_OBJECT) this.#close(code, at)
    }
    this.#at = at
  }

  /** The whole value, after all characters were scanned. */
  whole(): unknown {
    const whole = parsedWithNames(this.#around + this.#text.slice(this.#aroundFrom), this.#names)
    if (whole !== null && typeof whole === 'object') {
      for (const [name, value] of Object.entries(whole))
        if (Array.isArray(value)) Reflect.set(whole, name, this.#lists[Number(value[0])])
    }
    return whole
  }

  #count(): void {
    this.#values += 1
    this.#valuesInAll += 1
    if (this.#values > MAX_VALUES || this.#valuesInAll > MAX_VALUES_IN_ALL) throw new TooManyValues()
  }

  #countName(): void {
    this.#count()
    this.#names += 1
  }

  #separate(at: number): void {
    this.#count()
    if (!this.#list || this.#depth !== 2) return
    if (at - this.#pieceFrom < PIECE_CHARS && this.#values < PIECE_VALUES) return
    if (!this.#take(at)) throw new NotJson()
  }

  #open(code: number, at: number): void {
    this.#count()
    this.#depth += 1
    if (this.#depth > MAX_JSON_DEPTH) throw new JsonTooDeep()
    if (this.#depth !== 2 || code !== OPEN_LIST || this.#list) return
    this.#around += `${this.#text.slice(this.#aroundFrom, at + 1)}${this.#lists.length}`
    this.#valuesAround = this.#values
    this.#values = 0
    this.#namesAround = this.#names
    this.#names = 0
    this.#list = []
    this.#pieceFrom = at + 1
  }

  #close(code: number, at: number): void {
    this.#depth -= 1
    if (!this.#list || this.#depth !== 1) return
    if (code !== CLOSE_LIST) throw new NotJson()
    const wasCut = this.#list.length > 0
    if (!this.#take(at) && wasCut) throw new NotJson()
    this.#lists.push(this.#list)
    this.#list = undefined
    this.#values = this.#valuesAround
    this.#names = this.#namesAround
    this.#aroundFrom = at
  }

  /** Parses the piece that ends here; false where nothing is in it. */
  #take(at: number): boolean {
    const items: unknown[] = parsedWithNames(`[${this.#text.slice(this.#pieceFrom, at)}]`, this.#names)
    for (const item of items) this.#list?.push(item)
    this.#pieceFrom = at + 1
    this.#values = 0
    this.#names = 0
    return items.length > 0
  }
}
