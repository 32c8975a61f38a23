import { z } from 'zod'
import type { Caveats } from '../platform/caveats.ts'
import type { AccountRef } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { readFigure } from '../reading/figures.ts'
import { NOT_ADDED } from './reports.ts'

const Header = z.object({ name: z.string(), type: z.string().optional() })
/** By the documents every value is text; other types are checked cell by cell. */
const Values = z.array(z.object({ value: z.unknown() })).default([])
const Line = z.object({ dimensionValues: Values, metricValues: Values })

const Headers = z.object({
  dimensionHeaders: z.array(Header).default([]),
  metricHeaders: z.array(Header).default([]),
})

/** The parts of a page around its rows. Empty lists are absent. */
export const ReportPage = z.object({
  /** Present also on a page without rows. */
  dimensionHeaders: z.array(Header).min(1),
  rowCount: z
    .union([z.number(), z.string()])
    .nullish()
    .transform((count) => (count == null ? undefined : Number(count)))
    .pipe(z.int().min(0).optional()),
  metadata: z
    .object({
      currencyCode: z.string().optional(),
      timeZone: z.string().optional(),
      dataLossFromOtherRow: z.boolean().default(false),
      subjectToThresholding: z.boolean().default(false),
      samplingMetadatas: z
        .array(z.object({ samplesReadCount: z.coerce.number(), samplingSpaceSize: z.coerce.number() }))
        .default([]),
      emptyReason: z.string().optional(),
      dataTruncationReasons: z
        .array(
          z.object({
            dataTruncationType: z.string().optional(),
            dataTruncationMessage: z.string().optional(),
            dataTruncationDate: z.string().optional(),
            dataTruncationDateRanges: z
              .array(z.object({ startDate: z.string(), endDate: z.string() }))
              .default([]),
          }),
        )
        .default([]),
      schemaRestrictionResponse: z
        .object({
          activeMetricRestrictions: z
            .array(
              z.object({ metricName: z.string(), restrictedMetricTypes: z.array(z.string()).default([]) }),
            )
            .default([]),
        })
        .prefault({}),
    })
    .prefault({}),
})
export type ReportPage = z.output<typeof ReportPage>

/** The parts of a page wanted besides the list of rows. */
export const AROUND = ['dimensionHeaders', 'metricHeaders', 'rowCount', 'metadata', 'propertyQuota', 'error']

export const restrictedIn = ({ metadata }: ReportPage): string[] =>
  metadata.schemaRestrictionResponse.activeMetricRestrictions.map(({ metricName }) => metricName)

/**
 * Returns a function that turns a line into a row, under our names. The headers come before the lines.
 * @param restricted metrics that the property hides; their values are not figures
 * @param nameOf our name for a name of Analytics
 */
export function rowReader(
  caveats: Caveats,
  restricted: ReadonlySet<string>,
  nameOf: (name: string) => string,
): (line: unknown, around: unknown) => Row {
  let headers: z.output<typeof Headers> | undefined
  return (line, around) => {
    headers ??= Headers.parse(around)
    const { dimensionHeaders, metricHeaders } = headers
    if (dimensionHeaders.length === 0 || metricHeaders.length === 0)
      throw new Error('the columns are not named before it')
    const { dimensionValues, metricValues } = Line.parse(line)
    if (dimensionValues.length !== dimensionHeaders.length)
      throw new Error(`it has ${dimensionValues.length} of ${dimensionHeaders.length} dimensions`)
    const row: Record<string, Cell> = {}
    for (const [index, { name }] of dimensionHeaders.entries())
      row[nameOf(name)] = String(dimensionValues[index]?.value ?? '')
    for (const [index, { name }] of metricHeaders.entries()) {
      const ours = nameOf(name)
      row[ours] = restricted.has(name)
        ? null
        : readFigure(caveats, ours, metricValues[index]?.value, 'number')
    }
    return datedOrNot(caveats, row)
  }
}

/** Reads a date like `20261101`. The row that sums up overflow has `(other)` in place of a date. */
function datedOrNot(caveats: Caveats, row: Row): Row {
  const { date } = row
  if (typeof date !== 'string') return row
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  if (year !== undefined) return { ...row, date: `${year}-${month}-${day}` }
  const undated = { ...row, date: null }
  caveats.undated(undated, date, NOT_ADDED)
  return undated
}

/** Longest reason from the platform for an empty report, in characters. */
const MAX_REASON_CHARACTERS = 200

type Truncation = ReportPage['metadata']['dataTruncationReasons'][number]

/** Says which days the platform serves in part or not at all, and why. */
function truncatedOf(reason: Truncation): string {
  const { dataTruncationType, dataTruncationMessage, dataTruncationDate, dataTruncationDateRanges } = reason
  const ranges = dataTruncationDateRanges.map(({ startDate, endDate }) => `${startDate} to ${endDate}`)
  const days = dataTruncationDate === undefined ? ranges : [`before ${dataTruncationDate}`, ...ranges]
  const words = dataTruncationMessage ?? dataTruncationType ?? 'it gives no reason'
  return `the platform says that figures are missing${days.length > 0 ? ` (${days.join(', ')})` : ''}: ${words}`.slice(
    0,
    MAX_REASON_CHARACTERS,
  )
}

/** Caveats about truncated data, as the platform reports it. */
export const truncationsOf = ({ metadata }: ReportPage): string[] =>
  metadata.dataTruncationReasons.map(truncatedOf)

/** Caveats about a whole report. */
export function caveatsOf({ metadata }: ReportPage, account: AccountRef): string[] {
  const { samplingMetadatas, timeZone, currencyCode, emptyReason } = metadata
  const { activeMetricRestrictions } = metadata.schemaRestrictionResponse
  const sampled = samplingMetadatas.map(({ samplesReadCount, samplingSpaceSize }) => {
    const percent = samplingSpaceSize > 0 ? (samplesReadCount / samplingSpaceSize) * 100 : 0
    return `sampled: ${Number(percent.toPrecision(3))} % of the events were read`
  })
  return [
    ...sampled,
    ...(metadata.dataLossFromOtherRow
      ? ['some rows were added up as "(other)", because there were too many']
      : []),
    ...(metadata.subjectToThresholding
      ? ['rows with few users were left out, to keep them from being recognised']
      : []),
    ...(emptyReason
      ? [`there are no rows, as the platform says: ${emptyReason.slice(0, MAX_REASON_CHARACTERS)}`]
      : []),
    ...activeMetricRestrictions.map(
      ({ metricName, restrictedMetricTypes }) =>
        `${metricName} is null: the property does not let this connection see it (${restrictedMetricTypes.join(', ') || 'restricted'})`,
    ),
    ...changed('time zone', account.timezone, timeZone),
    ...changed('currency', account.currency, currencyCode),
  ]
}

const changed = (what: string, known: string | undefined, said: string | undefined): string[] =>
  known !== undefined && said !== undefined && known !== said
    ? [`the property's ${what} is ${said}, not ${known} as when it was connected`]
    : []
