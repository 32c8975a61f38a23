import { strict as assert } from 'node:assert'

declare const unit: unique symbol

/**
 * Money in integer millionths of a currency unit. Never negative, never above {@link MAX_MICROS}, so every
 * sum of a few thousand of them is still exact in a double.
 */
export type Micros = number & { readonly [unit]: 'micros' }

/** 9·10⁹ currency units: the largest amount the program accepts, just below the last exact integer. */
export const MAX_MICROS = 9_000_000_000_000_000 as Micros
export const ZERO = 0 as Micros
const MICROS_PER_UNIT = 1_000_000
/** {@link MAX_MICROS} in currency units. */
export const MAX_UNITS = MAX_MICROS / MICROS_PER_UNIT

/** Why a text or number is not money. */
export class MoneyError extends Error {
  override readonly name = 'MoneyError'
}

/** Brands an integer that is already in micros. A fraction, a negative or an overflow is a programming error. */
export function micros(value: number): Micros {
  assert(
    Number.isSafeInteger(value) && value >= 0 && value <= MAX_MICROS,
    `${value} is not an amount in micros`,
  )
  return value as Micros
}

/**
 * Reads decimal money exactly: `"1.25"` or `1.25` is 1 250 000 micros. At most six decimals; more decimals, a
 * sign, an exponent, NaN, or more than 9·10⁹ units throws {@link MoneyError}.
 */
export function parseMoney(amount: string | number): Micros {
  const text = typeof amount === 'number' ? String(amount) : amount
  const match = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(text)
  if (!match) throw new MoneyError(whyNotMoney(text))
  const value = Number(match[1]) * MICROS_PER_UNIT + Number((match[2] ?? '').padEnd(6, '0'))
  if (value > MAX_MICROS) throw new MoneyError('must not exceed 9000000000')
  return value as Micros
}

function whyNotMoney(text: string): string {
  if (/^-/.test(text)) return 'must not be negative'
  if (/^\d+\.\d{7,}$/.test(text) || /^\d+(\.\d+)?e-\d+$/.test(text)) return 'must have at most 6 decimals'
  if (/^\d{11,}/.test(text) || /^\d+(\.\d+)?e\+\d+$/.test(text)) return 'must not exceed 9000000000'
  return 'must be a decimal number'
}

/** Exact decimal text without trailing zeros: 1 250 000 micros is `"1.25"`. The inverse of {@link parseMoney}. */
export function formatMoney(amount: Micros): string {
  const whole = Math.floor(amount / MICROS_PER_UNIT)
  const fraction = String(amount % MICROS_PER_UNIT)
    .padStart(6, '0')
    .replace(/0{1,6}$/, '')
  return fraction === '' ? String(whole) : `${whole}.${fraction}`
}

/**
 * The JSON number for an answer, in currency units. Round-trips through {@link parseMoney} up to 8.5·10⁹ units; above,
 * a double has too few digits for the last micro.
 */
export const toUnits = (amount: Micros): number => amount / MICROS_PER_UNIT

/**
 * The most micros that are not above a non-negative number of units, at most {@link MAX_MICROS}: for amounts that a model or a
 * platform computed, which come as floats with all their digits. What is exact stays so: 8.29 is 8 290 000.
 */
export function microsFloor(units: number): Micros {
  assert(units >= 0, `${units} is not an amount`)
  if (units >= MAX_UNITS) return MAX_MICROS
  // The product is rounded, to either side; the quotient is the very float that the amount is read from.
  const near = Math.floor(units * MICROS_PER_UNIT)
  if ((near + 1) / MICROS_PER_UNIT <= units) return (near + 1) as Micros
  return (near / MICROS_PER_UNIT <= units ? near : near - 1) as Micros
}

export const sum = (a: Micros, b: Micros): Micros => micros(a + b)
export const least = (a: Micros, b: Micros): Micros => (a < b ? a : b)
/** a − b, or zero where b is larger. */
export const minus = (a: Micros, b: Micros): Micros => (a > b ? ((a - b) as Micros) : ZERO)

/** Decimals of a currency's minor unit by ISO 4217 (USD 2, JPY 0, BHD 3). Throws {@link MoneyError} for unknown codes. */
export function minorDigits(currency: string): number {
  if (!isCurrency(currency)) throw new MoneyError(`${currency} is not an ISO 4217 currency`)
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.resolvedOptions().maximumFractionDigits ?? 2
}

const currencies = new Set(Intl.supportedValuesOf('currency'))
export const isCurrency = (code: string): boolean => currencies.has(code)

/**
 * Whole minor units of an amount, `unitsPerMajor` of them to one unit (100 for cents, 1 for yen as Meta counts).
 * Rounds down: what is sent to a platform must not exceed what is held here.
 */
export function toMinorUnits(amount: Micros, unitsPerMajor: number): number {
  return Math.floor(amount / (MICROS_PER_UNIT / unitsPerMajor))
}

/** Micros of a whole number of minor units; see {@link toMinorUnits}. */
export const fromMinorUnits = (minor: number, unitsPerMajor: number): Micros =>
  micros(minor * (MICROS_PER_UNIT / unitsPerMajor))
