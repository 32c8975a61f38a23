import type { NoticeToken } from './notice-token.ts'
import { type Rates, rateBetween } from './price.ts'

/**
 * The forms a price macro arrives in. Only `stated` is a price; for all others the held price is taken, since exchanges
 * do bill for such notices and the hold is the most the bid can cost.
 */
export type PriceForm =
  | 'stated'
  | 'empty'
  | 'audit'
  | 'unexpanded'
  | 'not_a_number'
  | 'negative'
  | 'above_bid'
  | 'unknown_currency'

export interface ClearingPrice {
  readonly form: PriceForm
  /** CPM micros in the bid's currency, at most the bid's price. */
  readonly cpm: number
}

/** Longer than any price and any macro, and short enough for the expressions below. */
const MAX_CHARS = 64
const UNEXPANDED = '${'
const AUDIT = 'AUDIT'
const MICROS_PER_UNIT = 1_000_000

/** Reads `${AUCTION_PRICE}` and `${AUCTION_CURRENCY}` as an exchange filled them in, or did not. */
export function readClearingPrice(
  token: NoticeToken,
  price: string | undefined,
  currency: string | undefined,
  rates: Rates,
): ClearingPrice {
  const read = readPrice((price ?? '').slice(0, 2 * MAX_CHARS).trim())
  if (typeof read === 'string') return { form: read, cpm: token.price }
  const rate = rateOf(currency?.trim() ?? '', token.currency, rates)
  if (rate === undefined) return { form: 'unknown_currency', cpm: token.price }
  const cpm = rate === 1 ? read : Math.ceil(read * rate)
  return cpm > token.price ? { form: 'above_bid', cpm: token.price } : { form: 'stated', cpm }
}

function readPrice(text: string): number | PriceForm {
  if (text === '') return 'empty'
  if (text.length > MAX_CHARS) return 'not_a_number'
  if (text.toUpperCase() === AUDIT) return 'audit'
  if (text.includes(UNEXPANDED)) return 'unexpanded'
  if (/^-\d*\.?\d/.test(text)) return Number(text) === 0 ? 0 : 'negative'
  return readMicros(text) ?? 'not_a_number'
}

/** Micros of decimal text, rounded up where there are more than six decimals. */
function readMicros(text: string): number | undefined {
  const match = /^\+?(\d{1,10})(?:\.(\d*))?$/.exec(text)
  if (!match)
    return /^\+?\d*\.?\d+(e[+-]?\d{1,3})?$/i.test(text)
      ? Math.ceil(Number(text) * MICROS_PER_UNIT)
      : undefined
  const decimals = match[2] ?? ''
  const micros = Number(match[1]) * MICROS_PER_UNIT + Number(decimals.slice(0, 6).padEnd(6, '0'))
  return /[1-9]/.test(decimals.slice(6)) ? micros + 1 : micros
}

/** A currency that is not said is the bid's own, as the specification has it. */
function rateOf(text: string, bidCurrency: string, rates: Rates): number | undefined {
  if (text === '' || text.toUpperCase() === AUDIT || text.includes(UNEXPANDED)) return 1
  return rateBetween(rates, text.toUpperCase(), bidCurrency)
}
