import { Readable } from 'node:stream'
import { z } from '@hono/zod-openapi'
import { type Authorize, type Ctx, check, header } from '../../api/index.ts'
import { sleep } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import { findConnection } from '../connections.ts'
import type { DateRange } from '../connectors/read-connector.ts'
import { eventsAfter, newestEvent } from '../events/index.ts'
import { csvOf, jsonOf, openFile, readRows } from '../reports/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { type RequestResult, specOf, survey } from '../work/index.ts'
import { idOf } from './connectors.ts'
import { findRequest } from './request-status.ts'
import { isStale, STALE } from './views.ts'

const Query = z.object({ format: z.enum(['parquet', 'csv', 'json']).default('json') })
const TYPES = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
} as const

/** Between two looks for new events. */
const LOOK_MS = 1_000
/** Silence after which proxies would cut the connection. */
const COMMENT_EVERY = 15

/** The rows of a request. While its platform is kept away from, the last good ones, marked as stale. */
export async function answerData(sync: Sync, authorize: Authorize, c: Ctx): Promise<Response> {
  const { org } = authorize(c, 'read')
  const { format } = check(Query, c.req.query())
  const request = await findRequest(sync, org, idOf(c))
  const row = await findConnection(sync, org, request.connector_id)
  const spec = specOf(connectorFor(sync, row.type), request.request_type)
  if (!spec) throw new AppError('not_found', `There is no report ${request.request_type} any more`)
  const stale = request.status !== 'completed' && isStale(sync, row)
  if (request.status !== 'completed' && !stale) {
    throw new AppError('invalid_request', `the request is ${request.status}; it has no data`, 'later')
  }
  const { date_range, fields }: { date_range?: DateRange; fields: string[] } = JSON.parse(request.params)
  const report = { connectorId: row.id, reportType: request.request_type }
  const headers = { 'content-type': TYPES[format], ...(stale && { 'x-bidwarden-stale': STALE }) }
  const result: RequestResult | undefined = request.result === null ? undefined : JSON.parse(request.result)

  if (format === 'parquet') {
    if (!result)
      throw new AppError('invalid_request', 'stale data is to be had as csv or json', 'never', {
        field: 'format',
      })
    const name = result.storage_location.split('/').slice(-2).join('/')
    const file = await openFile(sync.files, name)
    if (!file) throw new AppError('not_found', 'The file is gone; ask for the data again')
    return new Response(webStream(file), { headers })
  }
  const { columns, records, watermark } = await survey(sync, { report, spec, range: date_range, fields })
  if (stale && records === 0)
    throw new AppError('platform_unavailable', `${row.type} fails, and nothing was read before`, 'later')
  const rows = readRows(sync.store, report, date_range)
  const metadata = {
    report_type: request.request_type,
    account_id: row.account_id,
    watermark: watermark ?? null,
    ...result,
    records,
    ...(stale && { stale: true, message: STALE }),
  }
  const text = format === 'csv' ? csvOf(columns, rows) : jsonOf(metadata, onlyColumns(columns, rows))
  return new Response(webStream(Readable.from(text)), { headers })
}

type Rows = ReturnType<typeof readRows>

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

/** Events of the organisation as they come; `Last-Event-ID` goes on after an earlier one. */
export async function answerEvents(
  sync: Sync,
  authorize: Authorize,
  stopped: () => boolean,
  c: Ctx,
): Promise<Response> {
  const { org } = authorize(c, 'read')
  const since = Number(header(c, 'last-event-id') ?? Number.NaN)
  let last = Number.isSafeInteger(since) && since >= 0 ? since : await newestEvent(sync.store)
  let gone = false
  let quiet = 0
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(': events\n\n')),
    async pull(controller) {
      while (!gone && !stopped()) {
        const events = await eventsAfter(sync.store, org, last)
        quiet = events.length > 0 ? 0 : quiet + 1
        const lines = events.map(
          (event) => `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
        )
        last = events.at(-1)?.sequence ?? last
        const text = lines.length > 0 ? lines.join('') : quiet % COMMENT_EVERY === 0 ? ': still here\n\n' : ''
        if (text !== '') {
          controller.enqueue(encoder.encode(text))
          return
        }
        await sleep(sync.clock, LOOK_MS)
      }
      if (!gone) controller.close()
    },
    cancel() {
      gone = true
    },
  })
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  })
}
