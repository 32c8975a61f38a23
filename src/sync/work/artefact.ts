import { isoTime } from '../../clock.ts'
import { withCommonFields } from '../connectors/common-names.ts'
import type { AccountRef, DateRange, ReportResult, ReportSpec, Row } from '../connectors/read-connector.ts'
import {
  type Column,
  ColumnFinder,
  localPath,
  publish,
  type ReportId,
  readRows,
  writeParquet,
} from '../reports/index.ts'
import type { WorkDeps } from './deps.ts'

/** What a requester gets, stored with the request. */
export interface RequestResult {
  readonly records_fetched: number
  readonly size_bytes: number
  readonly storage_location: string
  readonly fetched_at: string
  /** Last date that has data. */
  readonly watermark: string | null
  /** Data up to here will not change any more. */
  readonly final_through: string | null
  readonly caveats: readonly string[]
}

export interface Wanted {
  readonly report: ReportId
  readonly spec: ReportSpec
  readonly account: AccountRef
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
  readonly result: ReportResult
  /** The job that read it. */
  readonly jobId: string
}

/** Writes what one requester asked for: its dates, its fields, the key, and what we know nothing of. */
export async function writeArtefact(
  deps: WorkDeps,
  requestId: string,
  wanted: Wanted,
): Promise<RequestResult> {
  const { clock, files } = deps
  const { report, range, result, account } = wanted
  const { columns, records, watermark } = await survey(deps, wanted)
  const fetchedAt = isoTime(clock.nowMs())
  const metadata = {
    'bidwarden.report_type': report.reportType,
    'bidwarden.account_id': account.accountId,
    'bidwarden.account_currency': account.currency ?? '',
    'bidwarden.account_timezone': account.timezone ?? '',
    'bidwarden.date_start': range?.start ?? '',
    'bidwarden.date_end': range?.end ?? '',
    'bidwarden.fetched_at': fetchedAt,
    'bidwarden.watermark': watermark ?? '',
    'bidwarden.final_through': result.finalThrough ?? '',
    'bidwarden.complete': String(result.caveats.length === 0),
    'bidwarden.caveats': JSON.stringify(result.caveats),
  }
  const name = `${report.connectorId}/${requestId}.parquet`
  const path = await localPath(files, name)
  const size = await writeParquet(path, columns, wantedRows(deps, wanted), metadata)
  return {
    records_fetched: records,
    size_bytes: size,
    storage_location: await publish(files, name),
    fetched_at: fetchedAt,
    watermark: watermark ?? null,
    final_through: result.finalThrough ?? null,
    caveats: result.caveats,
  }
}

/** Rows as they were read, with the fields that have common names. */
export async function* wantedRows(
  { store }: Pick<WorkDeps, 'store'>,
  { report, spec, range, fields, jobId }: Omit<Wanted, 'result' | 'account'>,
): AsyncGenerator<readonly Row[]> {
  const complete = withCommonFields(spec, fields)
  for await (const page of readRows(store, report, range, jobId)) yield page.map(complete)
}

export interface Survey {
  readonly columns: readonly Column[]
  readonly records: number
  readonly watermark: string | undefined
}

/** Which columns the rows have. Types can only be known when every row was seen. */
export async function survey(
  deps: Pick<WorkDeps, 'store'>,
  wanted: Omit<Wanted, 'result' | 'account'>,
): Promise<Survey> {
  const { spec, fields } = wanted
  const finder = new ColumnFinder([...spec.key, ...fields])
  let records = 0
  let watermark: string | undefined
  for await (const page of wantedRows(deps, wanted)) {
    for (const row of page) finder.add(row)
    records += page.length
    watermark = dateOf(page.at(-1)) ?? watermark
  }
  const asked = new Set([...spec.key, ...fields])
  const known = new Set(spec.fields)
  return {
    columns: finder.columns.filter(({ name }) => asked.has(name) || !known.has(name)),
    records,
    watermark,
  }
}

function dateOf(row: Row | undefined): string | undefined {
  const date = row?.['date']
  return typeof date === 'string' ? date : undefined
}
