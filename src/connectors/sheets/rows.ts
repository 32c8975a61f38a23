import { z } from 'zod'
import type { Caveats } from '../platform/caveats.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { columnName } from './a1.ts'

/** Values of a range. Trailing empty cells and rows are absent; an empty range has no values. */
export const Values = z.object({ range: z.string(), values: z.array(z.unknown()).default([]) })

/** Checks the cells of a row. Throws for anything but a list of texts, numbers, booleans and nulls. */
export function cellsOf(row: unknown): readonly Cell[] {
  if (!Array.isArray(row)) throw new Error('it is no list of cells')
  return row.map((cell): Cell => {
    if (cell === null || ['string', 'number', 'boolean'].includes(typeof cell)) return cell
    throw new Error('a cell of it is no value')
  })
}

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

/** Column that identifies a row, besides the sheet's own columns. */
export const RECORD_KEY = '_record_key'

/**
 * Column names. A column without a heading gets its letter as name; a repeated heading gets a number.
 * @param width columns of the table, including those on the right without a heading
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

/** What a sheet shows for a formula that has no value, or none yet. */
const ERROR = /^(?:#(?:NULL!|DIV\/0!|VALUE!|REF!|NAME\?|NUM!|N\/A|ERROR!|SPILL!|CALC!)|Loading\.\.\.)$/
export const isError = (cell: Cell | undefined): boolean => typeof cell === 'string' && ERROR.test(cell)

/** A row by column names; missing cells and those in error are null. Undefined for an empty row. */
export function recordOf(
  caveats: Caveats,
  cells: readonly Cell[],
  columns: readonly string[],
): Row | undefined {
  if (cells.every(isBlank)) return undefined
  return Object.fromEntries(
    columns.map((name, index) => {
      const cell = cells[index]
      if (!isError(cell)) return [name, cellValue(cell)]
      caveats.field('in_error', name, String(cell))
      return [name, null]
    }),
  )
}

/** The value of a cell; null for an empty or missing one. */
const cellValue = (cell: Cell | undefined): Cell => (cell === undefined || cell === '' ? null : cell)
export const isBlank = (cell: Cell | undefined): boolean => cellValue(cell) === null

/** Whether the cell already has this value. */
export const isSame = (cell: Cell | undefined, wanted: Cell): boolean => cellValue(cell) === cellValue(wanted)
