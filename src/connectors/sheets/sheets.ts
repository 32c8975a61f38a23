import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google/auth.ts'
import { GOOGLE_OAUTH } from '../google/oauth.ts'
import type { AccountRef, CreateConnector, PlatformAccount } from '../platform/connector.ts'
import { type Talk, TalkRefused } from '../platform/steps.ts'
import { undatedReport } from '../reading/report-specs.ts'
import { sheets } from './api.ts'
import { readRows } from './report.ts'
import { RECORD_KEY } from './rows.ts'
import { describeSheet, READS, textSetting } from './table.ts'
import { upsertRecords, WRITES } from './upsert.ts'

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
      rows: undatedReport([RECORD_KEY], []),
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
    report: (query) => readRows(urls.sheets, query),
    write: undefined,
    upsert: (account, records) => upsertRecords(urls.sheets, account, records),
  }
}
