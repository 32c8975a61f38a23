import type { Caveats } from '../platform/caveats.ts'
import type { Cell, Row } from '../platform/rows.ts'

/**
 * Kind of a figure. `count`: a number of events, usually whole. `money`: units of a currency, as text or number, which
 * become micros. `number`: all others.
 */
export type FigureKind = 'count' | 'number' | 'money'

/** A figure as read. `decimal` is plain: `-12.5`, however the platform wrote it. */
export type Figure =
  | { readonly is: 'decimal'; readonly decimal: string }
  /** Empty, or a word that means empty. */
  | { readonly is: 'missing' }
  /** A comma or point that may separate either thousands or decimals. */
  | { readonly is: 'ambiguous'; readonly written: string }
  | { readonly is: 'unreadable'; readonly written: string }

/** Texts that mean "no figure". */
const NOTHING = /^(?:|-{1,3}|[–—]|n\/?a|#n\/a|null|none|undefined|unknown|\(not set\)|\(none\))$/i
/** JSON numbers, and what most platforms write. */
const PLAIN = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
/** Groups of three digits that must be thousands: two separators of one kind, or one before a decimal separator. */
const COMMA_THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+\.\d*$|^[+-]?\d{1,3}(?:,\d{3}){2,}$/
const POINT_THOUSANDS = /^[+-]?\d{1,3}(?:\.\d{3})+,\d*$|^[+-]?\d{1,3}(?:\.\d{3}){2,}$/
/** A comma followed by other than three digits separates decimals. */
const COMMA_DECIMALS = /^[+-]?\d*,(?:\d{1,2}|\d{4,})$/
const ONE_COMMA = /^[+-]?\d{1,3},\d{3}$/
const ONE_POINT = /^[+-]?[1-9]\d{0,2}\.\d{3}$/
/** Thousands separated by blanks or apostrophes. */
const BLANK_THOUSANDS = /^[+-]?\d{1,3}(?:[\s’'\u00a0\u2009\u202f]\d{3})+(?:[.,]\d*)?$/
/** Longest text that is read as a figure, in characters. */
const MAX_CHARACTERS = 64

/**
 * Reads one figure in any form that platforms and their files use: a JSON number, text, an exponent, thousands
 * separated by commas, points or blanks, a decimal comma. It never guesses: a text that could mean two numbers is
 * `ambiguous`.
 */
export function figureOf(value: unknown, kind: FigureKind): Figure {
  if (value === undefined || value === null) return { is: 'missing' }
  if (typeof value === 'number')
    return Number.isFinite(value) ? plain(String(value)) : { is: 'unreadable', written: String(value) }
  if (typeof value !== 'string') return { is: 'unreadable', written: `a ${typeof value}` }
  const written = value.trim().replace(/^\u2212/, '-')
  if (NOTHING.test(written)) return { is: 'missing' }
  // A count is whole, so the point may separate thousands.
  if (kind === 'count' && ONE_POINT.test(written)) return { is: 'ambiguous', written }
  if (written.length > MAX_CHARACTERS) return { is: 'unreadable', written }
  if (PLAIN.test(written))
    return Number.isFinite(Number(written)) ? plain(written) : { is: 'unreadable', written }
  if (COMMA_THOUSANDS.test(written)) return plain(written.replaceAll(',', ''))
  if (POINT_THOUSANDS.test(written)) return plain(written.replaceAll('.', '').replace(',', '.'))
  if (COMMA_DECIMALS.test(written)) return plain(written.replace(',', '.'))
  if (BLANK_THOUSANDS.test(written))
    return plain(written.replaceAll(/[\s’'\u00a0\u2009\u202f]/g, '').replace(',', '.'))
  // A count is whole, so the comma separates thousands.
  if (ONE_COMMA.test(written))
    return kind === 'count' ? plain(written.replace(',', '')) : { is: 'ambiguous', written }
  return { is: 'unreadable', written }
}

/** @param text must match {@link PLAIN} */
function plain(text: string): Figure {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const shift = Number(exponent)
  const digits = `${'0'.repeat(Math.max(0, -shift - whole.length))}${whole}${fraction}${'0'.repeat(Math.max(0, shift - fraction.length))}`
  const point = Math.max(0, -shift - whole.length) + whole.length + shift
  const [before, after] = [digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0', digits.slice(point)]
  const decimal = `${sign === '-' ? '-' : ''}${before}${after === '' ? '' : `.${after}`}`
  return { is: 'decimal', decimal }
}

/** Decimals of an amount that micros can hold. */
const PLACES = 6

/** Micros of a plain decimal, rounded up because it is spend; as text where a double cannot hold them. */
function microsOf(decimal: string): Cell {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.')
  const exact = BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'))
  const hasMore = /[1-9]/.test(fraction.slice(PLACES))
  const amount = decimal.startsWith('-') ? -exact : exact + (hasMore ? 1n : 0n)
  const number = Number(amount)
  return Number.isSafeInteger(number) ? number : String(amount)
}

/** A number where a double can hold it, otherwise the text. */
function numberOf(decimal: string): Cell {
  const number = Number(decimal)
  const isExact = decimal.includes('.') || Number.isSafeInteger(number)
  if (!Number.isFinite(number) || !isExact) return decimal
  return number === 0 ? 0 : number
}

/**
 * Reads a figure for a row: a number, or null with a caveat that counts the values of the field that are missing or
 * unreadable.
 * @param field our name of the field
 * @param whenAbsent value of an absent field, where the platform's documents define one
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

/** Cost of a row in micros; null where the row has none, which differs from 0. */
export function costOf({ cost_micros: cost }: Row): number | null {
  const micros = typeof cost === 'string' && cost !== '' ? Number(cost) : cost
  return typeof micros === 'number' && Number.isFinite(micros) ? micros : null
}
