import type { Clock } from '../../time/clock.ts'
import { daysBetween } from '../days.ts'
import { googleApi, paged, refuseRpc } from '../google/api.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'

const SCOPE = 'https://www.googleapis.com/auth/doubleclickbidmanager'
const ENTITIES: Readonly<Record<string, string>> = {
  FILTER_MEDIA_PLAN: 'Campaign',
  FILTER_INSERTION_ORDER: 'Insertion Order',
  FILTER_LINE_ITEM: 'Line Item',
}
const METRICS: Readonly<Record<string, { heading: string; of: (seed: number) => string }>> = {
  METRIC_IMPRESSIONS: { heading: 'Impressions', of: (seed) => String(1000 + seed) },
  METRIC_CLICKS: { heading: 'Clicks', of: (seed) => String(seed % 40) },
  METRIC_REVENUE_ADVERTISER: {
    heading: 'Revenue (Adv Currency)',
    of: (seed) => (seed * 1.1234567).toFixed(7),
  },
  METRIC_MEDIA_COST_ADVERTISER: { heading: 'Media Cost (Advertiser Currency)', of: (seed) => String(seed) },
  METRIC_TOTAL_CONVERSIONS: { heading: 'Total Conversions', of: (seed) => `${seed % 5}.5` },
  METRIC_LAST_CLICKS: { heading: 'Post-Click Conversions', of: (seed) => String(seed % 3) },
  METRIC_LAST_IMPRESSIONS: { heading: 'Post-View Conversions', of: (seed) => String(seed % 2) },
}
/** The part of a report's time in which it waits in the queue. */
const QUEUED_SHARE = 1 / 12
/** How long a signed address of a file is good, in milliseconds. */
const SIGNED_MS = 3_600_000

interface Query {
  readonly queryId: string
  readonly title: string
  readonly params: JsonObject
  readonly dates: readonly string[]
  readonly reports: { readonly reportId: string; readonly begunMs: number }[]
}

/** Bid Manager: queries, and a report for each run of a query. A report takes `reportMs` milliseconds. */
export function createBidManager(
  oauth: GoogleOauth,
  clock: Clock,
  reportMs: number,
): { readonly played: Played; readonly fileOf: (path: string) => string | undefined } {
  const queries = new Map<string, Query>()

  function route(call: Call): SandboxReply {
    const { method, path, query: search } = call
    if (path === '/v2/queries' && method === 'POST') return created(parseJson(call.body))
    if (path === '/v2/queries' && method === 'GET') {
      const all = [...queries.values()]
        .reverse()
        .map(({ queryId, title }) => ({ queryId, metadata: { title } }))
      const { page, next } = paged(all, search, 100, 100)
      return { status: 200, body: { ...(page.length > 0 && { queries: page }), ...next } }
    }
    const [, queryId = '', rest = ''] = /^\/v2\/queries\/(\d+)(\D.*)?$/.exec(path) ?? []
    const query = queries.get(queryId)
    if (!query) return refuseRpc('NOT_FOUND')
    if (method === 'POST' && rest === ':run') {
      query.reports.push({ reportId: String(query.reports.length + 1), begunMs: clock.elapsedMs() })
      return { status: 200, body: described(call, query, query.reports.length - 1) }
    }
    if (method !== 'GET') return refuseRpc('NOT_FOUND')
    if (rest === '/reports') {
      const reports = query.reports.map((_, index) => described(call, query, index)).reverse()
      return { status: 200, body: { ...(reports.length > 0 && { reports }) } }
    }
    const index = query.reports.findIndex(({ reportId }) => rest === `/reports/${reportId}`)
    return index < 0 ? refuseRpc('NOT_FOUND') : { status: 200, body: described(call, query, index) }
  }

  function created(asked: unknown): SandboxReply {
    const metadata = isObject(asked) && isObject(asked['metadata']) ? asked['metadata'] : {}
    const params = isObject(asked) && isObject(asked['params']) ? asked['params'] : {}
    const range = isObject(metadata['dataRange']) ? metadata['dataRange'] : {}
    if (range['range'] !== 'CUSTOM_DATES' || metadata['format'] !== 'CSV') refuseRpc('INVALID_ARGUMENT')
    for (const name of names(params['metrics']))
      if (!METRICS[name]) refuseRpc('INVALID_ARGUMENT', `Unknown metric ${name}`)
    if (names(params['metrics']).length === 0) refuseRpc('INVALID_ARGUMENT', 'No metrics')
    const dates = datesBetween(dateOf(range['customStartDate']), dateOf(range['customEndDate']))
    const queryId = String(9001 + queries.size)
    queries.set(queryId, { queryId, title: String(metadata['title']), params, dates, reports: [] })
    return { status: 200, body: { queryId, metadata, params } }
  }

  function described({ headers }: Call, { queryId, reports }: Query, index: number): JsonObject {
    const report = reports[index]
    if (!report) return refuseRpc('NOT_FOUND')
    const ageMs = clock.elapsedMs() - report.begunMs
    const state = ageMs < reportMs * QUEUED_SHARE ? 'QUEUED' : ageMs < reportMs ? 'RUNNING' : 'DONE'
    const until = Math.floor(clock.elapsedMs() + SIGNED_MS)
    const path = `http://${headers.get('host')}/report-storage/${queryId}/${report.reportId}/${until}.csv`
    return {
      key: { queryId, reportId: report.reportId },
      metadata: {
        status: { state, format: 'CSV' },
        ...(state === 'DONE' && { googleCloudStoragePath: path }),
      },
    }
  }

  function jobFailed({ path }: Call): SandboxReply {
    const [, queryId = '', reportId = ''] = /^\/v2\/queries\/(\d+)\/reports\/(\d+)$/.exec(path) ?? []
    const metadata = { status: { state: 'FAILED', format: 'CSV' } }
    return { status: 200, body: { key: { queryId, reportId }, metadata } }
  }

  return {
    played: { ...googleApi(oauth, () => SCOPE, route), jobFailed },
    fileOf(path) {
      const [, queryId = '', until = '0'] = /^\/(\d+)\/\d+\/(\d+)\.csv$/.exec(path) ?? []
      const query = queries.get(queryId)
      return query && clock.elapsedMs() <= Number(until) ? fileFor(query) : undefined
    },
  }
}

/** Cloud Storage: whoever knows the signed address gets the file, and a request with a token is refused. */
export function createReportStorage(fileOf: (path: string) => string | undefined): Played {
  const refused = (status: number, code: string): SandboxReply => ({
    status,
    headers: { 'content-type': 'application/xml; charset=UTF-8' },
    body: Buffer.from(`<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code></Error>`),
  })
  return {
    handle({ path, headers }) {
      if (headers.has('authorization')) return refused(400, 'InvalidArgument')
      const file = fileOf(path)
      if (file === undefined) return refused(403, 'ExpiredToken')
      return { status: 200, headers: { 'content-type': 'text/csv' }, body: Buffer.from(file) }
    },
    errorNamed: () => refused(403, 'ExpiredToken'),
  }
}

/** A report as Bid Manager writes it: lines of days, totals, an empty line, then shorter lines about the report itself. */
function fileFor({ params, dates }: Query): string {
  const metrics = names(params['metrics'])
  const [, level = ''] = names(params['groupBys'])
  const entity = ENTITIES[level] ?? 'Advertiser'
  const lines = [
    ['Date', entity, `${entity} ID`, `${entity} Status`, ...metrics.map((name) => METRICS[name]?.heading)],
  ]
  for (const [day, date] of dates.entries())
    for (const index of [0, 1]) {
      const seed = day * 7 + index * 3
      const name = `"${entity} ${index}, ""Winter"""`
      const figures = metrics.map((one) => METRICS[one]?.of(seed))
      const id = entity === 'Campaign' ? `${advertiserOf(params)}0${index + 1}` : `${level.length}${index}`
      lines.push([date.replaceAll('-', '/'), name, id, 'Active', ...figures])
    }
  lines.push(['', '', '', '', ...metrics.map(() => '123')], [])
  lines.push(
    ['Report Time:', '2026/11/20 12:00'],
    ['Filter by Advertiser:', 'Acme "the" (77)'],
    ['MRC Accredited Metrics', ''],
  )
  return lines.map((cells) => `${cells.join(',')}\n`).join('')
}

function advertiserOf({ filters }: JsonObject): string {
  const all = Array.isArray(filters) ? filters.filter(isObject) : []
  return String(all.find(({ type }) => type === 'FILTER_ADVERTISER')?.['value'] ?? '')
}

const names = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : [])

function dateOf(parts: unknown): number {
  if (!isObject(parts)) return refuseRpc('INVALID_ARGUMENT', 'Invalid date')
  return Date.UTC(Number(parts['year']), Number(parts['month']) - 1, Number(parts['day']))
}

function datesBetween(fromMs: number, toMs: number): string[] {
  if (!(fromMs <= toMs)) refuseRpc('INVALID_ARGUMENT', 'The date range is invalid.')
  return daysBetween(fromMs, toMs)
}
