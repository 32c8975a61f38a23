import { type Micros, micros } from '../../money.ts'

/** Currencies that Meta counts in whole units. The list is Meta's own and differs from ISO 4217. */
const OFFSET_ONE = new Set(['CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND'])

/** How many of Meta's minor units make one unit of a currency: 1 or 100. */
export const minorUnitsOf = (currency: string): number => (OFFSET_ONE.has(currency) ? 1 : 100)

export const minorToMicros = (minor: number, currency: string): Micros =>
  micros(minor * (1_000_000 / minorUnitsOf(currency)))
