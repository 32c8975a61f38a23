import { Readable } from 'node:stream'
import { z } from '@hono/zod-openapi'
import { type Authorize, type Ctx, check, wholeNumber } from '../../api/index.ts'
import type { DateRange } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { findConnection } from '../connections.ts'
import { csvOf, jsonOf, openFile } from '../reports/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { type RequestResult, specOf, survey, wantedRows } from '../work/index.ts'
import { findRequest } from './request-status.ts'
import { idOf } from './route-parts.ts'
import { isStale, STALE } from './views.ts'

const Query = z.object({
  format: z.enum(['parquet', 'csv', 'json']).default('json'),
  limit: wholeNumber(1, 10_000).optional(),
  offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
})
const TYPES = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
} as const

/** Answers the rows of a request. While its platform's breaker is open, answers the last good rows, marked as stale. */
export async function answerData(sync: Sync, authorize: Authorize, c: Ctx): Promise<Response> {
  const caller = authorize(c.env.incoming, 'read')
  const { org } = caller
  caller.charge(1)
  const { format, limit, offset } = check(Query, c.req.query())
  const request = await findRequest(sync, org, idOf(c))
  const row = await findConnection(sync, org, request.connector_id)
  const spec = specOf(connectorFor(sync, row.type), request.request_type)
  if (!spec) throw new AppError('not_found', `There is no report ${request.request_type} any more`)
  const stale = request.status !== 'completed' && isStale(sync, row)
  if (request.status !== 'completed' && !stale) {
    throw new AppError('invalid_request', `the request is ${request.status}; it has no data`, 'later')
  }
  const { date_range, fields }: { date_range?: DateRange; fields: string[] } = parseJson(request.params)
  const report = { connectorId: row.id, reportType: request.request_type }
  const headers: Record<string, string> = {
    'content-type': TYPES[format],
    ...(stale && { 'x-bidwarden-stale': STALE }),
  }
  const result: RequestResult | undefined = request.result === null ? undefined : parseJson(request.result)

  if (format === 'parquet') {
    if (offset > 0 || limit !== undefined)
      throw new AppError(
        'invalid_request',
        'limit, offset: a parquet file is served as a whole only',
        'never',
        {
          field: 'limit',
        },
      )
    if (!result)
      throw new AppError('invalid_request', 'stale data is served as csv or json only', 'never', {
        field: 'format',
      })
    const name = result.storage_location?.split('/').slice(-2).join('/')
    const file = name === undefined ? undefined : await openFile(sync.files, name)
    if (!file) throw new AppError('not_found', 'The file is gone; ask for the data again')
    return new Response(webStream(file), { headers })
  }
  const wanted = { report, spec, range: date_range, fields, jobId: request.job_id }
  const { columns, records, watermark } = await survey(sync, wanted)
  if (stale && records === 0)
    throw new AppError('platform_unavailable', `${row.type} fails, and nothing was read before`, 'later')
  const missing = stale || !result ? 0 : Math.max(0, result.records_fetched - records)
  if (missing > 0 && records === 0)
    throw new AppError('not_found', 'The rows are not kept any more; ask for the data again')
  const rows = part(wantedRows(sync, wanted), offset, limit)
  if (missing > 0) headers['x-bidwarden-rows-missing'] = String(missing)
  const metadata = {
    report_type: request.request_type,
    account_id: row.account_id,
    watermark: watermark ?? null,
    ...result,
    records,
    ...(missing > 0 && { caveats: [...(result?.caveats ?? []), missingRows(missing)] }),
    ...(stale && { stale: true, message: STALE }),
  }
  const text = format === 'csv' ? csvOf(columns, rows) : jsonOf(metadata, onlyColumns(columns, rows))
  return new Response(webStream(Readable.from(text)), { headers })
}

/** Caveat for rows that were read for the request and are stored no more. */
const missingRows = (missing: number): string =>
  `${missing} rows of this request are not here any more: they were deleted for their age, to make room, or because the platform reports them no longer`

type Rows = ReturnType<typeof wantedRows>

/** So many rows from the one at `offset` on; all of them where `limit` is undefined. */
async function* part(batches: Rows, offset: number, limit = Number.POSITIVE_INFINITY): Rows {
  let at = 0
  for await (const batch of batches) {
    const rows = batch.slice(Math.max(0, offset - at), Math.max(0, offset + limit - at))
    at += batch.length
    if (rows.length > 0) yield rows
    if (at >= offset + limit) return
  }
}

async function* onlyColumns(columns: readonly { readonly name: string }[], batches: Rows): Rows {
  for await (const batch of batches) {
    yield batch.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])))
  }
}

function webStream(readable: Readable): ReadableStream<Uint8Array> {
  const chunks = readable.iterator()
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
    },
    cancel: () => void readable.destroy(),
  })
}
