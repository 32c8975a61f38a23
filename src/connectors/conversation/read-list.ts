import { TokenType } from '@streamparser/json'
import type { Step } from '../platform/steps.ts'
import { tooLong } from './bounds.ts'
import { jsonParser, slicesOf } from './json-parts.ts'

type ListStep = Pick<Extract<Step, { is: 'stream' }>, 'list' | 'around'>
type Path = readonly (string | number | undefined)[]

/** Most values kept from around a list; more could fill the memory. */
const MAX_AROUND = 1_000

/** Reads the items of a long list in a JSON answer, and the rest of the answer. */
export class ListReader {
  readonly #parser
  readonly #maxItemBytes: number
  #items: unknown[] = []
  /** Null for an answer that is neither a list nor an object. */
  #around: unknown = null
  #placed = 0
  #isEnded = false

  constructor({ list, around }: ListStep, maxItemBytes: number) {
    this.#maxItemBytes = maxItemBytes
    const inList = list.split('.').length + 1
    this.#parser = jsonParser(
      [`${list}.*`, ...around].map((path) => `$.${path}`),
      (first) => {
        if (first === TokenType.LEFT_BRACE) this.#around = {}
        else if (first === TokenType.LEFT_BRACKET) this.#around = []
      },
    )
    this.#parser.onValue = ({ value, key, stack }) => {
      const path = [...stack.slice(1).map((level) => level.key), key]
      if (path.length === inList && isAt(path, list)) this.#items.push(value)
      else this.#place(path, value)
    }
    this.#parser.onEnd = () => {
      this.#isEnded = true
    }
  }

  /** The answer as read so far, without the list. */
  get around(): unknown {
    return this.#around
  }

  /**
   * Yields items as they arrive. Throws for an answer that is cut off or invalid JSON, and for an item without an end.
   */
  async *items(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly unknown[]> {
    let bytes = 0
    for await (const slice of slicesOf(body)) {
      this.#parser.write(slice)
      bytes = this.#items.length > 0 ? 0 : bytes + slice.length
      if (bytes > this.#maxItemBytes) throw tooLong(this.#maxItemBytes)
      if (this.#items.length > 0) yield this.#items.splice(0)
    }
    if (!this.#isEnded) throw new Error('the answer ends in the middle')
  }

  /** Stores a value one level deep, or two levels deep in a list, which then has an item for each value. */
  #place([first, second]: Path, value: unknown): void {
    this.#placed += 1
    if (this.#placed > MAX_AROUND) throw new Error('there is too much around the list')
    if (Array.isArray(this.#around)) this.#around.push({ [String(second)]: value })
    else this.#around = { ...Object(this.#around), [String(first)]: value }
  }
}

/** @param list `rows` or `*.results` */
const isAt = (path: Path, list: string): boolean =>
  list.split('.').every((name, level) => name === '*' || name === path[level])
