import { createReadStream } from 'node:fs'
import { DuplicateMember, parseUnambiguous } from '../json/json.ts'
import { at, listAt } from '../json/json-at.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** The most bytes of a file: all of it is read into memory. */
const MAX_BYTES = 64 * 1024 * 1024

/** What the items of a file are called: in the plural, which is also the member of an object that has them, and one of them. */
export type ItemNames = readonly [many: string, one: string]

/** Help text of an argument that names a file of items. */
export const describeFile = ([many, one]: ItemNames): string =>
  `JSON: one ${one}, a list, {"${many}": […]}, or one ${one} a line; - for standard input`

/** The items of a file, or of standard input for `-`. Throws {@link CommandError} where they cannot be read. */
export async function itemsOf(
  { input }: Terminal,
  file: string,
  [many]: ItemNames,
): Promise<readonly unknown[]> {
  const text = await contentOf(file, file === '-' ? input() : createReadStream(file))
  const items = parsed(file, text, many)
  if (items.length === 0) throw new CommandError(`${nameOf(file)} has no ${many}`)
  return items
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file)

async function contentOf(file: string, stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) break
      chunks.push(chunk)
    }
  } catch {
    throw new CommandError(`${nameOf(file)} cannot be read`)
  }
  if (bytes > MAX_BYTES)
    throw new CommandError(`${nameOf(file)} is longer than ${MAX_BYTES / 1024 / 1024} MiB: send it in parts`)
  return decoded(Buffer.concat(chunks))
}

/** Decodes UTF-8 or UTF-16, without a byte order mark: programs on Windows write one, and JSON cannot begin with it. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

function parsed(file: string, text: string, many: string): readonly unknown[] {
  const whole = jsonOf(file, text)
  if (whole.is === 'json') {
    if (Array.isArray(whole.value)) return whole.value
    return at(whole.value, many) === undefined ? [whole.value] : listAt(whole.value, many)
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const item = jsonOf(file, line)
    // The line itself may be about a person, so it is not repeated.
    if (item.is !== 'json') throw new CommandError(`${nameOf(file)} has no JSON in line ${index + 1}`)
    return [item.value]
  })
}

function jsonOf(
  file: string,
  text: string,
): { readonly is: 'json'; readonly value: unknown } | { readonly is: 'other' } {
  try {
    return { is: 'json', value: parseUnambiguous(text) }
  } catch (error) {
    if (error instanceof DuplicateMember)
      throw new CommandError(
        `${nameOf(file)} has a member twice in one object: which one counts cannot be told`,
      )
    return { is: 'other' }
  }
}

/** Splits items into requests of at most `most` items and `mostBytes` bytes of JSON; an item that is longer is alone in one. */
export function requestsOf(items: readonly unknown[], most: number, mostBytes: number): unknown[][] {
  const parts: unknown[][] = []
  let part: unknown[] = []
  let bytes = 0
  for (const item of items) {
    const own = Buffer.byteLength(JSON.stringify(item)) + 1
    if (part.length > 0 && (part.length >= most || bytes + own > mostBytes)) {
      parts.push(part)
      ;[part, bytes] = [[], 0]
    }
    part.push(item)
    bytes += own
  }
  return [...parts, part]
}
