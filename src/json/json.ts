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

/**
 * Most different names of members in JSON from outside. Programs send some hundred. Each new name takes memory of its own, and
 * each object with names that no other had takes another shape.
 */
export const MAX_JSON_NAMES = 10_000

/** JSON with more different names of members than {@link MAX_JSON_NAMES}. */
export class TooManyNames extends Error {
  override readonly name = 'TooManyNames'

  constructor() {
    super(`it has more than ${MAX_JSON_NAMES} different names of members`)
  }
}

/** The different names of members in one text, as they are written; throws {@link TooManyNames} at the first too many. */
export class JsonNames {
  readonly #names = new Set<string>()

  add(name: string): void {
    this.#names.add(name)
    if (this.#names.size > MAX_JSON_NAMES) throw new TooManyNames()
  }
}

/** Text that is not JSON. The message contains nothing of the text. */
export class NotJson extends Error {
  override readonly name = 'NotJson'

  constructor() {
    super('it is not JSON')
  }
}

/**
 * JSON with two members of one name in an object. Parsers differ in which of them they take (RFC 8259, section 4), so a proxy
 * or a log may have read another amount than we would.
 */
export class DuplicateMember extends Error {
  override readonly name = 'DuplicateMember'
  /** The name that is repeated: text from outside. */
  readonly member: string

  constructor(member: string) {
    super('it has a member twice')
    this.member = member
  }
}

/** Bytes without a leading byte order mark, which is no part of JSON and may be ignored (RFC 8259, section 8.1). */
export const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

/** Decodes a body to the text that is parsed. */
export const textOf = (body: Buffer): string => withoutMark(body).toString('utf8')

/**
 * Parses answers of platforms and stored rows. Of two members of one name the last one counts, as in most parsers.
 *
 * @throws NotJson
 * @throws JsonTooDeep before anything is built
 * @throws TooManyNames before anything is built
 */
export function parseJson(text: string): ReturnType<typeof JSON.parse> {
  return parsedBy((checked) => JSON.parse(checked), text)
}

/**
 * As {@link parseJson}, for bodies that callers send: each name may be in an object once (I-JSON: RFC 7493, section 2.3).
 *
 * @throws NotJson
 * @throws JsonTooDeep
 * @throws TooManyNames
 * @throws DuplicateMember
 */
export function parseUnambiguous(text: string): ReturnType<typeof JSON.parse> {
  const written = namesWritten(text, MAX_JSON_DEPTH)
  if (written === undefined) throw new JsonTooDeep()
  if (written > MAX_JSON_NAMES) checkNames(text)
  return parsedWithNames(text, written)
}

/**
 * Parses JSON whose depth was checked. A name that is repeated leaves fewer members than names were written, so counting both
 * is enough: it costs a fraction of looking each name up.
 *
 * @param written names in the text
 * @throws NotJson
 * @throws DuplicateMember
 */
export function parsedWithNames(text: string, written: number): ReturnType<typeof JSON.parse> {
  let value: ReturnType<typeof JSON.parse>
  try {
    value = JSON.parse(text)
  } catch {
    throw new NotJson()
  }
  if (membersIn(value) !== written) throw new DuplicateMember(repeatedName(text))
  return value
}

/** Number of members of all objects in a parsed value. */
function membersIn(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0
  let members = 0
  if (Array.isArray(value)) for (const item of value) members += membersIn(item)
  // Much cheaper than a list of the values; parsed objects inherit no name that this would meet.
  else for (const name in value) members += 1 + membersIn((value as Record<string, unknown>)[name])
  return members
}

/** The first name that is repeated within its object; empty where none is. The text must be JSON. */
function repeatedName(text: string): string {
  const seen = new Set<string>()
  let repeated = ''
  someName(text, (written, object) => {
    const name: string = written.includes('\\') ? JSON.parse(`"${written}"`) : written
    const inObject = `${object} ${name}`
    if (seen.has(inObject)) repeated = name
    seen.add(inObject)
    return repeated !== ''
  })
  return repeated
}

function parsedBy<T>(parse: (text: string) => T, text: string): T {
  const written = namesWritten(text, MAX_JSON_DEPTH)
  if (written === undefined) throw new JsonTooDeep()
  if (written > MAX_JSON_NAMES) checkNames(text)
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
const COLON = 0x3a

/** Whether the JSON of a text has more levels of objects and arrays. */
export const isDeeperThan = (text: string, levels: number): boolean =>
  text.length > levels && namesWritten(text, levels) === undefined

/** Number of names of members in the JSON of a text; undefined where it has more levels of objects and arrays. */
function namesWritten(text: string, levels: number): number | undefined {
  let depth = 0
  let names = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) names += 1
    else if ((code | CURLY) === OPENING) {
      depth += 1
      if (depth > levels) return undefined
    } else if ((code | CURLY) === CLOSING) depth -= 1
  }
  return names
}

/** Throws {@link TooManyNames}. Called only for texts with many names, since most have too few to be told apart. */
function checkNames(text: string): void {
  const names = new JsonNames()
  someName(text, (written) => {
    names.add(written)
    return false
  })
}

/**
 * Whether some name of a member meets a condition; the names after the first that does are not looked at.
 *
 * @param meets is given the name as it is written, with its escapes, and a number that tells its object from all others
 */
function someName(text: string, meets: (written: string, object: number) => boolean): boolean {
  const open: number[] = []
  let opened = 0
  let begin = 0
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      begin = at
      end = endOfString(text, at)
      at = end
    } else if ((code | CURLY) === OPENING) {
      opened += 1
      open.push(opened)
    } else if ((code | CURLY) === CLOSING) open.pop()
    else if (code === COLON && meets(text.slice(begin + 1, end), open.at(-1) ?? 0)) return true
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
