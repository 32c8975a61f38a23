import { z } from 'zod'
import type { Cell, Row } from '../read-connector.ts'
import { columnName } from './a1.ts'

/** Trailing empty cells and rows are cut, and a range without values has none at all. */
export const Values = z.object({
  values: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))).default([]),
})

export const Described = z.object({
  spreadsheetId: z.string(),
  properties: z.object({ title: z.string().default(''), timeZone: z.string().optional() }),
  sheets: z
    .array(
      z.object({
        properties: z.object({
          title: z.string(),
          gridProperties: z
            .object({ rowCount: z.int().default(0), columnCount: z.int().default(0) })
            .optional(),
        }),
      }),
    )
    .default([]),
})

export type Described = z.output<typeof Described>

/** Names the row of a sheet beside its own columns. */
export const RECORD_KEY = '_record_key'

/**
 * Names of the columns. A column without a heading is called by its letter, one that repeats a heading gets a number.
 *
 * @param width columns of the table, of which those on the right may have no heading
 */
export function columnsOf(headings: readonly Cell[], width: number, firstColumn: number): string[] {
  const seen = new Set<string>([RECORD_KEY])
  return Array.from({ length: Math.max(width, headings.length) }, (_, index) => {
    const heading = String(headings[index] ?? '').trim()
    const base = heading === '' ? `column_${columnName(firstColumn + index)}` : heading
    let name = base
    for (let count = 2; seen.has(name); count++) name = `${base}_${count}`
    seen.add(name)
    return name
  })
}

/** A row under its columns' names; what was cut off is null. Undefined for an empty row. */
export function recordOf(cells: readonly Cell[], columns: readonly string[]): Row | undefined {
  if (cells.every(isBlank)) return undefined
  return Object.fromEntries(columns.map((name, index) => [name, blankless(cells[index])]))
}

const blankless = (cell: Cell | undefined): Cell => (cell === undefined || cell === '' ? null : cell)
export const isBlank = (cell: Cell | undefined): boolean => blankless(cell) === null

/** Whether the sheet holds this already. */
export const isSame = (cell: Cell | undefined, wanted: Cell): boolean => blankless(cell) === blankless(wanted)
