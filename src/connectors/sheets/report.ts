import { z } from 'zod'
import type { ReportQuery, ReportResult } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type Talk, TalkRefused } from '../platform/steps.ts'
import { columnsOf, isBlank, isError, RECORD_KEY, recordOf } from './rows.ts'
import { findTable, readPage, type Table, textSetting } from './table.ts'

const Resume = z.object({ fromRow: z.int() })

/** Reads the table page by page. A row whose key another row has already gets its row number as well. */
export function* readRows(host: string, { account, resume, caveats }: ReportQuery): Talk<ReportResult> {
  const table = yield* findTable(host, account)
  const keyColumn = textSetting(account, 'key_column')
  const keyIndex = keyColumn === undefined ? -1 : table.columns.indexOf(keyColumn)
  if (keyColumn !== undefined && keyIndex < 0)
    throw new TalkRefused(
      `settings.key_column: ${keyColumn} is not among the columns ${table.columns.join(', ')}`,
    )
  const first = table.headingRow + 1
  const seen = new Set<string>()
  let repeated = 0
  let fromRow: number | undefined = Resume.safeParse(resume).data?.fromRow ?? first
  while (fromRow !== undefined) {
    const start: number = fromRow
    let ofPage = new Set<string>()
    let repeatedOfPage = 0
    const reader = () => {
      ofPage = new Set()
      repeatedOfPage = 0
      return (cells: readonly Cell[], rowNumber: number): Row | undefined => {
        const record = recordOf(caveats, cells, columnsFor(table, cells.length))
        if (!record) return undefined
        const key = keyOf(cells[keyIndex], rowNumber)
        const isTwice = seen.has(key) || ofPage.has(key)
        if (isTwice) repeatedOfPage += 1
        ofPage.add(key)
        return { ...record, [RECORD_KEY]: isTwice ? `${key} (row ${rowNumber})` : key }
      }
    }
    fromRow = yield* readPage(host, account.accountId, table, start, reader)
    for (const key of ofPage) seen.add(key)
    repeated += repeatedOfPage
    if (fromRow === undefined) break
    yield { is: 'remember', state: { fromRow } }
    yield { is: 'progress', share: (fromRow - first) / (table.lastRow - first + 1) }
  }
  const said = repeated > 0 ? [`${repeated} rows repeat the ${keyColumn} of another row`] : []
  return { cursor: undefined, finalThrough: undefined, caveats: said }
}

const columnsFor = ({ headings, columns, firstColumn }: Table, length: number): readonly string[] =>
  length > columns.length ? columnsOf(headings, length, firstColumn) : columns

/** Value of the key column, or the row's number where there is none, or an error. */
const keyOf = (cell: Cell | undefined, rowNumber: number): string =>
  cell === undefined || isBlank(cell) || isError(cell) ? `row ${rowNumber}` : String(cell)
