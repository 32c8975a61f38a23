import { type EncryptedPrices, openPrice } from './encrypted-price.ts'
import type { NoticeToken } from './notice-token.ts'
import { type Rates, rateBetween } from './price.ts'

/**
 * The forms in which a price arrives in a notice. Only `stated` and `verified` are prices. For every other form the
 * held amount is billed, because exchanges do bill for such notices and the hold is the most that the bid can cost.
 * Where the seat's exchange encrypts prices, `verified` was made with its keys, `unverifiable` was not, and
 * `not_encrypted` is a plain number that anybody can write.
 */
export type PriceForm =
  | 'stated'
  | 'verified'
  | 'unverifiable'
  | 'not_encrypted'
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

/**
 * Longest text that is read as a price or macro, in characters: more than any real one, and few enough for the regular
 * expressions below.
 */
const MAX_CHARS = 64
const UNEXPANDED = '${'
const AUDIT = 'AUDIT'
const MICROS_PER_UNIT = 1_000_000

/**
 * Reads `${AUCTION_PRICE}` and `${AUCTION_CURRENCY}` as the exchange filled them in, or left them. Where prices are
 * encrypted only the price is read: the currency is not encrypted and anybody could have written it.
 * @param encrypted undefined where the seat's exchange gives plain prices
 */
export function readClearingPrice(
  token: NoticeToken,
  price: string | undefined,
  currency: string | undefined,
  rates: Rates,
  encrypted: EncryptedPrices | undefined,
): ClearingPrice {
  const cpm = readCpm(token, price, currency, rates, encrypted)
  if (typeof cpm === 'string') return { form: cpm, cpm: token.price }
  if (cpm > token.price) return { form: 'above_bid', cpm: token.price }
  return { form: encrypted ? 'verified' : 'stated', cpm }
}

/** A price of a notice in CPM micros of the bid's currency, whether the bid would pay it or not; or why it is none. */
export function readCpm(
  token: Pick<NoticeToken, 'currency'>,
  price: string | undefined,
  currency: string | undefined,
  rates: Rates,
  encrypted: EncryptedPrices | undefined,
): number | PriceForm {
  const text = (price ?? '').slice(0, 2 * MAX_CHARS).trim()
  const read = unfilled(text) ?? (encrypted ? readEncrypted(text, encrypted) : readPlain(text))
  if (typeof read === 'string') return read
  const rate = encrypted
    ? rateBetween(rates, encrypted.currency ?? token.currency, token.currency)
    : rateOf(currency?.trim() ?? '', token.currency, rates)
  if (rate === undefined) return 'unknown_currency'
  return rate === 1 ? read : Math.ceil(read * rate)
}

/** The form of a macro that no price was put in for; undefined for a text that may be a price. */
function unfilled(text: string): PriceForm | undefined {
  if (text === '') return 'empty'
  if (text.toUpperCase() === AUDIT) return 'audit'
  return text.includes(UNEXPANDED) ? 'unexpanded' : undefined
}

function readEncrypted(text: string, encrypted: EncryptedPrices): number | PriceForm {
  const cpm = openPrice(encrypted, text)
  if (cpm !== undefined) return cpm < 0 ? 'negative' : cpm
  return typeof readPlain(text) === 'number' ? 'not_encrypted' : 'unverifiable'
}

function readPlain(text: string): number | PriceForm {
  if (text.length > MAX_CHARS) return 'not_a_number'
  if (/^-\d*\.?\d/.test(text)) return Number(text) === 0 ? 0 : 'negative'
  return readMicros(text) ?? 'not_a_number'
}

/** Micros of decimal text in units; digits below a micro are rounded up. */
function readMicros(text: string): number | undefined {
  const match = /^\+?(\d{1,10})(?:\.(\d*))?$/.exec(text)
  if (!match)
    return /^\+?(?:\d+(?:\.\d+)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)
      ? Math.ceil(Number(text) * MICROS_PER_UNIT)
      : undefined
  const decimals = match[2] ?? ''
  const micros = Number(match[1]) * MICROS_PER_UNIT + Number(decimals.slice(0, 6).padEnd(6, '0'))
  return /[1-9]/.test(decimals.slice(6)) ? micros + 1 : micros
}

/**
 * Rate from a notice's currency to the bid's. A notice without a currency is in the bid's own, by the specification.
 */
function rateOf(text: string, bidCurrency: string, rates: Rates): number | undefined {
  if (text === '' || text.toUpperCase() === AUDIT || text.includes(UNEXPANDED)) return 1
  return rateBetween(rates, text.toUpperCase(), bidCurrency)
}
