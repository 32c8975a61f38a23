/**
 * Levels of objects and arrays that JSON from outside may have. What programs send has about ten; beyond some thousands the
 * code that walks through a value, ours or a library's, runs out of stack.
 */
export const MAX_JSON_DEPTH = 64

/** JSON that is nested deeper than {@link MAX_JSON_DEPTH}. */
export class JsonTooDeep extends Error {
  override readonly name = 'JsonTooDeep'

  constructor() {
    super(`it is nested deeper than ${MAX_JSON_DEPTH} levels`)
  }
}

/** JSON of which nothing but its text is known. Its message never repeats any of it. */
class NotJson extends Error {
  override readonly name = 'NotJson'

  constructor() {
    super('it is not JSON')
  }
}

/**
 * What every text from outside this process is parsed with: bodies, answers, settings, stored rows.
 *
 * @throws NotJson
 * @throws JsonTooDeep before anything is built
 */
export function parseJson(text: string): ReturnType<typeof JSON.parse> {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) throw new JsonTooDeep()
  try {
    return JSON.parse(text)
  } catch {
    throw new NotJson()
  }
}

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

/** Where the string that begins at a quotation mark ends; most of a text is in strings, which this jumps over. */
function endOfString(text: string, begin: number): number {
  for (let at = text.indexOf('"', begin + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
