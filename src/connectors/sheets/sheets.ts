import { z } from 'zod'
import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google/auth.ts'
import { GOOGLE_OAUTH } from '../google/oauth.ts'
import type {
  AccountRef,
  CreateConnector,
  PlatformAccount,
  ReportQuery,
  ReportResult,
} from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { type Talk, TalkRefused } from '../platform/steps.ts'
import { sheets } from './api.ts'
import { columnsOf, isBlank, RECORD_KEY, recordOf } from './rows.ts'
import { describeSheet, findTable, READS, readPage, type Table, textSetting } from './table.ts'
import { upsertRecords, WRITES } from './upsert.ts'

const Resume = z.object({ fromRow: z.int() })

/**
 * A customer list in Google Sheets. Settings: `spreadsheet_id`; `range` of the table with its headings, such as
 * `CRM!A1:F`; `key_column`, whose value identifies a row, required for storing records.
 */
export const createSheets: CreateConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, ...sheets.hosts, ...baseUrls }

  /** The grant reaches everything its person can open, so the test is to open the one spreadsheet. */
  function* accounts(settings: AccountRef['settings']): Talk<readonly PlatformAccount[]> {
    const id = textSetting({ settings }, 'spreadsheet_id')
    if (id === undefined) throw new TalkRefused('settings.spreadsheet_id: is needed')
    const { spreadsheetId, properties } = yield* describeSheet(urls.sheets, id)
    const { title, timeZone } = properties
    return [{ id: spreadsheetId, name: title, currency: undefined, timezone: timeZone }]
  }

  function* report({ account, resume }: ReportQuery): Talk<ReportResult> {
    const table = yield* findTable(urls.sheets, account)
    const keyColumn = textSetting(account, 'key_column')
    const keyIndex = keyColumn === undefined ? -1 : table.columns.indexOf(keyColumn)
    if (keyColumn !== undefined && keyIndex < 0)
      throw new TalkRefused(
        `settings.key_column: ${keyColumn} is none of the columns ${table.columns.join(', ')}`,
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
          const record = recordOf(cells, columnsFor(table, cells.length))
          if (!record) return undefined
          const key = keyOf(cells[keyIndex], rowNumber)
          const isTwice = seen.has(key) || ofPage.has(key)
          if (isTwice) repeatedOfPage += 1
          ofPage.add(key)
          return { ...record, [RECORD_KEY]: isTwice ? `${key} (row ${rowNumber})` : key }
        }
      }
      fromRow = yield* readPage(urls.sheets, account.accountId, table, start, reader)
      for (const key of ofPage) seen.add(key)
      repeated += repeatedOfPage
      if (fromRow === undefined) break
      yield { is: 'remember', state: { fromRow } }
      yield { is: 'progress', share: (fromRow - first) / (table.lastRow - first + 1) }
    }
    const caveats = repeated > 0 ? [`${repeated} rows repeat the ${keyColumn} of another row`] : []
    return { cursor: undefined, finalThrough: undefined, caveats }
  }

  return {
    type: 'SHEETS',
    auth: googleAuth(urls, [GOOGLE_OAUTH.scopes.sheets]),
    features: ['reports', 'append'],
    limits: [
      ...sheets.limits.reads.map((limit) => ({ bucket: READS, ...limit })),
      ...sheets.limits.writes.map((limit) => ({ bucket: WRITES, ...limit })),
    ],
    // The columns are those of the sheet.
    reports: {
      rows: {
        fields: [],
        key: [RECORD_KEY],
        dated: false,
        lookbackDays: 0,
        historyMonths: undefined,
        maxDays: undefined,
      },
    },
    baseUrls: urls,
    concurrencyPerAccount: 1,
    authorize: (request, accessToken) => bearer(request, accessToken, [urls.sheets]),
    read: sheets.read,
    usedShare: () => undefined,
    accounts,
    *campaigns() {
      yield { is: 'progress', share: 0 }
      throw new TalkRefused('a sheet has no campaigns')
    },
    report,
    write: undefined,
    upsert: (account, records) => upsertRecords(urls.sheets, account, records),
  }
}

const columnsFor = ({ headings, columns, firstColumn }: Table, length: number): readonly string[] =>
  length > columns.length ? columnsOf(headings, length, firstColumn) : columns

/** Value of the key column, or the row's number where there is none. */
const keyOf = (cell: Cell | undefined, rowNumber: number): string =>
  cell === undefined || isBlank(cell) ? `row ${rowNumber}` : String(cell)
