import { dateIn, zoneOf } from '../../connectors/index.ts'
import type { Clock } from '../../time/clock.ts'
import { countRows, sumByDay } from '../reports/index.ts'
import type { Store } from '../store/index.ts'
import type { RunningJob } from './work.ts'

/** Micros by date, as the previous reading had them; empty for a report without spend. */
export type SpendBefore = Readonly<Record<string, number>>

/** Largest share of the known rows, 0 to 1, that may vanish before the reading is doubted. */
const MAX_SHARE_GONE = 0.2
/** Fewer vanished rows than this raise no doubt. */
const MIN_ROWS_GONE = 5
/** Largest share, 0 to 1, by which the spend of a past day may fall, since invalid traffic is removed. */
const MAX_SHARE_FALLEN = 0.1

/** Read when a job begins, because its rows replace those of the previous reading. */
export async function spendBefore(
  { store }: { readonly store: Store },
  { connector, job, spec, range, source }: RunningJob,
  remembered: SpendBefore | undefined,
): Promise<SpendBefore> {
  const { spend } = connector
  if (remembered || !spend || !range || !spec.dated || spend.reportType !== job.report_type)
    return remembered ?? {}
  const sums = await sumByDay(store, source, range, (row) => spend.micros(row))
  return Object.fromEntries([...sums].flatMap(([date, micros]) => (micros === null ? [] : [[date, micros]])))
}

/** Whether a formally complete reading lacks so much that the platform may have failed. */
export async function shrinking(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { connector, spec, account, range, source }: RunningJob,
  before: SpendBefore,
  fresh: number,
): Promise<{ readonly isShrunk: boolean; readonly caveats: readonly string[] }> {
  const dates = spec.dated ? range : undefined
  const gone = (await countRows(store, source, dates)) - (await countRows(store, source, dates, source.jobId))
  const lacksRows = gone >= MIN_ROWS_GONE && gone > (gone + fresh) * MAX_SHARE_GONE
  const { spend } = connector
  if (!spend || !range || Object.keys(before).length === 0) return { isShrunk: lacksRows, caveats: [] }

  const now = await sumByDay(store, source, range, (row) => spend.micros(row), source.jobId)
  const today = dateIn(clock.nowMs(), account.timezone)
  const fallen = Object.entries(before).flatMap(([date, was]) => {
    // A day without a row cost nothing. A day whose rows have no figure cannot be compared.
    const is = now.has(date) ? now.get(date) : 0
    if (date >= today || is == null || is >= was * (1 - MAX_SHARE_FALLEN)) return []
    return [`the spend of ${date} fell from ${units(was)} to ${units(is)}`]
  })
  const caveats = fallen.slice(0, MAX_DAYS_NAMED)
  if (fallen.length > MAX_DAYS_NAMED)
    caveats.push(`the spend of ${fallen.length - MAX_DAYS_NAMED} more days fell`)
  return { isShrunk: lacksRows || fallen.length > 0, caveats }
}

/** Most days named in a caveat. */
const MAX_DAYS_NAMED = 10

const units = (micros: number): string => (micros / 1_000_000).toFixed(2)

export const zoneCaveats = ({ account: { timezone } }: Pick<RunningJob, 'account'>): string[] =>
  timezone === undefined || zoneOf(timezone) === timezone
    ? []
    : [
        `the account's time zone ${JSON.stringify(timezone)} is not known here: its days are taken to be those of UTC`,
      ]
