/** A rectangle of a sheet, counted from 1, both ends included. An undefined end is that of the sheet. */
export interface Area {
  /** Name of the sheet; undefined for the first. */
  readonly sheet: string | undefined
  readonly firstColumn: number
  readonly lastColumn: number | undefined
  readonly firstRow: number
  readonly lastRow: number | undefined
}

const CORNERS = /^([A-Z]{1,3})(\d{1,8})?(?::([A-Z]{1,3})(\d{1,8})?)?$/i

/** Parses `CRM`, `CRM!A1:F` or `'My sheet'!B2:D100`; undefined for anything else. */
export function parseArea(text: string): Area | undefined {
  const bang = text.lastIndexOf('!')
  const sheet = unquoted(bang < 0 ? text : text.slice(0, bang))
  const whole = { firstColumn: 1, lastColumn: undefined, firstRow: 1, lastRow: undefined }
  if (bang < 0) return { sheet: sheet === '' ? undefined : sheet, ...whole }
  const [, from = '', top = '1', to, bottom] = CORNERS.exec(text.slice(bang + 1)) ?? []
  if (from === '') return undefined
  const area = {
    sheet: sheet === '' ? undefined : sheet,
    firstColumn: columnNumber(from),
    lastColumn: to === undefined ? undefined : columnNumber(to),
    firstRow: Number(top),
    lastRow: bottom === undefined ? undefined : Number(bottom),
  }
  const isForward = (area.lastColumn ?? area.firstColumn) >= area.firstColumn
  return isForward && area.firstRow >= 1 && (area.lastRow ?? area.firstRow) >= area.firstRow
    ? area
    : undefined
}

const unquoted = (name: string): string =>
  name.startsWith("'") && name.endsWith("'") && name.length > 1
    ? name.slice(1, -1).replaceAll("''", "'")
    : name

/** Writes an address for the API: `'CRM'!A2:F500`. */
export const a1 = (
  sheet: string,
  [firstColumn, firstRow]: readonly [number, number],
  [lastColumn, lastRow]: readonly [number, number],
): string =>
  `'${sheet.replaceAll("'", "''")}'!${columnName(firstColumn)}${firstRow}:${columnName(lastColumn)}${lastRow}`

/** Letters of a column: 1 is A, 27 is AA. */
export function columnName(column: number): string {
  const rest = column - 1
  return (rest >= 26 ? columnName(Math.floor(rest / 26)) : '') + String.fromCharCode(65 + (rest % 26))
}

function columnNumber(name: string): number {
  return [...name.toUpperCase()].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0)
}
