import { DateTime } from 'luxon'
import { type DateRange, dateIn, daysOf, type ReportSpec, zoneOf } from '../../connectors/index.ts'
import { invalidField } from '../../errors.ts'

/** Days read by the first synchronisation of a dated report. */
const FIRST_DAYS = 30

const local = (nowMs: number, timezone: string | undefined) =>
  DateTime.fromMillis(nowMs, { zone: zoneOf(timezone) })

/** Date ranges to read for new days and for late conversions of older ones, in pieces that the platform allows. */
export function rangesToSync(
  spec: ReportSpec,
  nowMs: number,
  timezone: string | undefined,
  newestDate: string | undefined,
): DateRange[] {
  const today = local(nowMs, timezone).startOf('day')
  const newest =
    newestDate === undefined
      ? today.minus({ days: FIRST_DAYS })
      : DateTime.fromISO(newestDate, { zone: today.zone })
  let start = (newest < today ? newest : today).minus({
    days: newestDate === undefined ? 0 : spec.lookbackDays,
  })
  const ranges: DateRange[] = []
  while (start <= today) {
    const last =
      spec.maxDays === undefined ? today : DateTime.min(today, start.plus({ days: spec.maxDays - 1 }))
    ranges.push({ start: start.toISODate() ?? '', end: last.toISODate() ?? '' })
    start = last.plus({ days: 1 })
  }
  return ranges
}

/** Throws for dates outside the limits of the report, and says the limit. */
export function checkRange(
  spec: ReportSpec,
  range: DateRange,
  nowMs: number,
  timezone: string | undefined,
): void {
  const today = dateIn(nowMs, timezone)
  if (range.end < range.start) throw invalidField('date_range.end', 'is before date_range.start')
  if (range.start > today)
    throw invalidField('date_range.start', `is after today, ${today} where the account is`)
  if (spec.maxDays !== undefined && daysOf(range) > spec.maxDays) {
    throw invalidField('date_range', `may span at most ${spec.maxDays} days`)
  }
  if (spec.historyMonths === undefined) return
  const oldest = local(nowMs, timezone).minus({ months: spec.historyMonths }).toISODate() ?? ''
  if (range.start < oldest)
    throw invalidField(
      'date_range.start',
      `is before ${oldest}: the platform keeps ${spec.historyMonths} months`,
    )
}
