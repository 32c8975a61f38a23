import countries from 'i18n-iso-countries/index.js'
import { NOTHING, texts } from './fields.ts'

/** Normalises names that exchanges and publishers write in many ways, so that they can be compared. */

const NOT_PLAIN = /[^a-z0-9.-]|^\.|\.$/

/** Returns the host of a text in a domain field: `https://Shop.example:443/` gives `shop.example`. */
export function hostOf(written: string): string {
  if (!NOT_PLAIN.test(written)) return written
  const [host = ''] = written
    .trim()
    .toLowerCase()
    .replace(/^(?:[a-z][a-z0-9+.-]{0,20}:)?\/\//, '')
    .split(/[/:?#]/, 1)
  return host.endsWith('.') ? host.slice(0, -1) : host
}

const ANY_SUBDOMAIN = /^(?:\*?\.)?(?:www\.)?/

/**
 * Returns the domain of an advertiser without a common subdomain: `*.shop.example` and `www.shop.example` give
 * `shop.example`.
 */
export const advertiserDomain = (written: string): string => hostOf(written).replace(ANY_SUBDOMAIN, '')

/** Reads a list of currency codes, in upper case without blanks. Empty entries are skipped. */
export function currencyCodes(value: unknown, field: string): readonly string[] {
  const written = texts(value, field)
  if (written.length === 0) return NOTHING
  return [...new Set(written.map(currencyCode).filter((code) => code !== ''))]
}

export const currencyCode = (written: string): string => written.trim().toUpperCase()

const THREE_LETTERS: ReadonlyMap<string, string> = new Map(Object.entries(countries.getAlpha2Codes()))

/** A country in the three letters of ISO 3166, in upper case. Android gives the two letters, and SDKs pass them on. */
export function countryCode(written: string | undefined): string | undefined {
  const code = written?.trim().toUpperCase()
  return code?.length === 2 ? (THREE_LETTERS.get(code) ?? code) : code
}

/**
 * Normalises a category for comparison with blocked ones: exchanges write `iab7` for `IAB7`, and blocking too much does
 * no harm.
 */
export const blockedCategory = (written: string): string => written.trim().toUpperCase()
