import type { Caveats } from './caveats.ts'
import type { Cell } from './read-connector.ts'

/**
 * What a figure is. `count`: how often something happened, usually whole. `number`: every other one. `money`: units of a
 * currency, as text or number, which become micros.
 */
export type FigureKind = 'count' | 'number' | 'money'

/** A figure as a platform wrote it, read. `decimal` is plain: `-12.5`, however it was written. */
export type Figure =
  | { readonly is: 'decimal'; readonly decimal: string }
  /** Nothing, or a word for nothing. */
  | { readonly is: 'missing' }
  /** A comma that may set off thousands or decimals. */
  | { readonly is: 'ambiguous'; readonly written: string }
  | { readonly is: 'unreadable'; readonly written: string }

/** What stands in a cell for "there is no figure". */
const NOTHING = /^(?:|-{1,3}|[–—]|n\/?a|#n\/a|null|none|undefined|unknown|\(not set\)|\(none\))$/i
/** JSON numbers and what most platforms write. */
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
/** Groups of three that only thousands have: two separators of one kind, or one before a decimal point or comma. */
const COMMA_THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+\.\d*$|^[+-]?\d{1,3}(?:,\d{3}){2,}$/
const POINT_THOUSANDS = /^[+-]?\d{1,3}(?:\.\d{3})+,\d*$|^[+-]?\d{1,3}(?:\.\d{3}){2,}$/
/** A comma with other than three digits behind it can only set off decimals. */
const COMMA_DECIMALS = /^[+-]?\d*,(?:\d{1,2}|\d{4,})$/
const ONE_COMMA = /^[+-]?\d{1,3},\d{3}$/
/** Blanks and apostrophes between groups of three. */
const BLANK_THOUSANDS = /^[+-]?\d{1,3}(?:[\s’'\u00a0\u2009\u202f]\d{3})+(?:[.,]\d*)?$/
/** Longer text is no figure, and not worth looking at. */
const MAX_CHARACTERS = 64

/**
 * Reads one figure in any of the forms that platforms and their files write: a JSON number, text, an exponent, thousands
 * set off by commas, points or blanks, a decimal comma. Never guesses: where one text could mean two numbers it says so.
 */
export function figureOf(value: unknown, kind: FigureKind): Figure {
  if (value === undefined || value === null) return { is: 'missing' }
  if (typeof value === 'number')
    return Number.isFinite(value) ? plain(String(value)) : { is: 'unreadable', written: String(value) }
  if (typeof value !== 'string') return { is: 'unreadable', written: `a ${typeof value}` }
  const written = value.trim().replace(/^\u2212/, '-')
  if (NOTHING.test(written)) return { is: 'missing' }
  if (written.length > MAX_CHARACTERS) return { is: 'unreadable', written }
  if (PLAIN.test(written))
    return Number.isFinite(Number(written)) ? plain(written) : { is: 'unreadable', written }
  if (COMMA_THOUSANDS.test(written)) return plain(written.replaceAll(',', ''))
  if (POINT_THOUSANDS.test(written)) return plain(written.replaceAll('.', '').replace(',', '.'))
  if (COMMA_DECIMALS.test(written)) return plain(written.replace(',', '.'))
  if (BLANK_THOUSANDS.test(written))
    return plain(written.replaceAll(/[\s’'\u00a0\u2009\u202f]/g, '').replace(',', '.'))
  // What is counted is whole, so the comma sets off its thousands.
  if (ONE_COMMA.test(written))
    return kind === 'count' ? plain(written.replace(',', '')) : { is: 'ambiguous', written }
  return { is: 'unreadable', written }
}

/** @param text of the form {@link PLAIN} */
function plain(text: string): Figure {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const shift = Number(exponent)
  const digits = `${'0'.repeat(Math.max(0, -shift - whole.length))}${whole}${fraction}${'0'.repeat(Math.max(0, shift - fraction.length))}`
  const point = Math.max(0, -shift - whole.length) + whole.length + shift
  const [before, after] = [digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0', digits.slice(point)]
  const decimal = `${sign === '-' ? '-' : ''}${before}${after === '' ? '' : `.${after}`}`
  return { is: 'decimal', decimal }
}

const PLACES = 6

/** Micros of a plain decimal. Rounded up, since it is what was spent; text where a double cannot hold it. */
function microsOf(decimal: string): Cell {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.')
  const exact = BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'))
  const hasMore = /[1-9]/.test(fraction.slice(PLACES))
  const amount = decimal.startsWith('-') ? -exact : exact + (hasMore ? 1n : 0n)
  const number = Number(amount)
  return Number.isSafeInteger(number) ? number : String(amount)
}

/** A number where a double can hold it, else the text. */
function numberOf(decimal: string): Cell {
  const number = Number(decimal)
  const isExact = decimal.includes('.') || Number.isSafeInteger(number)
  if (!Number.isFinite(number) || !isExact) return decimal
  return number === 0 ? 0 : number
}

/**
 * Reads a figure for a row: a number, or null with a caveat that says how many values of the field are missing or could
 * not be read.
 *
 * @param field our name of it
 * @param whenAbsent what a platform means that leaves the field out of a row, where its documents say so
 */
export function readFigure(
  caveats: Caveats,
  field: string,
  value: unknown,
  kind: FigureKind,
  whenAbsent: 0 | null = null,
): Cell {
  if (value === undefined && whenAbsent === 0) return 0
  const figure = figureOf(value, kind)
  switch (figure.is) {
    case 'decimal':
      return kind === 'money' ? microsOf(figure.decimal) : numberOf(figure.decimal)
    case 'missing':
      caveats.field('missing', field, typeof value === 'string' ? value.trim() : '')
      return null
    case 'ambiguous':
    case 'unreadable':
      caveats.field(figure.is, field, figure.written)
      return null
  }
}
