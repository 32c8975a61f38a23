import { z } from 'zod'
import { at } from '../../../platforms/index.ts'
import { type Caveats, rowsOf } from '../caveats.ts'
import { readFigure } from '../figures.ts'
import type { Cell, Row } from '../read-connector.ts'
import type { Column } from './reports.ts'

const Stream = z.array(z.object({ results: z.array(z.unknown()).default([]) }))

/** The results of all chunks of a searchStream. */
export const resultsOf = (body: unknown): readonly unknown[] =>
  Stream.parse(body).flatMap(({ results }) => results)

/** Results under our own names. */
export function readResults(
  caveats: Caveats,
  results: readonly unknown[],
  columns: Readonly<Record<string, Column>>,
  more: Row = {},
): Row[] {
  return rowsOf(caveats, results, (result) => {
    const row: Record<string, Cell> = { ...more }
    for (const [name, column] of Object.entries(columns)) row[name] = cellOf(caveats, result, name, column)
    return row
  })
}

function cellOf(caveats: Caveats, result: unknown, name: string, { field, is }: Column): Cell {
  const value = at(result, ...field.split('.').map(camel))
  switch (is) {
    case 'id':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
      if (typeof value !== 'string' || value === '') throw new Error(`it has no ${field}`)
      return value
    case 'text':
      return typeof value === 'string' ? value : null
    case 'flag':
      return value === true
    // A field of protobuf that is zero may be left out.
    case 'count':
      return readFigure(caveats, name, value, 'count', 0)
    case 'share':
      return readFigure(caveats, name, value, 'number', 0)
  }
}

const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
