import { createReadStream } from 'node:fs'
import { at, listAt } from '../json/json-at.ts'
import { CommandError, type Terminal } from './terminal.ts'

/** Most bytes of a file with events: all of it is in memory. */
const MAX_BYTES = 64 * 1024 * 1024

/** What the argument of a command that reads events may be. */
export const EVENTS_FILE =
  'JSON: one event, a list, {"events": […]}, or one event a line; - for standard input'

/** The events of a file, or of standard input for `-`. Throws {@link CommandError} where they cannot be read. */
export async function eventsOf({ input }: Terminal, file: string): Promise<readonly unknown[]> {
  const text = await contentOf(file, file === '-' ? input() : createReadStream(file))
  const events = parsed(file, text)
  if (events.length === 0) throw new CommandError(`${nameOf(file)} has no events`)
  return events
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

/** Windows writes UTF-16, or a mark before UTF-8, which is no part of the JSON. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

function parsed(file: string, text: string): readonly unknown[] {
  const whole = jsonOf(text)
  if (whole.is === 'json') {
    if (Array.isArray(whole.value)) return whole.value
    return at(whole.value, 'events') === undefined ? [whole.value] : listAt(whole.value, 'events')
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const event = jsonOf(line)
    // The line itself may be about a person, so it is not repeated.
    if (event.is !== 'json') throw new CommandError(`${nameOf(file)} has no JSON in line ${index + 1}`)
    return [event.value]
  })
}

function jsonOf(text: string): { readonly is: 'json'; readonly value: unknown } | { readonly is: 'other' } {
  try {
    return { is: 'json', value: JSON.parse(text) }
  } catch {
    return { is: 'other' }
  }
}

/** Parts of as many events as one request may have, and no longer than its body may be. */
export function requestsOf(events: readonly unknown[], most: number, mostBytes: number): unknown[][] {
  const parts: unknown[][] = []
  let part: unknown[] = []
  let bytes = 0
  for (const event of events) {
    const own = Buffer.byteLength(JSON.stringify(event)) + 1
    if (part.length > 0 && (part.length >= most || bytes + own > mostBytes)) {
      parts.push(part)
      ;[part, bytes] = [[], 0]
    }
    part.push(event)
    bytes += own
  }
  return [...parts, part]
}
