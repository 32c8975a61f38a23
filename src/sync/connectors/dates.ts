import { isTimeZone } from '../../time-zone.ts'
import type { DateRange } from './read-connector.ts'

const DAY_MS = 86_400_000

/** A date so many days later; before, where negative. */
export const plusDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)

/** The next date. */
export const dayAfter = (date: string): string => plusDays(date, 1)

/** The range in pieces of at most so many days, oldest first. */
export function slicesOf({ start, end }: DateRange, days: number): DateRange[] {
  const slices: DateRange[] = []
  for (let from = start; from <= end; from = plusDays(from, days)) {
    const last = plusDays(from, days - 1)
    slices.push({ start: from, end: last < end ? last : end })
  }
  return slices
}

/** The account's time zone, or UTC where the platform names one that is not known here. */
export const zoneOf = (timezone: string | undefined): string =>
  timezone !== undefined && isTimeZone(timezone) ? timezone : 'utc'
