import type { Cell } from './read-connector.ts'

const PLACES = 6

/**
 * Micros of decimal text as platforms report money: however many decimals, negative where something was given back.
 * Rounded up, since it is what was spent; text where a double cannot hold it, null where it is no number.
 */
export function microsOf(decimal: unknown): Cell {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(String(decimal ?? '').trim())
  if (!match) return null
  const [, sign, whole = '', fraction = ''] = match
  const exact = BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'))
  const hasMore = /[1-9]/.test(fraction.slice(PLACES))
  const amount = sign === '-' ? -exact : exact + (hasMore ? 1n : 0n)
  const number = Number(amount)
  return Number.isSafeInteger(number) ? number : String(amount)
}

/** A count or a share in text; text where a double cannot hold it, null where it is no number. */
export function numberOf(text: unknown): Cell {
  const trimmed = String(text ?? '').trim()
  if (!/^-?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(trimmed)) return null
  const number = Number(trimmed)
  const isExact = !/^-?\d+$/.test(trimmed) || Number.isSafeInteger(number)
  return Number.isFinite(number) && isExact ? number : trimmed
}
