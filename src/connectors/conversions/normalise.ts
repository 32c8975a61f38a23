import { hash } from 'node:crypto'

// A form that a platform publishes, per kind of value. Each takes any text, is the same when it is applied again, and answers an empty
// text where there is nothing to send. `hashed` is the only way from a form to a hash.

const PLAIN_ASCII = /^[\x20-\x7e]*$/
/**
 * What Latin-1 has, but for control characters and the soft hyphen: everything is composed and nothing unseen, so that it needs none of
 * what Unicode needs, which takes many times as long.
 */
const PLAIN_LATIN = /^[\x20-\x7e\xa0-\xac\xae-\xff]*$/
/** Longer values are nobody's name or address, and would only cost time. */
const MAX_CHARS = 512
const SHA256 = /^[0-9a-f]{64}$/i
const MD5 = /^[0-9a-f]{32}$/i

/** The digest of an empty text: somebody has hashed a field that had nothing in it. */
const OF_NOTHING = hash('sha256', '', 'hex')

/** Characters that nobody sees: of no width, of direction, variants of the one before. */
const UNSEEN = /[\p{DI}\p{Cf}]+/gu
const CONTROLS = /\p{Cc}+/gu
/** What stands for characters that somebody has lost. */
const LOST = '\ufffd'

/** A text as it is read: without what nobody sees, and without blanks around it. Empty where some of its characters are lost. */
export function readable(text: string): string {
  if (PLAIN_LATIN.test(text)) return text.trim()
  if (!text.isWellFormed() || text.includes(LOST)) return ''
  return text.replace(UNSEEN, '').replace(CONTROLS, ' ').trim()
}

/** Whether a value is a SHA-256 already. */
export const isSha256 = (text: string): boolean => text.length === 64 && SHA256.test(text)
/** Whether a value is an MD5 already, or an id that looks like one. */
export const isMd5 = (text: string): boolean => text.length === 32 && MD5.test(text)

/**
 * SHA-256 of a value in a form, as hexadecimal digits in lower case. A value that is a SHA-256 already stays what it is; an empty one
 * is left out.
 */
export function hashed(raw: string | undefined, form: (text: string) => string): string | undefined {
  if (raw === undefined || raw.length > MAX_CHARS) return undefined
  const text = readable(raw)
  if (isSha256(text)) return text.toLowerCase() === OF_NOTHING ? undefined : text.toLowerCase()
  const normal = form(text)
  return normal === '' ? undefined : sha256(normal)
}

/** Digests of texts of two letters, which codes of countries and states are: there are few, and each comes again and again. */
const ofTwoLetters = new Map<string, string>()
const TWO_LETTERS = /^[a-z]{2}$/

function sha256(text: string): string {
  if (text.length !== 2 || !TWO_LETTERS.test(text)) return hash('sha256', text, 'hex')
  const known = ofTwoLetters.get(text) ?? hash('sha256', text, 'hex')
  ofTwoLetters.set(text, known)
  return known
}

/** Hashes of a form's values, by the value as it came; of more than so many all are forgotten. */
const MAX_KNOWN = 2_000
const MAX_KNOWN_CHARS = 32
const knownByForm = new Map<(text: string) => string, Map<string, string | undefined>>()

/**
 * As {@link hashed}, for values that many people share, such as names: what was hashed lately is not hashed again.
 * @param form one of the module's own, not one made for a call
 */
export function hashedOften(raw: string | undefined, form: (text: string) => string): string | undefined {
  if (raw === undefined || raw.length > MAX_KNOWN_CHARS) return hashed(raw, form)
  let known = knownByForm.get(form)
  if (!known) {
    known = new Map()
    knownByForm.set(form, known)
  }
  const found = known.get(raw)
  if (found !== undefined) return found
  const made = hashed(raw, form)
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(raw, made)
  return made
}

/** As {@link hashed}, where the platform takes MD5 too: of e-mail addresses and phone numbers, which never look like one themselves. */
export function hashedOrMd5(raw: string | undefined, form: (text: string) => string): string | undefined {
  const text = raw?.trim() ?? ''
  return isMd5(text) ? text.toLowerCase() : hashed(raw, form)
}

/** A value that a platform wants as it is, in a form. Never what is hashed already, which could not be read there. */
export function plain(raw: string | undefined, form: (text: string) => string): string | undefined {
  if (raw === undefined || raw.length > MAX_CHARS) return undefined
  const text = readable(raw)
  if (isSha256(text)) return undefined
  const normal = form(text)
  return normal === '' ? undefined : normal
}

/** An id of a click, an address or the like: sent exactly as it came. */
export const untouched = (raw: string | undefined): string | undefined =>
  raw === undefined || raw.trim() === '' ? undefined : raw

/** Lower case, without space around it, in the composed form of Unicode. */
export function lower(text: string): string {
  if (PLAIN_LATIN.test(text)) return text.trim().toLowerCase()
  return text.normalize('NFC').toLowerCase().normalize('NFC').trim()
}

/** What a form removes: of simple texts by patterns of their own, since those of Unicode take ten times as long. */
interface Removed {
  readonly ascii: RegExp
  readonly latin: RegExp
  readonly any: RegExp
}

/** White space, and what Unicode and ASCII count as punctuation. */
const PUNCTUATION: Removed = {
  ascii: /[^a-z0-9]+/g,
  latin: /[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\xa0\xa1\xa7\xab\xb6\xb7\xbb\xbf]+/g,
  any: /[\s\p{P}$+<=>^`|~]+/gu,
}
const NO_LETTERS: Removed = {
  ascii: /[^a-z]+/g,
  latin: /[\x20-\x40\x5b-\x60\x7b-\x7e\xa0\xa1\xa7\xab\xb6\xb7\xbb\xbf]+/g,
  any: /[\s\p{P}$+<=>^`|~\d]+/gu,
}
const SPACE: Removed = { ascii: / +/g, latin: /[ \xa0]+/g, any: /\s+/g }
const SPACE_AND_DASHES: Removed = { ascii: /[ -]+/g, latin: /[ \xa0-]+/g, any: /[\s\p{Pd}]+/gu }

function without(text: string, { ascii, latin, any }: Removed): string {
  if (PLAIN_ASCII.test(text)) return text.toLowerCase().replace(ascii, '')
  if (PLAIN_LATIN.test(text)) return text.toLowerCase().replace(latin, '')
  // Removing what stands between two characters can bring together what composes.
  return lower(lower(text).replace(any, ''))
}

export const nameLetters = (text: string): string => without(text, PUNCTUATION)
export const cityLetters = (text: string): string => without(text, NO_LETTERS)
export const withoutSpaces = (text: string): string => without(text, SPACE)

/** Trimmed, in lower case; empty where it is no address. */
export function email(text: string): string {
  const low = lower(text)
  const at = low.indexOf('@')
  return at > 0 && at < low.length - 1 && !low.includes('@', at + 1) ? low : ''
}

const SPACES = /\s/

/** Google's form: without any white space, and for its own mail without the dots and what follows a plus. */
export function googleEmail(text: string): string {
  const low = email(text)
  const address = SPACES.test(low) ? email(withoutSpaces(low)) : low
  if (!address.endsWith('@gmail.com') && !address.endsWith('@googlemail.com')) return address
  const at = address.lastIndexOf('@')
  const plus = address.indexOf('+')
  const local = address.slice(0, plus < 0 ? at : Math.min(plus, at)).replaceAll('.', '')
  return local === '' ? '' : local + address.slice(at)
}

/** Nine digits in a row are such a code of the USA too, without its dash. */
const ZIP_PLUS_FOUR = /^(\d{5})-?\d{4}$/

/** Lower case without spaces and dashes; of one of the USA the first five digits. */
export function zip(text: string): string {
  const low = withoutSpaces(text)
  return ZIP_PLUS_FOUR.exec(low)?.[1] ?? without(low, SPACE_AND_DASHES)
}

/** What stands before every generation and degree. */
const BEFORE_SUFFIX = /[\s,]/
const SUFFIXES = new Set(
  ['jr.', 'sr.', '2nd', '3rd', 'ii', 'iii', 'iv', 'v', 'vi'].concat([
    'cpa',
    'dc',
    'dds',
    'vm',
    'jd',
    'md',
    'phd',
  ]),
)
/** A title is one only with its dot. */
const TITLE = /(?:mr|mrs|ms|dr)\.(?:\s|$)/g

/** Google's form of a given name: without titles. */
export const googleGivenName = (text: string): string =>
  text.includes('.') ? untilStill(text, (name) => name.replace(TITLE, '')) : lower(text)
/** Google's form of a family name: without generations and degrees after it. */
export const googleFamilyName = (text: string): string =>
  BEFORE_SUFFIX.test(text) ? withoutSuffixes(lower(text)) : lower(text)

function withoutSuffixes(name: string): string {
  for (let left = name; ; ) {
    let start = left.length
    while (start > 0 && !BEFORE_SUFFIX.test(left.charAt(start - 1))) start -= 1
    if (start === 0 || !SUFFIXES.has(left.slice(start))) return left
    const before = left.slice(0, start).trimEnd()
    left = before.endsWith(',') ? before.slice(0, -1).trimEnd() : before
  }
}

function untilStill(text: string, change: (name: string) => string): string {
  let before: string
  let after = lower(text)
  do {
    before = after
    after = lower(change(before))
  } while (after !== before)
  return after
}
