import { googleApi, refuseRpc } from '../google/api.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'

const SCOPE = 'https://www.googleapis.com/auth/spreadsheets'
const PATH = /^\/v4\/spreadsheets\/([^/:]+)(?:\/values(?:\/([^:]+(?::[A-Z]+\d*)?))?)?(?::(\w+))?$/

type GridCell = string | number | boolean
/** The cells of a sheet, from row 1 and column A on. Cells that a row does not have are empty. */
type Grid = { readonly title: string; rows: GridCell[][]; rowCount: number; readonly columnCount: number }

/** A customer list with rows of several lengths, an empty line, a column without heading, and numbers among texts. */
const crmGrid = (): Grid => ({
  title: 'CRM',
  rows: [
    ['email', 'ltv', 'segment', 'active', 'note'],
    ['a@x.example', 1200, 'gold', true, 'calls back'],
    ['b@x.example', 90.5],
    [],
    ['c@x.example', '', 'silver', false],
    ['d@x.example', '0042', 'gold', true, '', 'seen at the fair'],
  ],
  rowCount: 1000,
  columnCount: 8,
})

/** A range of cells; rows and columns are numbered from 1, and the last ones belong to it. */
interface GridArea {
  readonly grid: Grid
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

/** Google Sheets with one spreadsheet, `sandbox-crm`. */
export function createSheets(oauth: GoogleOauth): Played {
  const grids: Grid[] = [crmGrid(), { title: "It's empty", rows: [], rowCount: 100, columnCount: 26 }]

  function route(call: Call): SandboxReply {
    const { method, path, body } = call
    const [, id = '', range, verb] = PATH.exec(path) ?? []
    if (id !== 'sandbox-crm') refuseRpc('NOT_FOUND')
    if (method === 'GET' && !path.includes('/values')) return ok(described(id))
    if (method === 'GET' && range !== undefined) return ok(values(areaOf(range)))
    const asked = parseJson(body)
    if (method !== 'POST' || !isObject(asked)) return refuseRpc('INVALID_ARGUMENT')
    if (verb === 'append' && range !== undefined) return ok(append(id, areaOf(range), call.query, asked))
    if (verb === 'batchUpdate' && path.includes('/values')) return ok(update(id, asked))
    return refuseRpc('NOT_FOUND')
  }

  /** Changes cells. All ranges are checked before any cell is changed. */
  function update(spreadsheetId: string, asked: JsonObject): JsonObject {
    checkRaw(asked['valueInputOption'])
    const data: unknown[] = Array.isArray(asked['data']) ? asked['data'] : []
    const changes = data.map((one) => {
      if (!isObject(one)) return refuseRpc('INVALID_ARGUMENT')
      return { area: areaOf(String(one['range'])), cells: cellsIn(one['values']) }
    })
    for (const { area, cells } of changes) writeCells(area, cells)
    return { spreadsheetId, totalUpdatedCells: changes.length }
  }

  const described = (spreadsheetId: string): JsonObject => ({
    spreadsheetId,
    properties: { title: 'Customers', timeZone: 'Europe/Berlin' },
    sheets: grids.map(({ title, rowCount, columnCount }) => ({
      properties: { title, gridProperties: { rowCount, columnCount } },
    })),
  })

  function areaOf(text: string): GridArea {
    const [, quoted, plain, from = 'A', top = '1', to = from, bottom] =
      /^(?:'((?:[^']|'')+)'|([^'!]+))!([A-Z]+)(\d+)?(?::([A-Z]+)(\d+)?)?$/.exec(text) ?? []
    const title = quoted?.replaceAll("''", "'") ?? plain
    const grid = grids.find((one) => one.title === title)
    if (!grid) return refuseRpc('INVALID_ARGUMENT', `Unable to parse range: ${text}`)
    const area = {
      grid,
      top: Number(top),
      left: columnNumber(from),
      bottom: Math.min(Number(bottom ?? grid.rowCount), grid.rowCount),
      right: Math.min(columnNumber(to), grid.columnCount),
    }
    if (area.top > grid.rowCount || area.left > grid.columnCount) {
      const size = `Max rows: ${grid.rowCount}, max columns: ${grid.columnCount}`
      refuseRpc('INVALID_ARGUMENT', `Range (${text}) exceeds grid limits. ${size}`)
    }
    return area
  }

  return googleApi(oauth, () => SCOPE, route)
}

const ok = (body: JsonObject): SandboxReply => ({ status: 200, body })

const columnNumber = (name: string): number =>
  [...name].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0)

/** The cells of a range. Empty cells and rows at the end are left out, and so is `values` if nothing is left. */
function values({ grid, top, left, bottom, right }: GridArea): JsonObject {
  const rows = grid.rows
    .slice(top - 1, bottom)
    .map((row) => withoutEnd(row.slice(left - 1, right), (cell) => cell === '' || cell === undefined))
  const cut = withoutEnd(rows, (row) => row.length === 0)
  return { range: grid.title, majorDimension: 'ROWS', ...(cut.length > 0 && { values: cut }) }
}

function withoutEnd<T>(list: readonly T[], isEmpty: (item: T) => boolean): T[] {
  let length = list.length
  while (length > 0 && list.slice(length - 1, length).every(isEmpty)) length -= 1
  return list.slice(0, length)
}

/** Adds rows below the last table of the sheet, from the first of the table's columns that is not empty. */
function append(
  spreadsheetId: string,
  { grid }: GridArea,
  query: URLSearchParams,
  body: JsonObject,
): JsonObject {
  checkRaw(query.get('valueInputOption'))
  const filled = withoutEnd(grid.rows, (row) => row.every((cell) => cell === ''))
  const from = tableTop(filled)
  const table = filled.slice(from)
  const left = Math.min(...table.map((row) => row.findIndex((cell) => cell !== '')).filter((at) => at >= 0))
  const start = Number.isFinite(left) ? left : 0
  const added = cellsIn(body['values']).map((row) => [
    ...Array.from({ length: start }, () => ''),
    ...row.map((cell) => cell ?? ''),
  ])
  grid.rows = [...filled, ...added]
  grid.rowCount = Math.max(grid.rowCount, grid.rows.length)
  const letter = String.fromCharCode(65 + start)
  const updatedRange = `${grid.title}!${letter}${filled.length + 1}:Z${grid.rows.length}`
  return { spreadsheetId, tableRange: grid.title, updates: { updatedRange, updatedRows: added.length } }
}

function writeCells({ grid, top, left }: GridArea, cells: readonly (readonly (GridCell | null)[])[]): void {
  for (const [down, line] of cells.entries()) {
    for (const [across, cell] of line.entries()) {
      if (cell === null) continue
      while (grid.rows.length < top + down) grid.rows.push([])
      const row = grid.rows[top + down - 1] ?? []
      while (row.length < left + across) row.push('')
      row[left + across - 1] = cell
    }
  }
}

/** Index of the first row of the last table: the one after the last empty row. */
function tableTop(rows: readonly GridCell[][]): number {
  const gap = rows.findLastIndex((row) => row.every((cell) => cell === ''))
  return gap + 1
}

function checkRaw(option: unknown): void {
  if (option !== 'RAW' && option !== 'USER_ENTERED')
    refuseRpc('INVALID_ARGUMENT', "'valueInputOption' is required but not specified")
}

/** Cells to write; null leaves a cell as it is. */
function cellsIn(list: unknown): (GridCell | null)[][] {
  const rows: unknown[] = Array.isArray(list) ? list : []
  return rows.map((row) => {
    const cells: unknown[] = Array.isArray(row) ? row : refuseRpc('INVALID_ARGUMENT', 'Invalid values')
    return cells.map((cell) =>
      cell === null || typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean'
        ? cell
        : refuseRpc('INVALID_ARGUMENT', 'Invalid values: struct_value'),
    )
  })
}
