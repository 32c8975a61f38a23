import { DateTime } from 'luxon'
import type { Clock } from '../../clock.ts'
import { zoneOf } from '../connectors/dates.ts'
import { countRows, sumByDay } from '../reports/index.ts'
import type { Store } from '../store/index.ts'
import type { Work } from './work.ts'

/** Micros by date, as the reading before had them; empty for a report that is not about spend. */
export type SpendBefore = Readonly<Record<string, number>>

/** Of the rows that are known, so many may be gone at the platform without a doubt about the reading. */
const MAX_SHARE_GONE = 0.2
/** Fewer than these are no sign of anything. */
const MIN_ROWS_GONE = 5
/** By so much the spend of a day that is over may fall: invalid traffic is taken off. */
const MAX_SHARE_FALLEN = 0.1

/** Taken when a job begins, since its rows replace those of the reading before. */
export async function spendBefore(
  { store }: { readonly store: Store },
  { connector, job, spec, range, source }: Work,
  remembered: SpendBefore | undefined,
): Promise<SpendBefore> {
  const { spend } = connector
  if (remembered || !spend || !range || !spec.dated || spend.reportType !== job.report_type)
    return remembered ?? {}
  return Object.fromEntries(await sumByDay(store, source, range, (row) => spend.micros(row)))
}

/** Whether a reading that is whole by its form lacks so much that it may be a fault of the platform. */
export async function shrinking(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { connector, spec, account, range, source }: Work,
  before: SpendBefore,
  fresh: number,
): Promise<{ readonly isShrunk: boolean; readonly caveats: readonly string[] }> {
  const dates = spec.dated ? range : undefined
  const gone = (await countRows(store, source, dates)) - (await countRows(store, source, dates, source.jobId))
  const lacksRows = gone >= MIN_ROWS_GONE && gone > (gone + fresh) * MAX_SHARE_GONE
  const { spend } = connector
  if (!spend || !range || Object.keys(before).length === 0) return { isShrunk: lacksRows, caveats: [] }

  const now = await sumByDay(store, source, range, (row) => spend.micros(row), source.jobId)
  const today = DateTime.fromMillis(clock.nowMs(), { zone: zoneOf(account.timezone) }).toISODate() ?? ''
  const fallen = Object.entries(before).filter(
    ([date, micros]) => date < today && (now.get(date) ?? 0) < micros * (1 - MAX_SHARE_FALLEN),
  )
  const caveats = fallen
    .slice(0, MAX_DAYS_NAMED)
    .map(
      ([date, micros]) => `the spend of ${date} fell from ${units(micros)} to ${units(now.get(date) ?? 0)}`,
    )
  if (fallen.length > MAX_DAYS_NAMED)
    caveats.push(`the spend of ${fallen.length - MAX_DAYS_NAMED} more days fell`)
  return { isShrunk: lacksRows || fallen.length > 0, caveats }
}

/** Days of a reading that a caveat names one by one. */
const MAX_DAYS_NAMED = 10

const units = (micros: number): string => (micros / 1_000_000).toFixed(2)

export const zoneCaveats = ({ account: { timezone } }: Pick<Work, 'account'>): string[] =>
  timezone === undefined || zoneOf(timezone) === timezone
    ? []
    : [
        `the account's time zone ${JSON.stringify(timezone)} is not known here: its days are taken to be those of UTC`,
      ]
