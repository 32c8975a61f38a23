import type { Cell, ReportSpec, Row } from './read-connector.ts'

/** A field that every platform which has it knows by this name, beside its own. */
interface CommonField {
  /** The platforms' names, the one that is meant first. */
  readonly from: readonly string[]
  readonly means: string
  /** The platforms' field holds micros; ours whole units of the account's currency. */
  readonly inMicros?: readonly string[]
}

const COMMON_FIELDS: Readonly<Record<string, CommonField>> = {
  date: { from: [], means: 'day in the time zone of the account, 2026-11-01' },
  campaign_id: { from: ['order_id'], means: 'the platform’s id of the campaign' },
  campaign_name: { from: ['order_name'], means: 'name of the campaign' },
  ad_group_id: { from: ['ad_set_id', 'line_item_id'], means: 'the platform’s id of the ad group' },
  ad_group_name: { from: ['ad_set_name', 'line_item_name'], means: 'name of the ad group' },
  impressions: { from: [], means: 'number of ads shown' },
  clicks: { from: [], means: 'number of clicks' },
  spend: {
    from: ['cost_micros'],
    inMicros: ['cost_micros'],
    means: 'what the advertiser pays, in units of the currency of the account',
  },
  conversions: {
    from: ['purchases', 'key_events'],
    means: 'number of conversions as the platform counts them',
  },
  conversion_value: {
    from: ['conversions_value', 'purchase_value_micros', 'sales_micros', 'purchase_revenue'],
    inMicros: ['purchase_value_micros', 'sales_micros'],
    means: 'value of the conversions, in units of the currency of the account',
  },
}

/** Reports by a name that all platforms share; the first that a platform has is meant. */
const COMMON_REPORTS: Readonly<Record<string, readonly string[]>> = {
  ad_group_performance: ['ad_set_performance', 'line_item_performance'],
}

/** The name that the platform itself uses for a report; undefined where there is none by this one. */
export function ownReport(reports: readonly string[], name: string): string | undefined {
  if (reports.includes(name)) return name
  const others = Object.hasOwn(COMMON_REPORTS, name) ? COMMON_REPORTS[name] : undefined
  return others?.find((one) => reports.includes(one))
}

/** Names by which a report may be asked for beside its own. */
export const commonReportNames = (reports: readonly string[], own: string): string[] =>
  Object.keys(COMMON_REPORTS).filter((name) => name !== own && ownReport(reports, name) === own)

const namesOf = ({ fields, key }: ReportSpec): string[] => [...new Set([...key, ...fields])]

/** The platform's field that is read for a common one; undefined where it has none, or calls it the same. */
function sourceOf(spec: ReportSpec, name: string): string | undefined {
  const names = namesOf(spec)
  if (!spec.dated || names.includes(name) || !Object.hasOwn(COMMON_FIELDS, name)) return undefined
  return COMMON_FIELDS[name]?.from.find((one) => names.includes(one))
}

/** The fields to ask the platform for. */
export const ownFields = (spec: ReportSpec, fields: readonly string[]): string[] => [
  ...new Set(fields.map((name) => sourceOf(spec, name) ?? name)),
]

/**
 * Adds to a row the common fields among `fields`. Rows are stored without them, so that both names of a figure are always
 * the same figure. What a platform did not say stays null.
 */
export function withCommonFields(spec: ReportSpec, fields: readonly string[]): (row: Row) => Row {
  const wanted = fields.flatMap((name) => {
    const source = sourceOf(spec, name)
    if (source === undefined) return []
    return [{ name, source, isMicros: COMMON_FIELDS[name]?.inMicros?.includes(source) === true }]
  })
  if (wanted.length === 0) return (row) => row
  return (row) => {
    const more: Record<string, Cell> = {}
    for (const { name, source, isMicros } of wanted) {
      const value = row[source] ?? null
      more[name] = isMicros && typeof value === 'number' ? value / 1_000_000 : value
    }
    return { ...row, ...more }
  }
}

export interface FieldDescription {
  readonly name: string
  /** Every platform that has it knows it by this name. */
  readonly common: boolean
  /** In words, with the unit, where the name is a common one. */
  readonly means: string | undefined
  /** The platform's own name of it, where that is another. */
  readonly from: string | undefined
}

/** Everything that may be asked for in `fields`, the common names first. */
export function describeFields(spec: ReportSpec): FieldDescription[] {
  const names = namesOf(spec)
  const common = spec.dated
    ? Object.entries(COMMON_FIELDS).flatMap(([name, { means }]) => {
        const from = sourceOf(spec, name)
        return from !== undefined || names.includes(name) ? [{ name, common: true, means, from }] : []
      })
    : []
  const known = new Set(common.map(({ name }) => name))
  const own = names.filter((name) => !known.has(name))
  return [...common, ...own.map((name) => ({ name, common: false, means: unitOf(name), from: undefined }))]
}

const unitOf = (name: string): string | undefined =>
  name.endsWith('_micros') ? 'millionths of a unit of the currency of the account' : undefined
