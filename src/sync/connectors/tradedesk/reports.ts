import type { Cell, ReportSpec, Row, SpendReport } from '../read-connector.ts'

type Kind = 'id' | 'text' | 'number' | 'money'
/** Our name of a column, the name it has in a report, and what it holds. */
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
  column('impressions', 'Impressions', 'number'),
  column('clicks', 'Clicks', 'number'),
  column('cost_micros', 'Advertiser Cost (Adv Currency)', 'money'),
  column('media_cost_micros', 'Media Cost (Adv Currency)', 'money'),
  column('conversions', 'All Last Click + View Conversions', 'number'),
]

export interface Report {
  readonly spec: ReportSpec
  readonly key: readonly Column[]
  readonly columns: readonly Column[]
}

/** Days after which they do not change figures any more. */
const LOOKBACK_DAYS = 28
const MAX_DAYS = 92

const report = (key: readonly Column[], columns: readonly Column[]): Report => ({
  key,
  columns,
  spec: {
    fields: columns.map(({ name }) => name),
    key: key.map(({ name }) => name),
    dated: true,
    lookbackDays: LOOKBACK_DAYS,
    historyMonths: undefined,
    maxDays: MAX_DAYS,
  },
})

/** Read through a template of the partner's, which has at least the columns of the key. */
export const REPORTS: Readonly<Record<string, Report>> = {
  campaign_performance: report([DATE, CAMPAIGN_ID], [...METRICS, CAMPAIGN_NAME]),
  ad_group_performance: report(
    [DATE, column('ad_group_id', 'Ad Group ID', 'id')],
    [...METRICS, column('ad_group_name', 'Ad Group', 'text'), CAMPAIGN_ID, CAMPAIGN_NAME],
  ),
}

/** Nothing is said of a day that may cost more than was set for it. */
export const SPEND: SpendReport = {
  reportType: 'campaign_performance',
  campaignField: 'campaign_id',
  micros: (row) => Number(row['cost_micros'] ?? 0),
  settledAfterDays: 3,
  overDelivery: 1,
}

export type Line =
  | { readonly is: 'row'; readonly row: Row }
  | { readonly is: 'totals' }
  | { readonly is: 'wrong'; readonly problem: string }

/** A line of a report. Columns we do not know keep their names; a line without a date sums up the others. */
export function lineOf(record: Readonly<Record<string, unknown>>, { key, columns }: Report): Line {
  const missing = key.find(({ header }) => !(header in record))
  if (missing) return { is: 'wrong', problem: `the report template has no column ${missing.header}` }
  const date = textOf(record[DATE.header])
  if (!/^\d/.test(date)) return { is: 'totals' }
  if (!/^\d{4}-\d{2}-\d{2}/.test(date)) return { is: 'wrong', problem: `a date is written as ${date}` }
  const known = new Map([...key, ...columns].map((one) => [one.header, one]))
  const row: Record<string, Cell> = {}
  for (const [header, value] of Object.entries(record)) {
    const ours = known.get(header)
    row[ours?.name ?? header] = ours ? cellOf(textOf(value), ours.is) : textOf(value)
  }
  return { is: 'row', row: { ...row, date: date.slice(0, 10) } }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

function cellOf(text: string, is: Kind): Cell {
  if (is === 'id' || is === 'text') return text === '' ? null : text
  // Thousands are set off in some of their reports, whatever format is asked for.
  const plain = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text
  const number = Number(plain)
  if (plain === '' || !Number.isFinite(number)) return plain === '' ? null : text
  return is === 'money' ? Math.round(number * 1_000_000) : number
}
