import { costOf, dateIn, zoneOf } from '../../connectors/index.ts'
import type { Clock } from '../../time/clock.ts'
import { countByDay, countRows, visitRows } from '../reports/index.ts'
import type { Store } from '../store/index.ts'
import type { RunningJob } from './work.ts'

/** What the previous reading had. */
export interface ReadingBefore {
  /** Micros by date; empty for a report without spend. */
  readonly cost: Readonly<Record<string, number>>
  /** Rows of past days in which a figure was above 0, by field. */
  readonly above: Readonly<Record<string, number>>
}

/** Largest share of the known rows, 0 to 1, that may vanish before the reading is doubted. */
const MAX_SHARE_GONE = 0.2
/** Fewer vanished rows, or figures that became 0, than this raise no doubt. */
const MIN_ROWS_GONE = 5
/** Largest share, 0 to 1, by which the spend of a past day may fall, since invalid traffic is removed. */
const MAX_SHARE_FALLEN = 0.1
/** Most days named in a caveat. */
const MAX_DAYS_NAMED = 10

interface Deps {
  readonly store: Store
  readonly clock: Clock
}

/** Read when a job begins, because its rows replace those of the previous reading. */
export async function readingBefore(
  deps: Deps,
  work: RunningJob,
  remembered: ReadingBefore | undefined,
): Promise<ReadingBefore> {
  // A job that an earlier version began remembers only spend, without the name.
  if (remembered?.above) return remembered
  const { cost, figures } = await summed(deps, work)
  const above = [...figures].flatMap(([name, rows]) => (rows.above > 0 ? [[name, rows.above] as const] : []))
  const known = [...cost].flatMap(([date, micros]) => (micros === null ? [] : [[date, micros] as const]))
  return { cost: Object.fromEntries(known), above: Object.fromEntries(above) }
}

/** Whether a formally complete reading lacks so much that the platform may have failed. */
export async function shrinking(
  deps: Deps,
  work: RunningJob,
  before: ReadingBefore,
  fresh: number,
): Promise<{ readonly isShrunk: boolean; readonly caveats: readonly string[] }> {
  const { store } = deps
  const { spec, range, source } = work
  const dates = spec.dated ? range : undefined
  const gone = (await countRows(store, source, dates)) - (await countRows(store, source, dates, source.jobId))
  const lacksRows = isTooMany(gone, gone + fresh)
  if (!dates) return { isShrunk: lacksRows, caveats: [] }

  const days = (await countByDay(store, source, dates)).filter(({ all, read }) => isTooMany(all - read, all))
  const { cost, figures } = await summed(deps, work, source.jobId)
  const today = todayOf(deps, work)
  const fallen = Object.entries(before.cost).flatMap(([date, was]) => {
    // A day without a row cost nothing. A day whose rows have no figure cannot be compared.
    const is = cost.has(date) ? cost.get(date) : 0
    if (date >= today || is == null || is >= was * (1 - MAX_SHARE_FALLEN)) return []
    return [`the spend of ${date} fell from ${units(was)} to ${units(is)}`]
  })
  const zeroed = Object.entries(before.above).flatMap(([name, rows]) => {
    const now = figures.get(name)
    if (rows < MIN_ROWS_GONE || !now || now.above > 0 || now.zero < MIN_ROWS_GONE || now.zero < now.all)
      return []
    return [
      `${name} was above 0 in ${rows} rows of the reading before, and is 0 in all ${now.zero} rows of past days in this one`,
    ]
  })
  const lacking = days.flatMap(({ date, all, read, absent }) =>
    isTooMany(all - read - absent, all) ? [`the rows of ${date} fell from ${all} to ${read}`] : [],
  )
  const caveats = [
    ...named(fallen, (more) => `the spend of ${more} more days fell`),
    ...zeroed,
    // Where most of all rows are missing, that is said with their number.
    ...(lacksRows ? [] : named(lacking, (more) => `the rows of ${more} more days fell`)),
  ]
  return { isShrunk: lacksRows || days.length > 0 || fallen.length > 0, caveats }
}

interface FigureRows {
  all: number
  above: number
  zero: number
}

/**
 * Cost by day, null for a day with a row that lacks it, and how the figures of past days are.
 * @param by only rows that this job has read
 */
async function summed(deps: Deps, work: RunningJob, by?: string) {
  const { connector, job, spec, range, source } = work
  const cost = new Map<string, number | null>()
  const figures = new Map<string, FigureRows>()
  if (!range || !spec.dated) return { cost, figures }
  const { spend } = connector
  const microsOf = spend?.reportType === job.report_type ? spend.micros : costOf
  const names = spec.fields.filter((name) => !spec.key.includes(name))
  const today = todayOf(deps, work)
  await visitRows(
    deps.store,
    source,
    range,
    (date, row) => {
      const [sum = 0, micros] = [cost.get(date), microsOf(row)]
      cost.set(date, sum === null || micros === null ? null : sum + micros)
      if (date >= today) return
      for (const name of names) {
        const rows = figures.get(name) ?? { all: 0, above: 0, zero: 0 }
        const value = row[name]
        rows.all += 1
        if (typeof value === 'number' && value > 0) rows.above += 1
        if (value === 0) rows.zero += 1
        figures.set(name, rows)
      }
    },
    by,
  )
  return { cost, figures }
}

const isTooMany = (gone: number, all: number): boolean => gone >= MIN_ROWS_GONE && gone > all * MAX_SHARE_GONE

const todayOf = ({ clock }: Deps, { account }: RunningJob): string => dateIn(clock.nowMs(), account.timezone)

/** The first texts, and how many more there are. */
const named = (texts: readonly string[], more: (number: number) => string): string[] =>
  texts.length <= MAX_DAYS_NAMED
    ? [...texts]
    : [...texts.slice(0, MAX_DAYS_NAMED), more(texts.length - MAX_DAYS_NAMED)]

const units = (micros: number): string => (micros / 1_000_000).toFixed(2)

/** The caveat of an account whose time zone is unknown here; none for a known one. */
export const zoneCaveats = ({ account: { timezone } }: Pick<RunningJob, 'account'>): string[] =>
  timezone === undefined || zoneOf(timezone) === timezone
    ? []
    : [
        `the account's time zone ${JSON.stringify(timezone)} is not known here: its days are taken to be those of UTC`,
      ]
