import { z } from 'zod'
import type { Caveats } from '../platform/caveats.ts'
import { at } from '../platform/json.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { stream, type Talk } from '../platform/steps.ts'
import { readFigure } from '../reading/figures.ts'
import type { GoogleAdsColumn } from './reports.ts'
import { type CustomerDoor, searchStream } from './requests.ts'

const Chunks = z.array(z.unknown())

/** A resource name such as `customers/111/campaigns/222`. */
export const ResourceName = z.string().regex(/^customers\/\w+\/\w+\/[\w~-]+$/)
/** What a mutate answers for each of its operations. */
export const MutateResult = z.object({ resourceName: ResourceName })

/** Sends a query and turns each result into what `read` returns, as the chunks arrive. */
export function* searched(
  door: CustomerDoor,
  query: string,
  bucket: string,
  read: () => (result: unknown) => Row | undefined,
): Talk<void> {
  const body = yield* stream({
    request: searchStream(door, query),
    bucket,
    list: '*.results',
    around: ['*.error', 'error'],
    reader: read,
  })
  Chunks.parse(body)
}

/** Adds up a cost over the results of a query, in micros. */
export function* costOfAll(
  door: CustomerDoor,
  query: string,
  bucket: string,
  caveats: Caveats,
): Talk<number> {
  let micros = 0
  yield* searched(door, query, bucket, () => {
    // A stream that broke off begins again.
    micros = 0
    return (result) => {
      micros += Number(readFigure(caveats, 'cost_micros', at(result, 'metrics', 'costMicros'), 'count', 0))
      return undefined
    }
  })
  return micros
}

/** Results of a short answer. */
export const resultsOf = (body: unknown): readonly unknown[] =>
  z
    .array(z.object({ results: z.array(z.unknown()).default([]) }))
    .parse(body)
    .flatMap(({ results }) => results)

/** Returns a function that turns a result into a row, under our names. */
export function rowOf(
  caveats: Caveats,
  columns: Readonly<Record<string, GoogleAdsColumn>>,
  more: Row = {},
): (result: unknown) => Row {
  const found = Object.entries(columns).map(([name, column]) => {
    const path = column.field.split('.').map(camel)
    return { name, column, path }
  })
  return (result) => {
    const row: Record<string, Cell> = { ...more }
    for (const { name, column, path } of found) row[name] = cellOf(caveats, at(result, ...path), name, column)
    return row
  }
}

function cellOf(caveats: Caveats, value: unknown, name: string, { field, is }: GoogleAdsColumn): Cell {
  switch (is) {
    case 'id':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
      if (typeof value !== 'string' || value === '') throw new Error(`it has no ${field}`)
      return value
    case 'text':
      return typeof value === 'string' ? value : null
    case 'flag':
      return value === true
    // Protobuf omits fields that are zero.
    case 'count':
      return readFigure(caveats, name, value, 'count', 0)
    // A budget for a whole period has no daily amount.
    case 'amount':
      return value === undefined ? null : readFigure(caveats, name, value, 'count')
    case 'share':
      return readFigure(caveats, name, value, 'number', 0)
  }
}

const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
