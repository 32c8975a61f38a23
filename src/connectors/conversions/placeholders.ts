import { hash } from 'node:crypto'

/**
 * What programs write where a value is missing, and names in templates that nothing was put in for. Words exactly so: there are people
 * who are called Null. An id in braces, as some programs write each, is none of them.
 */
const NOTHING_SAID = new RegExp(
  `^(?:${[
    'undefined|null|NaN|nil|None',
    // Of C, Go and analytics: (null), <nil>, <no value>, (not set). An address between such brackets is something else.
    String.raw`\((?:null|nil|none|undefined|unknown|not set|not provided)\)|<[^<>@]*>`,
    // {{email}}, {gclid}, #{x}, and what a browser makes of the first two in an address.
    String.raw`[$#%]?\{\{+[^{}]*\}+|[$#%]?\{(?![\dA-Fa-f-]{32,36}\}$)[^{}]*\}|(?:%7[Bb])+[^%]*(?:%7[Dd])+`,
    String.raw`\[+[^[\]@]*\]+|\*\|[^|]*\|\*|%%[^%]*%%|%[A-Za-z]\w*%|##[^#]*##|@@[^@]*@@|__[A-Za-z]\w*__`,
    // The id of a device whose owner does not want to be followed.
    String.raw`\{?0{8}-0{4}-0{4}-0{4}-0{12}\}?`,
  ].join('|')})$`,
)
/** Words that are a name to nobody where an id should be, however they are written. */
const NO_ID = /^(?:undefined|null|nan|nil|none|n\/a|#n\/a|true|false)$/i
/** What shops and browsers say of guests: all of them would be one person. */
const NOBODY = /^(?:[0-]+|unknown)$/i

/** Whether a text says nothing, because a program had nothing to put there. */
export const isPlaceholder = (text: string): boolean => NOTHING_SAID.test(text)

/** As {@link isPlaceholder}, of the id of an event, an order or the like. */
export const isPlaceholderOfId = (text: string): boolean => NO_ID.test(text) || NOTHING_SAID.test(text)

/** As {@link isPlaceholderOfId}, of what tells persons, their devices or their clicks apart. */
export const isPlaceholderOfPerson = (text: string): boolean => NOBODY.test(text) || isPlaceholderOfId(text)

const WORDS = [
  '',
  'undefined',
  'Undefined',
  'null',
  'NULL',
  'Null',
  'nan',
  'NaN',
  'nil',
  'none',
  'None',
  'unknown',
]
const HASHES_OF_NOTHING = new Set(
  [...WORDS, '(null)', '<nil>', '(not set)', 'n/a', 'N/A', '0', 'true', 'false'].flatMap((word) => [
    hash('sha256', word, 'hex'),
    hash('md5', word, 'hex'),
  ]),
)

/** Whether somebody has hashed what says nothing. Only of values that cannot be such a word, as an e-mail address: a name may be. */
export const isHashOfPlaceholder = (digest: string): boolean => HASHES_OF_NOTHING.has(digest.toLowerCase())
