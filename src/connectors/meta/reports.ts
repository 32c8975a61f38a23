import type { Caveats } from '../platform/caveats.ts'
import type { ReportSpec } from '../platform/connector.ts'
import { at, textAt } from '../platform/json.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type FigureKind, readFigure } from '../reading/figures.ts'
import { dailyReport, spendOfCampaigns } from '../reading/report-specs.ts'
import type { Figures } from './requests.ts'

/** One of our columns: the field that it is read from, and how. */
interface Column {
  readonly field: string
  /** @param name our name of the column */
  readonly read: (row: unknown, name: string, caveats: Caveats) => Cell
}

const text = (field: string): Column => ({ field, read: (row) => textOf(at(row, field)) })
/** A figure. In insights, money is in units of the currency, unlike in budgets. */
const figure = (field: string, kind: FigureKind): Column => ({
  field,
  read: (row, name, caveats) => readFigure(caveats, name, at(row, field), kind),
})

/**
 * Action types of purchases in order of preference: all channels together, or only the pixel's in accounts that do not
 * add them up.
 */
const PURCHASES = ['omni_purchase', 'purchase', 'offsite_conversion.fb_pixel_purchase']
const purchased = (row: unknown, field: string): unknown => {
  const list = at(row, field)
  if (list === undefined) return undefined
  // A value that is not a list does not mean that nothing happened.
  if (!Array.isArray(list)) return null
  const found = PURCHASES.map((type) => list.find((one) => at(one, 'action_type') === type)).find(Boolean)
  return found === undefined ? undefined : (at(found, 'value') ?? null)
}
/** Purchases from a list of actions. Actions that did not happen are absent, and so is an empty list. */
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
      // Without purchases there is no ratio.
      return value === undefined ? null : readFigure(caveats, name, value, 'number')
    },
  },
}

/** Metrics that are not added up: people may be in several rows, and a ratio has no sum. */
const NOT_ADDED = ['reach', 'roas']

export interface MetaReport {
  readonly level: Figures['level']
  readonly spec: ReportSpec
  readonly key: Readonly<Record<string, Column>>
  readonly columns: Readonly<Record<string, Column>>
}

/** Days for which figures may still change: Meta's longest attribution window after a click. */
const LOOKBACK_DAYS = 28
/** Months for which Meta keeps figures. */
const HISTORY_MONTHS = 37
/** Most days of one request for a report. */
const MAX_DAYS = 366

const DATE: Column = { field: 'date_start', read: (row) => textAt(row, 'date_start') ?? null }

const report = (
  level: MetaReport['level'],
  id: string,
  columns: Readonly<Record<string, Column>>,
): MetaReport => {
  const key = { date: DATE, [id]: text(level === 'campaign' ? 'campaign_id' : 'adset_id') }
  return {
    level,
    key,
    columns,
    spec: dailyReport(Object.keys(key), Object.keys(columns), {
      lookbackDays: LOOKBACK_DAYS,
      historyMonths: HISTORY_MONTHS,
      maxDays: MAX_DAYS,
    }),
  }
}

export const REPORTS: Readonly<Record<string, MetaReport>> = {
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

/** A day may cost up to 175 % of a daily budget, a week at most seven times. */
export const SPEND = spendOfCampaigns({ settledAfterDays: 3, overDelivery: 1.75 })

/** Columns of a query, those of the key first. */
export function columnsOf({ key, columns }: MetaReport, fields: readonly string[]): Record<string, Column> {
  const asked = Object.entries(columns).filter(([name]) => fields.includes(name))
  return { ...key, ...Object.fromEntries(asked) }
}

/** Fields to request; dates are always sent. */
export const fieldsOf = (columns: Readonly<Record<string, Column>>): string[] => [
  ...new Set(Object.values(columns).map(({ field }) => field)).difference(new Set([DATE.field])),
]

export function rowOf(
  caveats: Caveats,
  row: unknown,
  columns: Readonly<Record<string, Column>>,
  { key }: MetaReport,
): Row {
  const cells: Record<string, Cell> = {}
  for (const [name, { read, field }] of Object.entries(columns)) {
    cells[name] = read(row, name, caveats)
    if (name in key && cells[name] === null) throw new Error(`it has no ${field}`)
  }
  const last = textAt(row, 'date_stop')
  if (last === undefined || last === cells['date']) return cells
  // Figures of several days belong to no single date.
  const undated = { ...cells, date: null }
  caveats.undated(undated, `${cells['date']} to ${last}`, NOT_ADDED)
  return undated
}

/** Ids are text by the documents, but numbers in some answers. */
const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : null
