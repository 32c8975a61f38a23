import { z } from 'zod'
import { type Caveats, rowsOf } from '../caveats.ts'
import { readFigure } from '../figures.ts'
import type { AccountRef, Cell, Row } from '../read-connector.ts'

const Header = z.object({ name: z.string(), type: z.string().optional() })
/** Every value is text by their documents; what it is in fact is looked at cell by cell. */
const Values = z.array(z.object({ value: z.unknown() })).default([])
const Line = z.object({ dimensionValues: Values, metricValues: Values })

/** A page of a report. Lists are absent where they are empty. */
export const Page = z.object({
  dimensionHeaders: z.array(Header).default([]),
  metricHeaders: z.array(Header).default([]),
  rows: z.array(z.unknown()).default([]),
  rowCount: z.coerce.number().int().default(0),
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
export type Page = z.output<typeof Page>

/** Rows under our own names. @param nameOf our name for one of Analytics */
export function readPage(
  caveats: Caveats,
  { dimensionHeaders, metricHeaders, rows, metadata }: Page,
  nameOf: (name: string) => string,
): Row[] {
  const { activeMetricRestrictions } = metadata.schemaRestrictionResponse
  const restricted = new Set(activeMetricRestrictions.map(({ metricName }) => metricName))
  return rowsOf(caveats, rows, (line) => {
    const { dimensionValues, metricValues } = Line.parse(line)
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
  })
}

/** `20261101`; the row of everything that did not fit says `(other)` in place of a date too. */
function datedOrNot(caveats: Caveats, row: Row): Row {
  const { date } = row
  if (typeof date !== 'string') return row
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  if (year !== undefined) return { ...row, date: `${year}-${month}-${day}` }
  const undated = { ...row, date: null }
  caveats.undated(undated, date)
  return undated
}

/** Of what a platform says why a report is empty. */
const MAX_REASON_CHARACTERS = 200

/** What is wrong with a report, in words. */
export function caveatsOf({ metadata }: Page, account: AccountRef): string[] {
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
