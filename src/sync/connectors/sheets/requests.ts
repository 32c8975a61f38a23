import type { HttpRequest } from '../../../http.ts'
import { sheets } from '../../../platforms/index.ts'
import type { Cell } from '../read-connector.ts'
import { get, withJson } from '../requests.ts'

const path = (host: string, spreadsheetId: string) =>
  `${host}/${sheets.version}/spreadsheets/${encodeURIComponent(spreadsheetId)}`

/** Name, time zone and sizes, without the cells. */
export const describe = (host: string, id: string): HttpRequest =>
  get(path(host, id), {
    fields:
      'spreadsheetId,properties(title,timeZone),sheets.properties(title,gridProperties(rowCount,columnCount))',
  })

/** Values as they are, not as they are shown; dates are days since 1899-12-30. */
export const readValues = (host: string, id: string, range: string): HttpRequest =>
  get(`${path(host, id)}/values/${encodeURIComponent(range)}`, {
    majorDimension: 'ROWS',
    valueRenderOption: 'UNFORMATTED_VALUE',
    dateTimeRenderOption: 'SERIAL_NUMBER',
  })

/** Adds rows below the last table of the range. RAW: no text of ours may become a formula. */
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

export interface Change {
  readonly range: string
  readonly values: readonly (readonly Cell[])[]
}

/** Replaces cells, all or none of them. RAW as above. */
export const replaceCells = (host: string, id: string, data: readonly Change[]): HttpRequest =>
  withJson('POST', `${path(host, id)}/values:batchUpdate`, { valueInputOption: 'RAW', data })
