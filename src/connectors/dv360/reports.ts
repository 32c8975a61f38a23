import type { Caveats } from '../platform/caveats.ts'
import type { ReportSpec } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type FigureKind, readFigure } from '../reading/figures.ts'
import { dailyReport, spendOfCampaigns, undatedReport } from '../reading/report-specs.ts'

interface Metric {
  /** Bid Manager's name of the metric. */
  readonly metric: string
  /** Heading of its column in the file; the same heading is spelled out in some places and shortened in others. */
  readonly heading: RegExp
  readonly is: FigureKind
}

const metric = (name: string, heading: RegExp, is: FigureKind): Metric => ({
  metric: `METRIC_${name}`,
  heading,
  is,
})

/** Metrics by our names. Money is in the advertiser's currency; `cost_micros` is what the advertiser pays. */
export const METRICS: Readonly<Record<string, Metric>> = {
  impressions: metric('IMPRESSIONS', /^Impressions$/, 'count'),
  clicks: metric('CLICKS', /^Clicks$/, 'count'),
  cost_micros: metric('REVENUE_ADVERTISER', /^Revenue \(Adv(ertiser)? Currency\)$/, 'money'),
  media_cost_micros: metric('MEDIA_COST_ADVERTISER', /^Media Cost \(Adv(ertiser)? Currency\)$/, 'money'),
  conversions: metric('TOTAL_CONVERSIONS', /^Total Conversions$/, 'number'),
  post_click_conversions: metric('LAST_CLICKS', /^Post-Click Conversions$/, 'number'),
  post_view_conversions: metric('LAST_IMPRESSIONS', /^Post-View Conversions$/, 'number'),
}

export interface Dv360Level {
  readonly groupBy: string
  /** Heading of the name column; the id column has ` ID` after it. */
  readonly heading: string
  readonly spec: ReportSpec
  readonly name: string
}

/**
 * Days for which figures may still grow: by default Floodlight counts conversions up to 30 days after a click or view.
 */
const LOOKBACK_DAYS = 30

const level = (name: string, groupBy: string, heading: string): Dv360Level => ({
  name,
  groupBy,
  heading,
  spec: dailyReport(['date', `${name}_id`], [...Object.keys(METRICS), `${name}_name`], {
    lookbackDays: LOOKBACK_DAYS,
    historyMonths: 24,
    maxDays: 366,
  }),
})

export const LEVELS: Readonly<Record<string, Dv360Level>> = {
  campaign_performance: level('campaign', 'FILTER_MEDIA_PLAN', 'Campaign'),
  insertion_order_performance: level('insertion_order', 'FILTER_INSERTION_ORDER', 'Insertion Order'),
  line_item_performance: level('line_item', 'FILTER_LINE_ITEM', 'Line Item'),
}

/** What the advertiser pays. A daily budget is a limit here; invalid traffic is removed within some days. */
export const SPEND = spendOfCampaigns({ settledAfterDays: 3, overDelivery: 1 })

/** Text of a file without rows. */
export const NO_DATA = /^No data returned/i

/** Describes what is missing in a file; undefined when it has all ordered columns. */
export function problemOf(
  columns: readonly string[],
  { heading }: Dv360Level,
  fields: readonly string[],
): string | undefined {
  if (columns.length === 1 && NO_DATA.test(columns[0] ?? '')) return undefined
  const metrics = fields.filter((field) => {
    const wanted = METRICS[field]
    return wanted && !columns.some((one) => wanted.heading.test(one))
  })
  const missing = [...['Date', `${heading} ID`].filter((one) => !columns.includes(one)), ...metrics]
  return missing.length > 0 ? `it has no column for ${missing.join(', ')}` : undefined
}

/** Turns a line of a report into a row; undefined for a line of totals. */
export function rowOf(
  caveats: Caveats,
  record: Readonly<Record<string, unknown>>,
  { name, heading }: Dv360Level,
  fields: readonly string[],
): Row | undefined {
  const written = String(record['Date'] ?? '').trim()
  const id = textOf(record[`${heading} ID`])
  if (written === '' && id === null) return undefined
  if (id === null) throw new Error(`it has no ${heading} ID`)
  const date = written.replaceAll('/', '-')
  const isDated = /^\d{4}-\d{2}-\d{2}$/.test(date)
  // A word in place of the date means "no day". Digits mean a date in another format, which is an error.
  if (!isDated && /^\d/.test(date)) throw new Error(`its date is written as ${written}`)
  const row: Record<string, Cell> = { date: isDated ? date : null, [`${name}_id`]: id }
  for (const field of fields) {
    const wanted = METRICS[field]
    if (wanted) {
      const column = Object.keys(record).find((one) => wanted.heading.test(one)) ?? ''
      row[field] = readFigure(caveats, field, record[column], wanted.is)
    } else if (field === `${name}_name`) row[field] = textOf(record[heading])
  }
  if (!isDated) caveats.undated(row, written)
  return row
}

/** Key column of each file in an archive. */
const ID_COLUMNS = ['Line Item Id', 'Io Id', 'Campaign Id']

/** Describes what is missing in a structured data file; undefined when nothing is. */
export const sdfProblemOf = (columns: readonly string[]): string | undefined =>
  ID_COLUMNS.some((one) => columns.includes(one))
    ? undefined
    : `it has none of the columns ${ID_COLUMNS.join(', ')}`

/** Turns a line of a structured data file into a row, under its own headings. */
export function sdfRowOf(record: Readonly<Record<string, unknown>>, file: string): Row {
  const column = ID_COLUMNS.find((one) => textOf(record[one]) !== null)
  if (column === undefined) throw new Error(`a line of ${file} has no id`)
  const cells = Object.entries(record).map(([name, value]) => [name, textOf(value)] as const)
  return {
    file: file.replace(/^.*\/|^SDF-|\.csv$/g, ''),
    record_id: String(record[column]),
    ...Object.fromEntries(cells),
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

export const SDF = undatedReport(['file', 'record_id'], [])
