import { z } from 'zod'
import type { AccountRef, Cell, Row } from '../read-connector.ts'

const Header = z.object({ name: z.string(), type: z.string().optional() })
const Values = z.array(z.object({ value: z.string().default('') })).default([])

/** A page of a report. Lists are absent where they are empty. */
export const Page = z.object({
  dimensionHeaders: z.array(Header).default([]),
  metricHeaders: z.array(Header).default([]),
  rows: z.array(z.object({ dimensionValues: Values, metricValues: Values })).default([]),
  rowCount: z.int().default(0),
  metadata: z
    .object({
      currencyCode: z.string().optional(),
      timeZone: z.string().optional(),
      dataLossFromOtherRow: z.boolean().default(false),
      subjectToThresholding: z.boolean().default(false),
      samplingMetadatas: z
        .array(z.object({ samplesReadCount: z.coerce.number(), samplingSpaceSize: z.coerce.number() }))
        .default([]),
    })
    .prefault({}),
})
export type Page = z.output<typeof Page>

/** Rows under our own names. @param nameOf our name for one of Analytics */
export function rowsOf(
  { dimensionHeaders, metricHeaders, rows }: Page,
  nameOf: (name: string) => string,
): Row[] {
  return rows.map(({ dimensionValues, metricValues }) => {
    const row: Record<string, Cell> = {}
    for (const [index, { name }] of dimensionHeaders.entries()) {
      const value = dimensionValues[index]?.value ?? ''
      row[nameOf(name)] = name === 'date' ? isoDate(value) : value
    }
    for (const [index, { name }] of metricHeaders.entries()) {
      row[nameOf(name)] = numberOf(metricValues[index]?.value ?? '')
    }
    return row
  })
}

/** `20261101`; the row of everything that did not fit says `(other)` in place of a date too. */
const isoDate = (text: string): string =>
  /^\d{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text

/** Every metric is a number in a text; one that a double cannot hold stays text. */
function numberOf(text: string): Cell {
  const number = Number(text)
  const isExact = !/^-?\d+$/.test(text) || Number.isSafeInteger(number)
  return text !== '' && Number.isFinite(number) && isExact ? number : text || null
}

/** What is wrong with a report, in words. */
export function caveatsOf({ metadata }: Page, account: AccountRef): string[] {
  const { samplingMetadatas, timeZone, currencyCode } = metadata
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
    ...changed('time zone', account.timezone, timeZone),
    ...changed('currency', account.currency, currencyCode),
  ]
}

const changed = (what: string, known: string | undefined, said: string | undefined): string[] =>
  known !== undefined && said !== undefined && known !== said
    ? [`the property's ${what} is ${said}, not ${known} as when it was connected`]
    : []
