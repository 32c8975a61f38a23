import type { Caveats } from '../platform/caveats.ts'
import type { ReportSpec } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type FigureKind, readFigure } from '../reading/figures.ts'
import { dailyReport, undatedReport } from '../reading/report-specs.ts'

interface Metric {
  /** Amazon's name of the metric. */
  readonly metric: string
  readonly is: FigureKind
}

/** Metrics by our names. Money is in the advertiser's currency; conversions are those within 14 days. */
export const METRICS: Readonly<Record<string, Metric>> = {
  impressions: { metric: 'impressions', is: 'count' },
  clicks: { metric: 'clickThroughs', is: 'count' },
  cost_micros: { metric: 'totalCost', is: 'money' },
  detail_page_views: { metric: 'dpv14d', is: 'count' },
  purchases: { metric: 'purchases14d', is: 'count' },
  sales_micros: { metric: 'sales14d', is: 'money' },
}

export interface AmazonLevel {
  /** Amazon's names of the dimensions. */
  readonly dimensions: readonly string[]
  /** Our column by Amazon's name. */
  readonly names: Readonly<Record<string, string>>
  readonly spec: ReportSpec
}

const ORDER = { order_id: 'orderId', order_name: 'orderName' }
const LINE_ITEM = { line_item_id: 'lineItemId', line_item_name: 'lineItemName' }
/** Days after an impression within which conversions are counted. */
const LOOKBACK_DAYS = 14
/** The longest range of one report, in days. */
const MAX_DAYS = 31

const level = (
  key: string,
  dimensions: readonly string[],
  names: Readonly<Record<string, string>>,
): AmazonLevel => ({
  dimensions,
  names,
  spec: dailyReport(
    ['date', key],
    [...Object.keys(METRICS), ...Object.keys(names).filter((name) => name !== key)],
    { lookbackDays: LOOKBACK_DAYS, historyMonths: undefined, maxDays: MAX_DAYS },
  ),
})

export const LEVELS: Readonly<Record<string, AmazonLevel>> = {
  campaign_performance: level('order_id', ['ORDER'], ORDER),
  line_item_performance: level('line_item_id', ['ORDER', 'LINE_ITEM'], { ...LINE_ITEM, ...ORDER }),
}

/** Turns a record of a report into a row; undefined for a record of another advertiser of the same seat. */
export function rowOf(
  caveats: Caveats,
  record: Readonly<Record<string, unknown>>,
  { names, spec }: AmazonLevel,
  fields: readonly string[],
  advertiserId: string,
): Row | undefined {
  const whose = record['advertiserId']
  if (whose !== undefined && whose !== null && String(whose) !== advertiserId) return undefined
  const written = record['date'] ?? record['intervalStart']
  const date = dateOf(written)
  const row: Record<string, Cell> = { date: date ?? null }
  for (const [name, theirs] of Object.entries(names)) {
    const value = record[theirs]
    const text = value === undefined || value === null || value === '' ? null : String(value)
    if (text === null && spec.key.includes(name)) throw new Error(`it has no ${theirs}`)
    if (spec.key.includes(name) || fields.includes(name)) row[name] = text
  }
  for (const name of fields) {
    const wanted = METRICS[name]
    if (wanted) row[name] = readFigure(caveats, name, record[wanted.metric], wanted.is)
  }
  if (date === undefined) caveats.undated(row, String(written ?? ''))
  return row
}

/** Reads a date: `20261101`, `2026-11-01`, or the UTC milliseconds of its beginning; undefined for anything else. */
function dateOf(value: unknown): string | undefined {
  const text = String(value ?? '')
  const [, year, month, day] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) ?? []
  if (year !== undefined) return `${year}-${month}-${day}`
  return /^\d{12,14}$/.test(text) ? new Date(Number(text)).toISOString().slice(0, 10) : undefined
}

export const ENTITIES_REPORT = undatedReport(
  ['level', 'id'],
  ['parent_id', 'name', 'status', 'start_at', 'end_at'],
)
