import { hash } from 'node:crypto'

// The forms that platforms publish for each kind of value. A form takes any text, is idempotent, and returns an empty
// text if there is nothing to send. Only `hashed` and its kin turn a form into a hash.

const PLAIN_ASCII = /^[\x20-\x7e]*$/
/**
 * Latin-1 without control characters and the soft hyphen. All of it is composed and visible, so it needs none of the work that
 * Unicode needs, which takes many times as long.
 */
const PLAIN_LATIN = /^[\x20-\x7e\xa0-\xac\xae-\xff]*$/
/** Longer values are no names or addresses, and would only take time; in characters. */
const MAX_CHARS = 512
const SHA256 = /^[0-9a-f]{64}$/i
const MD5 = /^[0-9a-f]{32}$/i

/** The digest of the empty text: somebody hashed an empty field. */
const OF_NOTHING = hash('sha256', '', 'hex')

/** Invisible characters: zero width, text direction, variation selectors. */
const UNSEEN = /[\p{DI}\p{Cf}]+/gu
const CONTROLS = /\p{Cc}+/gu
/** The replacement character, which stands for a character that was lost in decoding. */
const LOST = '\ufffd'

/** A text without invisible characters and without blanks around it. Empty if some of its characters were lost. */
export function readable(text: string): string {
  if (PLAIN_LATIN.test(text)) return text.trim()
  if (!text.isWellFormed() || text.includes(LOST)) return ''
  return text.replace(UNSEEN, '').replace(CONTROLS, ' ').trim()
}

/** Whether a value is a SHA-256 digest already. */
export const isSha256 = (text: string): boolean => text.length === 64 && SHA256.test(text)
/** Whether a value is an MD5 digest already, or looks like one. */
export const isMd5 = (text: string): boolean => text.length === 32 && MD5.test(text)

/**
 * SHA-256 of a value in a form, as lower-case hexadecimal. A value that is a SHA-256 digest already is kept; an empty
 * one is left out.
 */
export function hashed(raw: string | undefined, form: (text: string) => string): string | undefined {
  if (raw === undefined || raw.length > MAX_CHARS) return undefined
  const text = readable(raw)
  if (isSha256(text)) return text.toLowerCase() === OF_NOTHING ? undefined : text.toLowerCase()
  const normal = form(text)
  return normal === '' ? undefined : sha256(normal)
}

/**
 * Digests of two-letter texts, such as codes of countries and states: there are few, and the same ones come again and
 * again.
 */
const ofTwoLetters = new Map<string, string>()
const TWO_LETTERS = /^[a-z]{2}$/

function sha256(text: string): string {
  if (text.length !== 2 || !TWO_LETTERS.test(text)) return hash('sha256', text, 'hex')
  const known = ofTwoLetters.get(text) ?? hash('sha256', text, 'hex')
  ofTwoLetters.set(text, known)
  return known
}

/** The most cached hashes of a form (when there are more, all are dropped), and the longest text that is cached, in characters. */
const MAX_KNOWN = 2_000
const MAX_KNOWN_CHARS = 32
const knownByForm = new Map<(text: string) => string, Map<string, string | undefined>>()

/**
 * {@link hashed} with a cache, for values that many people share, such as names.
 * @param form one of this module's forms, not a function made for the call
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

/**
 * {@link hashed} for platforms that take MD5 too: for e-mail addresses and phone numbers, which never look like a
 * digest.
 */
export function hashedOrMd5(raw: string | undefined, form: (text: string) => string): string | undefined {
  const text = raw?.trim() ?? ''
  return isMd5(text) ? text.toLowerCase() : hashed(raw, form)
}

/** A value in a form, for platforms that need plain text. A value that is hashed already is left out. */
export function plain(raw: string | undefined, form: (text: string) => string): string | undefined {
  if (raw === undefined || raw.length > MAX_CHARS) return undefined
  const text = readable(raw)
  if (isSha256(text)) return undefined
  const normal = form(text)
  return normal === '' ? undefined : normal
}

/** A click id, user agent or similar, which is sent exactly as it came. */
export const untouched = (raw: string | undefined): string | undefined =>
  raw === undefined || raw.trim() === '' ? undefined : raw

/** Lower case, without blanks around it, in Unicode's composed form (NFC). */
export function lower(text: string): string {
  if (PLAIN_LATIN.test(text)) return text.trim().toLowerCase()
  return text.normalize('NFC').toLowerCase().normalize('NFC').trim()
}

/** What a form removes. ASCII and Latin-1 have patterns of their own, since Unicode patterns take ten times as long. */
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
  // Removing what stands between two characters can bring together characters that compose.
  return lower(lower(text).replace(any, ''))
}

export const nameLetters = (text: string): string => without(text, PUNCTUATION)
export const cityLetters = (text: string): string => without(text, NO_LETTERS)
export const withoutSpaces = (text: string): string => without(text, SPACE)

/** Trimmed, in lower case; empty for a text that is no address. */
export function email(text: string): string {
  const low = lower(text)
  const at = low.indexOf('@')
  return at > 0 && at < low.length - 1 && !low.includes('@', at + 1) ? low : ''
}

const SPACES = /\s/

/** Google's form: without white space, and for Gmail addresses without dots and without a plus and what follows it. */
export function googleEmail(text: string): string {
  const low = email(text)
  const address = SPACES.test(low) ? email(withoutSpaces(low)) : low
  if (!address.endsWith('@gmail.com') && !address.endsWith('@googlemail.com')) return address
  const at = address.lastIndexOf('@')
  const plus = address.indexOf('+')
  const local = address.slice(0, plus < 0 ? at : Math.min(plus, at)).replaceAll('.', '')
  return local === '' ? '' : local + address.slice(at)
}

/** Nine digits in a row are also such a US code, without its dash. */
const ZIP_PLUS_FOUR = /^(\d{5})-?\d{4}$/

/** Lower case without spaces and dashes; of a US code only the first five digits. */
export function zip(text: string): string {
  const low = withoutSpaces(text)
  return ZIP_PLUS_FOUR.exec(low)?.[1] ?? without(low, SPACE_AND_DASHES)
}

/** What separates a name from a generation or degree after it. */
const BEFORE_SUFFIX = /[\s,]/
const SUFFIXES = new Set('jr. sr. 2nd 3rd ii iii iv v vi cpa dc dds vm jd md phd'.split(' '))
/** A title counts only with its dot. */
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

/** Repeats a change until it changes nothing more, so that the form is idempotent. */
function untilStill(text: string, change: (name: string) => string): string {
  let before: string
  let after = lower(text)
  do {
    before = after
    after = lower(change(before))
  } while (after !== before)
  return after
}
