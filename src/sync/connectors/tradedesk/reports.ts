import type { Caveats } from '../caveats.ts'
import { type FigureKind, readFigure } from '../figures.ts'
import type { Cell, ReportSpec, Row, SpendReport } from '../read-connector.ts'

type Kind = 'id' | 'text' | FigureKind
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
  column('impressions', 'Impressions', 'count'),
  column('clicks', 'Clicks', 'count'),
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

/** Columns whose figures add up over rows, by our names. */
export const SUMS: readonly string[] = METRICS.map(({ name }) => name)

/** What a file lacks of what we order of every template; undefined for one that has all of it. */
export function problemOf(columns: readonly string[], { key, columns: ours }: Report): string | undefined {
  const figures = ours.filter(({ is }) => is !== 'id' && is !== 'text')
  const missing = key.filter(({ header }) => !columns.includes(header)).map(({ header }) => header)
  if (missing.length > 0) return `the report template has no column ${missing.join(', ')}`
  // A template may leave out figures, but one without any is not about spend or delivery.
  if (!figures.some(({ header }) => columns.includes(header)))
    return `the report template has none of the columns ${figures.map(({ header }) => header).join(', ')}`
  return undefined
}

/** A line of a report; undefined for one without a date, which sums up the others. Columns we do not know keep their names. */
export function rowOf(
  caveats: Caveats,
  record: Readonly<Record<string, unknown>>,
  { key, columns }: Report,
): Row | undefined {
  const written = textOf(record[DATE.header])
  const idColumns = key.filter(({ name }) => name !== DATE.name)
  const hasId = idColumns.every(({ header }) => textOf(record[header]) !== '')
  if (/^(total|grand total)?$/i.test(written) && !hasId) return undefined
  if (!hasId) throw new Error(`it has no ${idColumns.map(({ header }) => header).join(', ')}`)
  const known = new Map([...key, ...columns].map((one) => [one.header, one]))
  const row: Record<string, Cell> = {}
  for (const [header, value] of Object.entries(record)) {
    const ours = known.get(header)
    row[ours?.name ?? header] = ours ? cellOf(caveats, ours, textOf(value)) : textOf(value)
  }
  const [date] = /^\d{4}-\d{2}-\d{2}/.exec(written) ?? []
  // A word is what platforms write for what is of no day; another order of day and month is no word.
  if (date === undefined && /^\d/.test(written)) throw new Error(`its date is written as ${written}`)
  const dated = { ...row, date: date ?? null }
  if (date === undefined) caveats.undated(dated, written)
  return dated
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

function cellOf(caveats: Caveats, { name, is }: Column, text: string): Cell {
  if (is === 'id' || is === 'text') return text === '' ? null : text
  return readFigure(caveats, name, text, is)
}
