const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const BITS_PER_CHARACTER = 6
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))

/** Reads bits of base64url text, the form of privacy strings. Reading past the end throws. */
export class Bits {
  readonly #values: readonly number[]
  #at = 0

  constructor(text: string) {
    this.#values = Array.from(text, (character) => {
      const value = VALUES.get(character)
      if (value === undefined) throw new Error('not base64url')
      return value
    })
  }

  /** The next `count` bits as a number; at most 30. */
  take(count: number): number {
    let number = 0
    for (let i = 0; i < count; i++) number = number * 2 + this.#bit(this.#at + i)
    this.#at += count
    return number
  }

  flag(): boolean {
    return this.take(1) === 1
  }

  skip(count: number): void {
    this.#at += count
    if (count > 0) this.#bit(this.#at - 1)
  }

  /** Positions of the set bits among the next `count` bits, counted from 1. */
  places(count: number): Set<number> {
    const places = new Set<number>()
    for (let i = 1; i <= count; i++) if (this.flag()) places.add(i)
    return places
  }

  #bit(at: number): number {
    const value = this.#values[Math.floor(at / BITS_PER_CHARACTER)]
    if (value === undefined) throw new Error('the text is too short')
    return (value >> (BITS_PER_CHARACTER - 1 - (at % BITS_PER_CHARACTER))) & 1
  }
}
