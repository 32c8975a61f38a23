import { e164 } from '../connectors/index.ts'

/** Whether an e-mail address is in a text. Looked for by hand, since a pattern for it would take the square of the text's length. */
export function hasEmail(text: string): boolean {
  if (!text.includes('@')) return false
  const parts = text.split('@')
  return parts.some((after, at) => at > 0 && ENDS_NAME.test(parts[at - 1] ?? '') && BEGINS_DOMAIN.test(after))
}

const ENDS_NAME = /[^\s@/?&=:,;<>()[\]"]$/
const BEGINS_DOMAIN = /^[^\s@/?&=:,;<>()[\]".]+\.[^\s@/?&=:,;<>()[\]".]/

const PHONE_CHARACTERS = /^[+\d\s().-]+$/
const BETWEEN = /[\s().-]/
/** What has the characters of a number and is none: a date, a decimal, an address of IP, a span of amounts. */
const NO_PHONE = /^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[.-]\d{1,2}[.-]\d{4}|\d+(\.\d+){1,3}|\d{1,5}-\d{1,5})$/
const MOST_CHARACTERS = 30

/**
 * Whether a whole text is written as a phone number: with a plus or an exit code, or in the groups that people make. Digits alone are ids far
 * more often; see {@link isCertainNumber}.
 */
export function isPhoneText(text: string): boolean {
  const trimmed = text.trim()
  if (trimmed.length > MOST_CHARACTERS || !PHONE_CHARACTERS.test(trimmed)) return false
  const digits = trimmed.replace(/\D/g, '').length
  if (digits < 7 || digits > 17 || NO_PHONE.test(trimmed)) return false
  return trimmed.startsWith('+') || trimmed.startsWith('00') || BETWEEN.test(trimmed)
}

/** Whether digits alone are a phone number of some country, with its country code, or begin like one within a country. */
export function isCertainNumber(text: string): boolean {
  if (!/^\d{10,15}$/.test(text)) return false
  return /^0[1-9]\d{8,9}$/.test(text) || e164(text, undefined) !== ''
}
