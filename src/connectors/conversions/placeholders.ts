import { hash } from 'node:crypto'

/**
 * Texts that programs write if a value is missing, and template variables that were not replaced. Only in exactly this
 * spelling: there are people called Null. An id in braces, as some programs write ids, is not among them.
 */
const NOTHING_SAID = new RegExp(
  `^(?:${[
    'undefined|null|NaN|nil|None',
    // From C, Go and analytics tools: (null), <nil>, <no value>, (not set). An e-mail address in such brackets is not
    // matched.
    String.raw`\((?:null|nil|none|undefined|unknown|not set|not provided)\)|<[^<>@]*>`,
    // {{email}}, {gclid}, #{x}, and what a browser makes of the first two in an address.
    String.raw`[$#%]?\{\{+[^{}]*\}+|[$#%]?\{(?![\dA-Fa-f-]{32,36}\}$)[^{}]*\}|(?:%7[Bb])+[^%]*(?:%7[Dd])+`,
    String.raw`\[+[^[\]@]*\]+|\*\|[^|]*\|\*|%%[^%]*%%|%[A-Za-z]\w*%|##[^#]*##|@@[^@]*@@|__[A-Za-z]\w*__`,
    // The advertising id of a device whose owner has turned off tracking.
    String.raw`\{?0{8}-0{4}-0{4}-0{4}-0{12}\}?`,
  ].join('|')})$`,
)
/** Texts that cannot be an id, in any spelling. */
const NO_ID = /^(?:undefined|null|nan|nil|none|n\/a|#n\/a|true|false)$/i
/** What shops and browsers send for guests: all guests would become one person. */
const NOBODY = /^(?:[0-]+|unknown)$/i

/** Whether a text is a placeholder for a missing value. */
export const isPlaceholder = (text: string): boolean => NOTHING_SAID.test(text)

/** {@link isPlaceholder} for the id of an event, an order or similar. */
export const isPlaceholderOfId = (text: string): boolean => NO_ID.test(text) || NOTHING_SAID.test(text)

/** {@link isPlaceholderOfId} for ids of people, devices or clicks. */
export const isPlaceholderOfPerson = (text: string): boolean => NOBODY.test(text) || isPlaceholderOfId(text)

/** Placeholders whose hashes are recognised. The first is the empty text. */
const HASHED_PLACEHOLDERS = [
  '|undefined|Undefined|null|NULL|Null|nan|NaN|nil|none|None|unknown'.split('|'),
  '(null)|<nil>|(not set)|n/a|N/A|0|true|false'.split('|'),
].flat()
const HASHES_OF_NOTHING = new Set(
  HASHED_PLACEHOLDERS.flatMap((word) => [hash('sha256', word, 'hex'), hash('md5', word, 'hex')]),
)

/**
 * Whether a digest is the hash of a placeholder. Only for values that cannot be such a word, such as e-mail addresses:
 * a name can.
 */
export const isHashOfPlaceholder = (digest: string): boolean => HASHES_OF_NOTHING.has(digest.toLowerCase())
