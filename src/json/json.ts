/**
 * Most levels of objects and arrays in JSON from outside. Programs send about ten; beyond some thousands, code that walks
 * through a value, ours or a library's, runs out of stack.
 */
export const MAX_JSON_DEPTH = 64

/** JSON that is nested deeper than {@link MAX_JSON_DEPTH}. */
export class JsonTooDeep extends Error {
  override readonly name = 'JsonTooDeep'

  constructor() {
    super(`it is nested deeper than ${MAX_JSON_DEPTH} levels`)
  }
}

/** Text that is not JSON. The message contains nothing of the text. */
export class NotJson extends Error {
  override readonly name = 'NotJson'

  constructor() {
    super('it is not JSON')
  }
}

/** Bytes without a leading byte order mark, which is no part of JSON and may be ignored (RFC 8259, section 8.1). */
export const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

/** Decodes a body to the text that is parsed. */
export const textOf = (body: Buffer): string => withoutMark(body).toString('utf8')

/**
 * Parses any text from outside this process: bodies, answers, settings, stored rows.
 *
 * @throws NotJson
 * @throws JsonTooDeep before anything is built
 */
export function parseJson(text: string): ReturnType<typeof JSON.parse> {
  return parsedBy((checked) => JSON.parse(checked), text)
}

function parsedBy<T>(parse: (text: string) => T, text: string): T {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) throw new JsonTooDeep()
  try {
    return parse(text)
  } catch {
    throw new NotJson()
  }
}

/** Number of digits from which an integer may exceed what a double holds exactly. */
const LONG = /\d{16}/
const WHOLE = /^-?\d+$/

/** A number as it is written in JSON. One that a double cannot hold exactly, an id as a rule, stays text. */
export function exactNumber(written: string): number | string {
  const number = Number(written)
  return LONG.test(written) && WHOLE.test(written) && !Number.isSafeInteger(number) ? written : number
}

/** The reviver's context, which has the source text of a value; the types do not have it yet. */
type Revive = (name: string, value: unknown, at?: { readonly source?: string }) => unknown
const reviveExactly: Revive = (_name, value, at) =>
  typeof value === 'number' && at?.source !== undefined ? exactNumber(at.source) : value

/** As {@link parseJson}, with numbers as {@link exactNumber} reads them. */
export const parseExactly = (text: string): unknown =>
  parsedBy((checked) => (LONG.test(checked) ? JSON.parse(checked, reviveExactly) : JSON.parse(checked)), text)

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Square and curly brackets differ in this bit. */
const CURLY = 0x20
const OPENING = 0x7b
const CLOSING = 0x7d

/** Whether the JSON of a text has more levels of objects and arrays. */
export function isDeeperThan(text: string, levels: number): boolean {
  if (text.length <= levels) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if ((code | CURLY) === OPENING) {
      depth += 1
      if (depth > levels) return true
    } else if ((code | CURLY) === CLOSING) depth -= 1
  }
  return false
}

/** Index at which the string ends that begins at a quotation mark. Most of a text is in strings, which are skipped. */
function endOfString(text: string, begin: number): number {
  for (let at = text.indexOf('"', begin + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
