import type { HttpRequest } from '../../http/http.ts'
import type { Cell } from '../platform/rows.ts'
import { get, withJson } from '../reading/requests.ts'
import { sheets } from './api.ts'

const path = (host: string, spreadsheetId: string) =>
  `${host}/${sheets.version}/spreadsheets/${encodeURIComponent(spreadsheetId)}`

/** Name, time zone and sizes, without cells. */
export const describe = (host: string, id: string): HttpRequest =>
  get(path(host, id), {
    fields:
      'spreadsheetId,properties(title,timeZone),sheets.properties(title,gridProperties(rowCount,columnCount))',
  })

/** Reads unformatted values; dates are days since 1899-12-30. */
export const readValues = (host: string, id: string, range: string): HttpRequest =>
  get(`${path(host, id)}/values/${encodeURIComponent(range)}`, {
    majorDimension: 'ROWS',
    valueRenderOption: 'UNFORMATTED_VALUE',
    dateTimeRenderOption: 'SERIAL_NUMBER',
  })

/** Appends rows below the last table in the range. RAW, so that no text becomes a formula. */
export const appendRows = (
  host: string,
  id: string,
  range: string,
  values: readonly (readonly Cell[])[],
): HttpRequest => {
  const query = 'valueInputOption=RAW&insertDataOption=INSERT_ROWS&includeValuesInResponse=false'
  return withJson('POST', `${path(host, id)}/values/${encodeURIComponent(range)}:append?${query}`, {
    majorDimension: 'ROWS',
    values,
  })
}

export interface CellsChange {
  readonly range: string
  readonly values: readonly (readonly Cell[])[]
}

/** Replaces all the cells or none. RAW, so that no text becomes a formula. */
export const replaceCells = (host: string, id: string, data: readonly CellsChange[]): HttpRequest =>
  withJson('POST', `${path(host, id)}/values:batchUpdate`, { valueInputOption: 'RAW', data })
