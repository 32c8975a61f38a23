/** Decimals that the service counts money in. */
const MOST_DECIMALS = 6
const formats = new Map<string, Intl.NumberFormat>()

function moneyFormat(currency: string, decimals: number | undefined): Intl.NumberFormat {
  const key = `${currency} ${decimals}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency,
      ...(decimals !== undefined && { maximumFractionDigits: decimals }),
    })
    formats.set(key, format)
  }
  return format
}

/**
 * An amount in units of its currency, with the currency's decimals. What is less than its smallest coin shows all of its
 * own, so that money never looks like none.
 */
export function money(amount: number, currency: string): string {
  const usual = moneyFormat(currency, undefined)
  const decimals = usual.resolvedOptions().maximumFractionDigits ?? 2
  const isTiny = amount !== 0 && Math.abs(amount) < 10 ** -decimals
  return (isTiny ? moneyFormat(currency, MOST_DECIMALS) : usual).format(amount)
}

const shares = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
/** A share, from 0 to 1, in per cent. */
export const percent = (share: number): string => shares.format(share)

const numbers = new Intl.NumberFormat()
export const count = (number: number): string => numbers.format(number)

/** A length of time in its largest unit, and the next below where that says more: `1 h 20 min`, `45 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.ceil(ms))} ms`
  const seconds = Math.ceil(ms / 1_000)
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ]
  const at = units.findIndex(([, size]) => seconds >= size)
  let rest = seconds
  const parts: string[] = []
  for (const [unit, size] of units.slice(at, at + 2)) {
    const whole = Math.floor(rest / size)
    rest -= whole * size
    if (whole > 0) parts.push(`${whole} ${unit}`)
  }
  return parts.join(' ')
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** @param zone a time zone of the IANA; the viewer's own where it is undefined */
export function clock(at: Date, zone: string | undefined, style: 'time' | 'full'): string {
  const key = `${style} ${zone}`
  let format = clocks.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, {
      ...(style === 'full' && { dateStyle: 'medium' }),
      timeStyle: 'medium',
      ...(zone !== undefined && { timeZone: zone }),
    })
    clocks.set(key, format)
  }
  return format.format(at)
}

export const viewersZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

/** A code of the API as words: `budget_exceeded` is `budget exceeded`. */
export const words = (code: string): string => code.replaceAll('_', ' ')
