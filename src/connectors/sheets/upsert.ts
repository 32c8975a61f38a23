import { z } from 'zod'
import type { AccountRef, Upserted } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type Reply, type Step, type Talk, TalkRefused } from '../platform/steps.ts'
import { a1 } from './a1.ts'
import { appendRows, type CellsChange, replaceCells } from './requests.ts'
import { isBlank, isSame, RECORD_KEY } from './rows.ts'
import { findTable, readPage, type Table, textSetting } from './table.ts'

export const WRITES = 'writes'
/** Rows per request: Google advises requests of at most 2 MB. */
const ROWS_AT_ONCE = 500

const Appended = z.object({ updates: z.object({ updatedRange: z.string(), updatedRows: z.int() }) })
const Replaced = z.object({ totalUpdatedCells: z.int() })

interface SheetRow {
  readonly rowNumber: number
  readonly cells: readonly Cell[]
}

/**
 * Replaces the rows with the records' keys and appends the others. Safe to repeat: the sheet is read first, and only
 * differences are written. Two calls at once may append the same record twice.
 */
export function* upsertRecords(host: string, account: AccountRef, records: readonly Row[]): Talk<Upserted> {
  const keyColumn = textSetting(account, 'key_column')
  if (keyColumn === undefined) throw new TalkRefused('settings.key_column: is needed to store records')
  const table = yield* findTable(host, account)
  const keyIndex = table.columns.indexOf(keyColumn)
  if (keyIndex < 0)
    throw new TalkRefused(
      `settings.key_column: ${keyColumn} is not among the columns ${table.columns.join(', ')}`,
    )
  const wanted = byKey(records, keyColumn, table)
  const present = yield* rowsByKey(host, account.accountId, table, keyIndex, wanted)

  const changes: CellsChange[] = []
  const fresh: Cell[][] = []
  let updated = 0
  for (const [key, record] of wanted) {
    const row = present.get(key)
    // In a request, null means that the cell is left as it is.
    if (!row) fresh.push(table.columns.map((column) => record[column] ?? null))
    else {
      const differing = changesOf(table, keyIndex, row, record)
      if (differing.length > 0) updated += 1
      changes.push(...differing)
    }
  }
  for (let from = 0; from < changes.length; from += ROWS_AT_ONCE) {
    const request = replaceCells(host, account.accountId, changes.slice(from, from + ROWS_AT_ONCE))
    const reply: Reply = yield { is: 'ask', request, bucket: WRITES, writes: true } satisfies Step
    const { totalUpdatedCells } = Replaced.parse(reply?.is === 'ok' ? reply.body : undefined)
    if (totalUpdatedCells === 0) throw new Error('no cell was changed')
  }
  for (let from = 0; from < fresh.length; from += ROWS_AT_ONCE) {
    yield* append(host, account.accountId, table, fresh.slice(from, from + ROWS_AT_ONCE))
  }
  return { added: fresh.length, updated, unchanged: wanted.size - fresh.length - updated }
}

/** Records by key; the last record with a key counts. */
function byKey(records: readonly Row[], keyColumn: string, { columns }: Table): Map<string, Row> {
  const found = new Map<string, Row>()
  for (const record of records) {
    const unknown = Object.keys(record).find((name) => !columns.includes(name) && name !== RECORD_KEY)
    if (unknown !== undefined)
      throw new TalkRefused(`${unknown} is not among the columns ${columns.join(', ')}`)
    const key = record[keyColumn]
    if (key === undefined || isBlank(key)) throw new TalkRefused(`a record has no ${keyColumn}`)
    found.set(String(key), { ...found.get(String(key)), ...record })
  }
  return found
}

/** The rows of the sheet that have the key of a record. Throws TalkRefused if two rows have the same. */
function* rowsByKey(
  host: string,
  id: string,
  table: Table,
  keyIndex: number,
  wanted: ReadonlyMap<string, Row>,
): Talk<Map<string, SheetRow>> {
  const rows = new Map<string, SheetRow>()
  let fromRow: number | undefined = table.headingRow + 1
  while (fromRow !== undefined) {
    let found: (SheetRow & { readonly key: string })[] = []
    const reader = () => {
      found = []
      return (cells: readonly Cell[], rowNumber: number) => {
        const cell = cells[keyIndex]
        const key = String(cell ?? '')
        if (!isBlank(cell) && wanted.has(key)) found.push({ key, rowNumber, cells })
        return undefined
      }
    }
    fromRow = yield* readPage(host, id, table, fromRow, reader)
    for (const { key, ...row } of found) {
      const earlier = rows.get(key)
      // The key is ambiguous.
      if (earlier)
        throw new TalkRefused(`${key} is there twice, in rows ${earlier.rowNumber} and ${row.rowNumber}`)
      rows.set(key, row)
    }
  }
  return rows
}

/** Changed cells only, so that changes of other cells in the row by other people are kept. */
function changesOf(
  { sheet, columns, firstColumn }: Table,
  keyIndex: number,
  { rowNumber, cells }: SheetRow,
  record: Row,
): CellsChange[] {
  return columns.flatMap((column, index): CellsChange[] => {
    const wanted = record[column]
    if (index === keyIndex || wanted === undefined || isSame(cells[index], wanted)) return []
    const at = [firstColumn + index, rowNumber] as const
    return [{ range: a1(sheet, at, at), values: [[wanted ?? '']] }]
  })
}

function* append(host: string, id: string, table: Table, rows: readonly Cell[][]): Talk<void> {
  const { sheet, firstColumn, lastColumn, headingRow, lastRow } = table
  const range = a1(sheet, [firstColumn, headingRow], [lastColumn, lastRow])
  const request = appendRows(host, id, range, rows)
  const reply = yield { is: 'ask', request, bucket: WRITES, writes: true }
  const { updatedRange, updatedRows } = Appended.parse(reply?.is === 'ok' ? reply.body : undefined).updates
  if (updatedRows !== rows.length) throw new Error(`${updatedRows} of ${rows.length} rows were appended`)
  // If the last rows begin with empty cells, Google may find a narrower table.
  const start = /!\$?([A-Z]+)/.exec(updatedRange)?.[1]
  if (start !== /!([A-Z]+)/.exec(range)?.[1])
    throw new TalkRefused(
      `the records were stored at ${updatedRange}, beside their columns: look at the sheet`,
    )
}
