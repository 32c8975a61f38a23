/** What the windows promise, written as plainly as possible: logs that keep everything and add it up each time. */
export interface Entry {
  readonly atMs: number
  readonly wallMs: number
  amount: number
}

const total = (entries: readonly Entry[]): number => entries.reduce((sum, { amount }) => sum + amount, 0)

/** The truth of a sliding window: what was added less than `windowMs` ago. */
export const trueSum = (entries: readonly Entry[], nowMs: number, windowMs: number): number =>
  total(entries.filter(({ atMs }) => nowMs - atMs < windowMs))

/**
 * The documented rule of the ring: an amount counts until the end of its slot, a 600th of the window, plus the
 * window. In integers without rounding, for whole milliseconds.
 */
export const slotSum = (entries: readonly Entry[], nowMs: number, windowMs: number): number =>
  total(entries.filter(({ atMs }) => 600 * nowMs < (Math.floor((600 * atMs) / windowMs) + 601) * windowMs))

const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar date in a time zone, such as `2026-03-29`; later dates compare as larger. */
export function localDate(wallMs: number, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
  formats.set(timeZone, format)
  return format.format(wallMs)
}

/** The truth of a day window: what was added on the calendar date of `wallMs`. */
export function daySum(entries: readonly Entry[], wallMs: number, timeZone: string): number {
  const today = localDate(wallMs, timeZone)
  return total(entries.filter((entry) => localDate(entry.wallMs, timeZone) === today))
}
