import { type AccountRef, ask, type Cell, type ReadTalk, TalkRefused } from '../read-connector.ts'
import { a1, parseArea } from './a1.ts'
import { describe, readValues } from './requests.ts'
import { columnsOf, Described, Values } from './rows.ts'

export const READS = 'reads'
/** Rows of one answer. */
const PAGE_ROWS = 5_000

/** The table that a connection names: where it is and what its columns are called. */
export interface Table {
  readonly sheet: string
  readonly headings: readonly Cell[]
  /** Of those with headings; rows may be longer. */
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

/** The spreadsheet's own description. */
export function* describeSheet(host: string, id: string): ReadTalk<Described> {
  return Described.parse(yield* ask(describe(host, id), READS))
}

/** Finds the table by the setting `range`, such as `CRM!A1:F`; without one, the whole first sheet. */
export function* findTable(host: string, account: AccountRef): ReadTalk<Table> {
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
  // What lies outside the grid cannot be asked for.
  const { rowCount, columnCount } = gridProperties
  const lastColumn = Math.min(area.lastColumn ?? columnCount, columnCount)
  const lastRow = Math.min(area.lastRow ?? rowCount, rowCount)
  if (area.firstColumn > lastColumn || area.firstRow > lastRow)
    throw new TalkRefused(`settings.range: ${range} lies outside of the sheet`)
  const top = { sheet: title, firstColumn: area.firstColumn, lastColumn, headingRow: area.firstRow, lastRow }
  const [headings = []] = yield* readRows(host, account.accountId, top, area.firstRow, area.firstRow)
  return { ...top, headings, columns: columnsOf(headings, headings.length, area.firstColumn) }
}

type Place = Omit<Table, 'columns' | 'headings'>

/** Cells of some rows, whose empty ends are cut. */
function* readRows(
  host: string,
  id: string,
  { sheet, firstColumn, lastColumn }: Place,
  fromRow: number,
  toRow: number,
): ReadTalk<readonly (readonly Cell[])[]> {
  const range = a1(sheet, [firstColumn, fromRow], [lastColumn, toRow])
  return Values.parse(yield* ask(readValues(host, id, range), READS)).values
}

/** Rows below the headings, a page at a time. @param fromRow of the sheet, counted from 1 */
export function* readPage(
  host: string,
  id: string,
  table: Table,
  fromRow: number,
): ReadTalk<{ readonly rows: readonly (readonly Cell[])[]; readonly nextRow: number | undefined }> {
  const toRow = Math.min(table.lastRow, fromRow + PAGE_ROWS - 1)
  if (fromRow > toRow) return { rows: [], nextRow: undefined }
  const rows = yield* readRows(host, id, table, fromRow, toRow)
  return { rows, nextRow: toRow < table.lastRow ? toRow + 1 : undefined }
}
