import { at, listAt, textAt } from '../../../platforms/index.ts'
import type { Caveats } from '../caveats.ts'
import { type FigureKind, readFigure } from '../figures.ts'
import type { Cell, ReportSpec, Row, SpendReport } from '../read-connector.ts'
import type { Figures } from './requests.ts'

/** A figure of ours: the field it comes from, and how. */
interface Column {
  readonly field: string
  /** @param name our name of the column */
  readonly read: (row: unknown, name: string, caveats: Caveats) => Cell
}

const text = (field: string): Column => ({ field, read: (row) => textOf(at(row, field)) })
/** Insights are in whole units of money, unlike budgets. */
const figure = (field: string, kind: FigureKind): Column => ({
  field,
  read: (row, name, caveats) => readFigure(caveats, name, at(row, field), kind),
})

/** Purchases wherever they were made; accounts that do not add them up know only those of the pixel. */
const PURCHASES = ['omni_purchase', 'purchase', 'offsite_conversion.fb_pixel_purchase']
const purchased = (row: unknown, field: string): unknown => {
  const all = listAt(row, field)
  const found = PURCHASES.map((type) => all.find((one) => at(one, 'action_type') === type)).find(Boolean)
  return at(found, 'value')
}
/** Actions that did not happen are left out of the list, and an empty list is left out as well. */
const purchases = (field: string, kind: FigureKind): Column => ({
  field,
  read: (row, name, caveats) => readFigure(caveats, name, purchased(row, field), kind, 0),
})

const METRICS: Readonly<Record<string, Column>> = {
  impressions: figure('impressions', 'count'),
  clicks: figure('clicks', 'count'),
  cost_micros: figure('spend', 'money'),
  reach: figure('reach', 'count'),
  purchases: purchases('actions', 'number'),
  purchase_value_micros: purchases('action_values', 'money'),
  roas: {
    field: 'purchase_roas',
    read: (row, name, caveats) => {
      const value = purchased(row, 'purchase_roas')
      // A ratio to nothing that was bought is none.
      return value === undefined ? null : readFigure(caveats, name, value, 'number')
    },
  },
}

export interface Report {
  readonly level: Figures['level']
  readonly spec: ReportSpec
  readonly key: Readonly<Record<string, Column>>
  readonly columns: Readonly<Record<string, Column>>
}

/** The longest window in which Meta credits a conversion to a click. */
const LOOKBACK_DAYS = 28
const HISTORY_MONTHS = 37
const MAX_DAYS = 366

const DATE: Column = { field: 'date_start', read: (row) => textAt(row, 'date_start') ?? null }

const report = (level: Report['level'], id: string, columns: Readonly<Record<string, Column>>): Report => {
  const key = { date: DATE, [id]: text(level === 'campaign' ? 'campaign_id' : 'adset_id') }
  return {
    level,
    key,
    columns,
    spec: {
      fields: Object.keys(columns),
      key: Object.keys(key),
      dated: true,
      lookbackDays: LOOKBACK_DAYS,
      historyMonths: HISTORY_MONTHS,
      maxDays: MAX_DAYS,
    },
  }
}

export const REPORTS: Readonly<Record<string, Report>> = {
  campaign_performance: report('campaign', 'campaign_id', {
    ...METRICS,
    campaign_name: text('campaign_name'),
  }),
  ad_set_performance: report('adset', 'ad_set_id', {
    ...METRICS,
    ad_set_name: text('adset_name'),
    campaign_id: text('campaign_id'),
    campaign_name: text('campaign_name'),
  }),
}

/** A day may cost up to 175 % of a daily budget; a week no more than seven of them. */
export const SPEND: SpendReport = {
  reportType: 'campaign_performance',
  campaignField: 'campaign_id',
  micros: (row) => Number(row['cost_micros'] ?? 0),
  settledAfterDays: 3,
  overDelivery: 1.75,
}

/** The columns of a question, those that name a row first. */
export function columnsOf({ key, columns }: Report, fields: readonly string[]): Record<string, Column> {
  const asked = Object.entries(columns).filter(([name]) => fields.includes(name))
  return { ...key, ...Object.fromEntries(asked) }
}

/** The fields to ask for; dates come by themselves. */
export const fieldsOf = (columns: Readonly<Record<string, Column>>): string[] => [
  ...new Set(Object.values(columns).map(({ field }) => field)).difference(new Set([DATE.field])),
]

export function rowOf(
  caveats: Caveats,
  row: unknown,
  columns: Readonly<Record<string, Column>>,
  { key }: Report,
): Row {
  const cells: Record<string, Cell> = {}
  for (const [name, { read, field }] of Object.entries(columns)) {
    cells[name] = read(row, name, caveats)
    if (name in key && cells[name] === null) throw new Error(`it has no ${field}`)
  }
  return cells
}

/** Ids are text by their documents; some answers have them as numbers. */
const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : null
