import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../../time/clock.ts'
import { DAY_MS, daysBetween } from '../days.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'
import { refuse } from './errors.ts'

const METRICS: Readonly<Record<string, (seed: number) => number>> = {
  impressions: (seed) => 1000 + seed,
  clickThroughs: (seed) => seed % 40,
  totalCost: (seed) => seed * 1.25,
  dpv14d: (seed) => seed % 9,
  purchases14d: (seed) => seed % 4,
  sales14d: (seed) => (seed % 4) * 19.99,
}
/** How long a signed address of a file is good, in milliseconds. */
const SIGNED_MS = 900_000
/** Reports that are ordered for this advertiser are not compressed, so that a client has to read both kinds. */
const NOT_COMPRESSED = '5002'

interface Report {
  readonly reportId: string
  /** The body of the request that ordered it. */
  readonly order: string
  readonly rows: readonly JsonObject[]
  readonly isCompressed: boolean
  readonly readyMs: number
}

/** Reports take `reportMs` milliseconds to be made. Each then has a signed address in the storage. */
export function createAmazonReports(clock: Clock, reportMs: number) {
  const reports = new Map<string, Report>()

  /** Orders a report. While it is being made, the same order is refused, and the refusal names the first one. */
  function order(advertisers: readonly { readonly advertiserId: string }[], { body }: Call): SandboxReply {
    const asked = parseJson(body)
    if (!isObject(asked)) return refuse('INVALID_ARGUMENT')
    const first = [...reports.values()].find((one) => one.order === body && clock.elapsedMs() < one.readyMs)
    if (first) return refuse('TOO_EARLY', `The Request is a duplicate of : ${first.reportId}`)
    const metrics = String(asked['metrics'] ?? '').split(',')
    if (metrics.some((name) => !METRICS[name])) return refuse('INVALID_ARGUMENT', 'Unknown metric')
    const reportId = randomUUID()
    const rows = advertisers.flatMap(({ advertiserId }) => rowsOf(asked, advertiserId, metrics))
    const [firstAdvertiser]: unknown[] = Array.isArray(asked['advertiserIds']) ? asked['advertiserIds'] : []
    reports.set(reportId, {
      reportId,
      order: body,
      rows,
      isCompressed: firstAdvertiser !== NOT_COMPRESSED,
      readyMs: clock.elapsedMs() + reportMs,
    })
    return {
      status: 202,
      body: { reportId, type: 'CAMPAIGN', format: 'JSON', status: 'IN_PROGRESS', location: '' },
    }
  }

  /** The state of a report; undefined if there is none. */
  function described(reportId: string, { headers }: Call): JsonObject | undefined {
    const report = reports.get(reportId)
    if (!report) return undefined
    if (clock.elapsedMs() < report.readyMs) return { reportId, status: 'IN_PROGRESS', location: '' }
    const until = Math.floor(clock.elapsedMs() + SIGNED_MS)
    const location = `http://${headers.get('host')}/amazon-storage/files/${reportId}/${until}`
    return { reportId, status: 'SUCCESS', location, expiration: until }
  }

  function jobFailed({ path }: Call): SandboxReply {
    const reportId = path.replace(/^.*\//, '')
    const statusDetails = 'Report generation failed'
    return { status: 200, body: { reportId, status: 'FAILURE', statusDetails, location: '' } }
  }

  const storage: Played = {
    handle({ path, headers }) {
      const [, reportId = '', until = '0'] = /^\/files\/([\w-]+)\/(\d+)$/.exec(path) ?? []
      const report = reports.get(reportId)
      // S3 refuses a request that is signed twice.
      if (!report || clock.elapsedMs() > Number(until) || headers.has('authorization')) return accessDenied()
      const text = Buffer.from(JSON.stringify(report.rows))
      return { status: 200, body: report.isCompressed ? gzipSync(text) : text }
    },
    errorNamed: accessDenied,
  }
  return { order, described, jobFailed, storage }
}

function accessDenied(): SandboxReply {
  const xml = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'
  return { status: 403, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) }
}

export const ordersOf = (advertiserId: string): JsonObject[] =>
  [1, 2].map((n) => ({
    orderId: `${advertiserId}${n}`,
    advertiserId,
    name: `Order ${n}`,
    deliveryActivationStatus: n === 1 ? 'ACTIVE' : 'INACTIVE',
    startDateTime: '2026-11-01 00:00:00 UTC',
  }))

function rowsOf(asked: JsonObject, advertiserId: string, metrics: readonly string[]): JsonObject[] {
  const [start, end] = [timeOf(asked['startDate']), timeOf(asked['endDate'])]
  if (!(start <= end) || end - start > 31 * DAY_MS) refuse('INVALID_ARGUMENT', 'The dates are wrong')
  const isByLineItem = Array.isArray(asked['dimensions']) && asked['dimensions'].includes('LINE_ITEM')
  return daysBetween(start, end).flatMap((date, day) =>
    ordersOf(advertiserId).map(({ orderId, name }, index) => ({
      // Amazon writes dates in either of these ways.
      ...(index === 0 ? { date: date.replaceAll('-', '') } : { intervalStart: start + day * DAY_MS }),
      advertiserId,
      orderId,
      orderName: name,
      ...(isByLineItem && { lineItemId: `${orderId}0`, lineItemName: 'Line item 0' }),
      ...Object.fromEntries(metrics.map((metric) => [metric, METRICS[metric]?.(day * 5 + index)])),
    })),
  )
}

const timeOf = (text: unknown): number =>
  Date.parse(String(text).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'))
