import { Bits } from './bits.ts'

const TYPE = 3
const VERSION = 1
/** Highest section id that is accepted. Real ids are far lower; above 2^53 counting would never end. */
const MAX_ID = 10_000

/**
 * Reads the ids of a GPP string's sections, in order. The library that decodes the sections does not read the header,
 * because it writes out every id of a range, and ten characters can name billions.
 * Throws an Error for a text that is not a header.
 * @param sections number of sections in the string; more ids than that are an error
 */
export function readGppHeader(text: string, sections: number): readonly number[] {
  const bits = new Bits(text)
  if (bits.take(6) !== TYPE || bits.take(6) !== VERSION) throw new Error('no header of GPP')
  const ids: number[] = []
  const ranges = bits.take(12)
  let last = 0
  for (let i = 0; i < ranges; i++) {
    const isRange = bits.flag()
    const first = last + readFibonacci(bits)
    last = isRange ? first + readFibonacci(bits) : first
    if (!(last <= MAX_ID)) throw new Error('no id of a section')
    if (ids.length + last - first >= sections) throw new Error('more ids than sections')
    for (let id = first; id <= last; id++) ids.push(id)
  }
  if (ids.length !== sections) throw new Error('more sections than ids')
  return ids
}

/**
 * Reads a number in Fibonacci coding: one bit for each Fibonacci number from the smallest up; two set bits in a row end
 * it.
 */
function readFibonacci(bits: Bits): number {
  let sum = 0
  let wasSet = false
  for (let [value, next] = [1, 2]; ; [value, next] = [next, value + next]) {
    const isSet = bits.flag()
    if (isSet && wasSet) return sum
    if (isSet) sum += value
    wasSet = isSet
  }
}
