import { microsOf, numberOf } from '../decimal.ts'
import type { Cell, ReportSpec, Row, SpendReport } from '../read-connector.ts'

interface Metric {
  /** In the words of Bid Manager. */
  readonly metric: string
  /** What stands above it in the file, which spells some out in one place and shortens them in another. */
  readonly heading: RegExp
  readonly read: (text: unknown) => Cell
}

const metric = (name: string, heading: RegExp, read: Metric['read'] = numberOf): Metric => ({
  metric: `METRIC_${name}`,
  heading,
  read,
})

/** Our names for metrics. Money is in the advertiser's currency; `cost_micros` is what the advertiser pays. */
export const METRICS: Readonly<Record<string, Metric>> = {
  impressions: metric('IMPRESSIONS', /^Impressions$/),
  clicks: metric('CLICKS', /^Clicks$/),
  cost_micros: metric('REVENUE_ADVERTISER', /^Revenue \(Adv(ertiser)? Currency\)$/, microsOf),
  media_cost_micros: metric('MEDIA_COST_ADVERTISER', /^Media Cost \(Adv(ertiser)? Currency\)$/, microsOf),
  conversions: metric('TOTAL_CONVERSIONS', /^Total Conversions$/),
  post_click_conversions: metric('LAST_CLICKS', /^Post-Click Conversions$/),
  post_view_conversions: metric('LAST_IMPRESSIONS', /^Post-View Conversions$/),
}

export interface Level {
  readonly groupBy: string
  /** Heading of the name; that of the id has ` ID` behind it. */
  readonly heading: string
  readonly spec: ReportSpec
  readonly name: string
}

/** Floodlight counts conversions for up to 30 days after a click or a view, by default. */
const LOOKBACK_DAYS = 30

const level = (name: string, groupBy: string, heading: string): Level => ({
  name,
  groupBy,
  heading,
  spec: {
    fields: [...Object.keys(METRICS), `${name}_name`],
    key: ['date', `${name}_id`],
    dated: true,
    lookbackDays: LOOKBACK_DAYS,
    historyMonths: 24,
    maxDays: 366,
  },
})

export const LEVELS: Readonly<Record<string, Level>> = {
  campaign_performance: level('campaign', 'FILTER_MEDIA_PLAN', 'Campaign'),
  insertion_order_performance: level('insertion_order', 'FILTER_INSERTION_ORDER', 'Insertion Order'),
  line_item_performance: level('line_item', 'FILTER_LINE_ITEM', 'Line Item'),
}

/** What the advertiser pays. A daily budget is a limit; invalid traffic is taken out for some days. */
export const SPEND: SpendReport = {
  reportType: 'campaign_performance',
  campaignField: 'campaign_id',
  micros: (row) => Number(row['cost_micros'] ?? 0),
  settledAfterDays: 3,
  overDelivery: 1,
}

/** A line of a report under our own names; undefined for one that is no day of anything: totals, and what is said below. */
export function rowOf(
  record: Readonly<Record<string, unknown>>,
  { name, heading }: Level,
  fields: readonly string[],
): Row | undefined {
  const date = String(record['Date'] ?? '').replaceAll('/', '-')
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined
  const id = record[`${heading} ID`]
  if (typeof id !== 'string' || id === '') throw new Error(`a line of ${date} has no ${heading} ID`)
  const row: Record<string, Cell> = { date, [`${name}_id`]: id }
  let found = 0
  for (const field of fields) {
    const wanted = METRICS[field]
    if (wanted) {
      const column = Object.keys(record).find((one) => wanted.heading.test(one))
      if (column !== undefined) found += 1
      row[field] = column === undefined ? null : wanted.read(record[column])
    } else if (field === `${name}_name`) row[field] = textOf(record[heading])
  }
  // One column may be cut off; without any, the file is not what was asked for.
  if (found === 0 && fields.some((field) => METRICS[field]))
    throw new Error(`a line of ${date} has no figures`)
  return row
}

/** Files of an archive by the column that names their lines. */
const ID_COLUMNS = ['Line Item Id', 'Io Id', 'Campaign Id']

/** A line of a structured data file, under its own headings. */
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

export const SDF: ReportSpec = {
  fields: [],
  key: ['file', 'record_id'],
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}
