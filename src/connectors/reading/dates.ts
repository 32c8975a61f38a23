import { DateTime } from 'luxon'
import { isTimeZone } from '../../time/time-zone.ts'
import type { DateRange } from '../platform/connector.ts'

const DAY_MS = 86_400_000

/** The date `days` later, or earlier for a negative number. */
export const plusDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)

/** The day after a date. */
export const dayAfter = (date: string): string => plusDays(date, 1)

/** Splits the range into pieces of at most `days` days, oldest first. */
export function slicesOf({ start, end }: DateRange, days: number): DateRange[] {
  const slices: DateRange[] = []
  for (let from = start; from <= end; from = plusDays(from, days)) {
    const last = plusDays(from, days - 1)
    slices.push({ start: from, end: last < end ? last : end })
  }
  return slices
}

/** Number of days in a range, both ends included. */
export const daysOf = ({ start, end }: DateRange): number =>
  Math.round((Date.parse(end) - Date.parse(start)) / DAY_MS) + 1

/** Splits a range of two or more days in two; the first half is the longer one. */
export function halvesOf(range: DateRange): [DateRange, DateRange] {
  const middle = plusDays(range.start, Math.ceil(daysOf(range) / 2) - 1)
  return [
    { start: range.start, end: middle },
    { start: dayAfter(middle), end: range.end },
  ]
}

/** The account's time zone, or UTC for a zone that is unknown here. */
export const zoneOf = (timezone: string | undefined): string =>
  timezone !== undefined && isTimeZone(timezone) ? timezone : 'utc'

/** The local date of the account at a time. */
export const dateIn = (atMs: number, timezone: string | undefined): string =>
  DateTime.fromMillis(atMs, { zone: zoneOf(timezone) }).toISODate() ?? ''
