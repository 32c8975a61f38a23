import type { Caveats } from '../platform/caveats.ts'
import type { ReportSpec } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type FigureKind, readFigure } from '../reading/figures.ts'
import { dailyReport, spendOfCampaigns } from '../reading/report-specs.ts'

type Kind = 'id' | 'text' | FigureKind
/** One of our columns: its name here, its heading in the report, and its kind. */
interface Column {
  readonly name: string
  readonly header: string
  readonly is: Kind
}

const column = (name: string, header: string, is: Kind): Column => ({ name, header, is })

const DATE = column('date', 'Date', 'id')
const CAMPAIGN_ID = column('campaign_id', 'Campaign ID', 'id')
const CAMPAIGN_NAME = column('campaign_name', 'Campaign', 'text')
const METRICS = [
  column('impressions', 'Impressions', 'count'),
  column('clicks', 'Clicks', 'count'),
  column('cost_micros', 'Advertiser Cost (Adv Currency)', 'money'),
  column('media_cost_micros', 'Media Cost (Adv Currency)', 'money'),
  column('conversions', 'All Last Click + View Conversions', 'number'),
]

export interface TradeDeskReport {
  readonly spec: ReportSpec
  readonly key: readonly Column[]
  readonly columns: readonly Column[]
}

/** Days for which figures may still change. */
const LOOKBACK_DAYS = 28
/** Most days of one request for a report. */
const MAX_DAYS = 92

const report = (key: readonly Column[], columns: readonly Column[]): TradeDeskReport => ({
  key,
  columns,
  spec: dailyReport(
    key.map(({ name }) => name),
    columns.map(({ name }) => name),
    { lookbackDays: LOOKBACK_DAYS, historyMonths: undefined, maxDays: MAX_DAYS },
  ),
})

/** Reports, read through a template of the partner's that has at least the columns of the key. */
export const REPORTS: Readonly<Record<string, TradeDeskReport>> = {
  campaign_performance: report([DATE, CAMPAIGN_ID], [...METRICS, CAMPAIGN_NAME]),
  ad_group_performance: report(
    [DATE, column('ad_group_id', 'Ad Group ID', 'id')],
    [...METRICS, column('ad_group_name', 'Ad Group', 'text'), CAMPAIGN_ID, CAMPAIGN_NAME],
  ),
}

/** The platform does not say that a day may exceed its budget. */
export const SPEND = spendOfCampaigns({ settledAfterDays: 3, overDelivery: 1 })

/** Columns that are added up over rows, by our names. */
export const SUMS: readonly string[] = METRICS.map(({ name }) => name)

/** Describes what is missing in a file; undefined when it has everything that a template must have. */
export function problemOf(
  columns: readonly string[],
  { key, columns: ours }: TradeDeskReport,
): string | undefined {
  const figures = ours.filter(({ is }) => is !== 'id' && is !== 'text')
  const missing = key.filter(({ header }) => !columns.includes(header)).map(({ header }) => header)
  if (missing.length > 0) return `the report template has no column ${missing.join(', ')}`
  // A template may leave out some figures, but not all of them.
  if (!figures.some(({ header }) => columns.includes(header)))
    return `the report template has none of the columns ${figures.map(({ header }) => header).join(', ')}`
  return undefined
}

/**
 * Turns a line of a report into a row; undefined for a line without a date, which sums up the others. Unknown columns
 * keep their names.
 */
export function rowOf(
  caveats: Caveats,
  record: Readonly<Record<string, unknown>>,
  { key, columns }: TradeDeskReport,
): Row | undefined {
  const written = textOf(record[DATE.header])
  const idColumns = key.filter(({ name }) => name !== DATE.name)
  const hasId = idColumns.every(({ header }) => textOf(record[header]) !== '')
  if (/^(total|grand total)?$/i.test(written) && !hasId) return undefined
  if (!hasId) throw new Error(`it has no ${idColumns.map(({ header }) => header).join(', ')}`)
  const known = new Map([...key, ...columns].map((one) => [one.header, one]))
  const names = new Set([...known.values()].map(({ name }) => name))
  const row: Record<string, Cell> = {}
  for (const [header, value] of Object.entries(record)) {
    const ours = known.get(header)
    if (ours) row[ours.name] = cellOf(caveats, ours, textOf(value))
    else row[freeName(header, names)] = textOf(value)
  }
  const [date] = /^\d{4}-\d{2}-\d{2}/.exec(written) ?? []
  // A word in place of the date means "no day". Digits mean a date in another format, which is an error.
  if (date === undefined && /^\d/.test(written)) throw new Error(`its date is written as ${written}`)
  const dated = { ...row, date: date ?? null }
  if (date === undefined) caveats.undated(dated, written)
  return dated
}

/** Name for an unknown column that differs from all of ours. */
const freeName = (header: string, taken: ReadonlySet<string>): string =>
  taken.has(header) ? freeName(`_${header}`, taken) : header

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

function cellOf(caveats: Caveats, { name, is }: Column, text: string): Cell {
  if (is === 'id' || is === 'text') return text === '' ? null : text
  return readFigure(caveats, name, text, is)
}
