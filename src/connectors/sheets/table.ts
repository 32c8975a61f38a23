import type { AccountRef } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { ask, stream, type Talk, TalkRefused } from '../platform/steps.ts'
import { a1, parseArea } from './a1.ts'
import { describe, readValues } from './requests.ts'
import { cellsOf, columnsOf, Described, Values } from './rows.ts'

export const READS = 'reads'
/** Rows per answer. */
const PAGE_ROWS = 5_000

/** Place and column names of the table that a connection reads. */
export interface Table {
  readonly sheet: string
  readonly headings: readonly Cell[]
  /** Names of the columns with headings; rows may be longer. */
  readonly columns: readonly string[]
  readonly firstColumn: number
  readonly lastColumn: number
  readonly headingRow: number
  readonly lastRow: number
}

export const textSetting = ({ settings }: Pick<AccountRef, 'settings'>, name: string): string | undefined => {
  const value = settings[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Metadata of the spreadsheet. */
export function* describeSheet(host: string, id: string): Talk<Described> {
  return Described.parse(yield* ask(describe(host, id), READS))
}

/** Finds the table by the setting `range`, such as `CRM!A1:F`; by default the whole first sheet. */
export function* findTable(host: string, account: AccountRef): Talk<Table> {
  const range = textSetting(account, 'range') ?? ''
  const area = parseArea(range)
  if (!area) throw new TalkRefused(`settings.range: ${range} is no range such as CRM!A1:F`)
  const { sheets } = yield* describeSheet(host, account.accountId)
  const found = sheets.find(({ properties }) => area.sheet === undefined || properties.title === area.sheet)
  const { title, gridProperties } = found?.properties ?? {}
  // A sheet that shows a chart has no grid.
  if (title === undefined || !gridProperties) {
    const titles = sheets.map(({ properties }) => properties.title).join(', ')
    throw new TalkRefused(`settings.range: there is no sheet ${area.sheet ?? ''}; there are ${titles}`)
  }
  // Cells outside the grid cannot be requested.
  const { rowCount, columnCount } = gridProperties
  const lastColumn = Math.min(area.lastColumn ?? columnCount, columnCount)
  const lastRow = Math.min(area.lastRow ?? rowCount, rowCount)
  if (area.firstColumn > lastColumn || area.firstRow > lastRow)
    throw new TalkRefused(`settings.range: ${range} lies outside of the sheet`)
  const top = { sheet: title, firstColumn: area.firstColumn, lastColumn, headingRow: area.firstRow, lastRow }
  const [firstRow = []] = Values.parse(
    yield* ask(readValues(host, account.accountId, rangeOf(top, area.firstRow, area.firstRow)), READS),
  ).values
  const headings = cellsOf(firstRow)
  return { ...top, headings, columns: columnsOf(headings, headings.length, area.firstColumn) }
}

type Place = Omit<Table, 'columns' | 'headings'>

const rangeOf = ({ sheet, firstColumn, lastColumn }: Place, fromRow: number, toRow: number): string =>
  a1(sheet, [firstColumn, fromRow], [lastColumn, toRow])

/**
 * Reads one page of rows below the headings; trailing empty cells and rows are absent. Returns where the next page
 * begins.
 * @param fromRow row of the sheet, counted from 1
 * @param reader returns, for each try, a new function that takes each row with its number
 */
export function* readPage(
  host: string,
  id: string,
  table: Table,
  fromRow: number,
  reader: () => (cells: readonly Cell[], rowNumber: number) => Row | undefined,
): Talk<number | undefined> {
  const toRow = Math.min(table.lastRow, fromRow + PAGE_ROWS - 1)
  if (fromRow > toRow) return undefined
  const around = yield* stream({
    request: readValues(host, id, rangeOf(table, fromRow, toRow)),
    bucket: READS,
    list: 'values',
    around: ['range', 'error'],
    reader() {
      const rowOf = reader()
      let rowNumber = fromRow - 1
      return (item) => {
        rowNumber += 1
        return rowOf(cellsOf(item), rowNumber)
      }
    },
  })
  Values.parse(around)
  return toRow < table.lastRow ? toRow + 1 : undefined
}
