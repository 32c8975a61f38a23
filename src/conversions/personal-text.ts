import { e164 } from '../connectors/index.ts'

/** Whether a text contains an e-mail address. Written by hand, since a regular expression would take quadratic time. */
export function hasEmail(text: string): boolean {
  if (!text.includes('@')) return false
  const parts = text.split('@')
  return parts.some((after, at) => at > 0 && ENDS_NAME.test(parts[at - 1] ?? '') && BEGINS_DOMAIN.test(after))
}

const ENDS_NAME = /[^\s@/?&=:,;<>()[\]"]$/
const BEGINS_DOMAIN = /^[^\s@/?&=:,;<>()[\]".]+\.[^\s@/?&=:,;<>()[\]".]/

const PHONE_CHARACTERS = /^[+\d\s().-]+$/
const BETWEEN = /[\s().-]/
/** Texts that look like a phone number but are none: a date, a decimal number, an IP address, a range of amounts. */
const NO_PHONE = /^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[.-]\d{1,2}[.-]\d{4}|\d+(\.\d+){1,3}|\d{1,5}-\d{1,5})$/
/** Longer texts are no phone numbers; in characters. */
const MOST_CHARACTERS = 30

/**
 * Whether the whole text is written as a phone number: with a plus or an exit code, or in groups of digits. Digits
 * alone are far more often an id; see {@link isCertainNumber}.
 */
export function isPhoneText(text: string): boolean {
  const trimmed = text.trim()
  if (trimmed.length > MOST_CHARACTERS || !PHONE_CHARACTERS.test(trimmed)) return false
  const digits = trimmed.replace(/\D/g, '').length
  if (digits < 7 || digits > 17 || NO_PHONE.test(trimmed)) return false
  return trimmed.startsWith('+') || trimmed.startsWith('00') || BETWEEN.test(trimmed)
}

/** Whether digits alone are a phone number of some country, with its country code, or begin like a national one. */
export function isCertainNumber(text: string): boolean {
  if (!/^\d{10,15}$/.test(text)) return false
  return /^0[1-9]\d{8,9}$/.test(text) || e164(text, undefined) !== ''
}
