import {
  type AccountRef,
  commonSources,
  type DateRange,
  type ReportResult,
  type ReportSpec,
  type Row,
} from '../../connectors/index.ts'
import {
  localPath,
  publish,
  type ReportId,
  readRows,
  readTexts,
  Survey,
  type Surveyed,
} from '../reports/index.ts'
import type { WorkDeps } from './deps.ts'

/** Result of a request, stored with it. */
export interface RequestResult {
  readonly records_fetched: number
  readonly size_bytes: number
  /** Null after the file was deleted to make room. */
  readonly storage_location: string | null
  readonly fetched_at: string
  /** Last date with data. */
  readonly watermark: string | null
  /** Data up to this date will not change any more. */
  readonly final_through: string | null
  readonly caveats: readonly string[]
}

export interface WantedFile {
  readonly report: ReportId
  readonly spec: ReportSpec
  readonly account: AccountRef
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
  readonly result: ReportResult
  /** The job that read the rows, and when. */
  readonly jobId: string
  readonly fetchedAt: string
}

/** Writes the file of one request: its dates, its fields, the key, and fields unknown to us. */
export async function writeRequestFile(
  deps: WorkDeps,
  requestId: string,
  wanted: WantedFile,
): Promise<RequestResult> {
  const { files, store } = deps
  const { report, range, result, account, jobId, fetchedAt } = wanted
  const name = `${report.connectorId}/${requestId}.parquet`
  const { bytes, records, watermark } = await deps.reports.write({
    wanted: fieldsOf(wanted),
    path: await localPath(files, name),
    texts: () => readTexts(store, report, range, jobId),
    metadata: (found) => ({
      'bidwarden.report_type': report.reportType,
      'bidwarden.account_id': account.accountId,
      'bidwarden.account_currency': account.currency ?? '',
      'bidwarden.account_timezone': account.timezone ?? '',
      'bidwarden.date_start': range?.start ?? '',
      'bidwarden.date_end': range?.end ?? '',
      'bidwarden.fetched_at': fetchedAt,
      'bidwarden.watermark': found.watermark ?? '',
      'bidwarden.final_through': result.finalThrough ?? '',
      'bidwarden.complete': String(result.caveats.length === 0),
      'bidwarden.caveats': JSON.stringify(result.caveats),
    }),
  })
  return {
    records_fetched: records,
    size_bytes: bytes,
    storage_location: await publish(files, name),
    fetched_at: fetchedAt,
    watermark: watermark ?? null,
    final_through: result.finalThrough ?? null,
    caveats: result.caveats,
  }
}

const fieldsOf = ({ spec, fields }: Pick<WantedFile, 'spec' | 'fields'>) => ({
  spec,
  fields,
  common: commonSources(spec, fields),
})

type Rows = Omit<WantedFile, 'result' | 'account' | 'fetchedAt'>

/** Rows with the fields that have common names added. */
export async function* wantedRows(
  { store }: Pick<WorkDeps, 'store'>,
  { report, spec, range, fields, jobId }: Rows,
): AsyncGenerator<readonly Row[]> {
  const { complete } = new Survey(fieldsOf({ spec, fields }))
  for await (const page of readRows(store, report, range, jobId)) yield page.map(complete)
}

/** Columns, number and last date of the rows. */
export async function survey(deps: Pick<WorkDeps, 'store'>, wanted: Rows): Promise<Surveyed> {
  const found = new Survey(fieldsOf(wanted))
  for await (const page of wantedRows(deps, wanted)) found.add(page)
  return found.found
}
