import type { ReportSpec } from '../platform/connector.ts'

/** A field name shared by all platforms that have the field, besides their own names. */
interface CommonField {
  /** Names of the field at the platforms, in order of preference. */
  readonly from: readonly string[]
  readonly means: string
  /** Platform fields that hold micros; the common field holds units of the account's currency. */
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

/** Report names shared by all platforms, with the platforms' own names in order of preference. */
const COMMON_REPORTS: Readonly<Record<string, readonly string[]>> = {
  ad_group_performance: ['ad_set_performance', 'line_item_performance'],
}

/** Finds a platform's own name of a report; undefined for an unknown name. */
export function ownReport(reports: readonly string[], name: string): string | undefined {
  if (reports.includes(name)) return name
  const others = Object.hasOwn(COMMON_REPORTS, name) ? COMMON_REPORTS[name] : undefined
  return others?.find((one) => reports.includes(one))
}

/** Other names by which a report may be requested. */
export const commonReportNames = (reports: readonly string[], own: string): string[] =>
  Object.keys(COMMON_REPORTS).filter((name) => name !== own && ownReport(reports, name) === own)

const namesOf = ({ fields, key }: ReportSpec): string[] => [...new Set([...key, ...fields])]

/** Field of the platform that a common field is read from; undefined where it has none, or uses the same name. */
function sourceOf(spec: ReportSpec, name: string): string | undefined {
  const names = namesOf(spec)
  if (!spec.dated || names.includes(name) || !Object.hasOwn(COMMON_FIELDS, name)) return undefined
  return COMMON_FIELDS[name]?.from.find((one) => names.includes(one))
}

/** The fields to request from the platform. */
export const ownFields = (spec: ReportSpec, fields: readonly string[]): string[] => [
  ...new Set(fields.map((name) => sourceOf(spec, name) ?? name)),
]

/** A common field, and the platform's field that it is read from. */
export interface CommonSource {
  readonly name: string
  readonly source: string
  /** The platform's field holds micros; the common field holds units. */
  readonly isMicros: boolean
}

/** The common fields among `fields` that the platform has by another name. */
export const commonSources = (spec: ReportSpec, fields: readonly string[]): CommonSource[] =>
  fields.flatMap((name) => {
    const source = sourceOf(spec, name)
    if (source === undefined) return []
    return [{ name, source, isMicros: COMMON_FIELDS[name]?.inMicros?.includes(source) === true }]
  })

export interface FieldDescription {
  readonly name: string
  /** Whether the name is common to all platforms that have the field. */
  readonly common: boolean
  /** Meaning and unit of a common field; undefined for a platform's own. */
  readonly means: string | undefined
  /** Name of the field at the platform, where it differs. */
  readonly from: string | undefined
}

/** All fields that may be requested, the common ones first. */
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
