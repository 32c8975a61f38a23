import { z } from 'zod'
import { at } from '../../../platforms/index.ts'
import type { Cell, Row } from '../read-connector.ts'
import type { Column } from './reports.ts'

const Stream = z.array(z.object({ results: z.array(z.unknown()).default([]) }))

/** The results of all chunks of a searchStream. */
export const resultsOf = (body: unknown): readonly unknown[] =>
  Stream.parse(body).flatMap(({ results }) => results)

/** Results under our own names. */
export function rowsOf(
  results: readonly unknown[],
  columns: Readonly<Record<string, Column>>,
  more: Row = {},
): Row[] {
  return results.map((result) => {
    const row: Record<string, Cell> = { ...more }
    for (const [name, column] of Object.entries(columns)) row[name] = cellOf(result, column)
    return row
  })
}

function cellOf(result: unknown, { field, is }: Column): Cell {
  const value = at(result, ...field.split('.').map(camel))
  switch (is) {
    case 'id':
      if (typeof value !== 'string' || value === '') throw new Error(`a result has no ${field}`)
      return value
    case 'text':
      return typeof value === 'string' ? value : null
    case 'flag':
      return value === true
    case 'count':
      return countOf(value)
    case 'share':
      return typeof value === 'number' ? value : 0
  }
}

/** An int64 is a text in JSON; one that a double cannot hold stays text. */
function countOf(value: unknown): Cell {
  const text = String(value ?? '0')
  return Number.isSafeInteger(Number(text)) ? Number(text) : text
}

const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
