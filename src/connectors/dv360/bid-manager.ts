import { z } from 'zod'
import type { ReportQuery } from '../platform/connector.ts'
import { at, textAt } from '../platform/json.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { poll } from '../reading/poll.ts'
import { type Dv360Level, METRICS, NO_DATA, problemOf, rowOf } from './reports.ts'
import {
  createQuery,
  type Dv360ReportRequest,
  getReport,
  listQueries,
  listReports,
  runQuery,
} from './requests.ts'

export const REPORTS_BUCKET = 'reports'

/**
 * First wait between two looks at a report, in milliseconds. Four requests a second are allowed, but only 2000 a day.
 */
const FIRST_WAIT_MS = 10_000

const Created = z.object({ queryId: z.string().min(1) })
const Report = z.object({
  key: z.object({ reportId: z.string().min(1) }),
  metadata: z
    .object({
      status: z.object({ state: z.string().default('') }).prefault({}),
      googleCloudStoragePath: z.string().optional(),
    })
    .prefault({}),
})

/**
 * Progress of a report. Each step is stored before the next one begins, so that a crash never makes the same report be
 * ordered twice.
 */
const Progress = z.object({
  queryId: z.string().optional(),
  /** How many times a run of the query was begun. */
  runs: z.int(),
  reportId: z.string().optional(),
})

/** Orders a report, waits for it, and yields its lines. */
export function* readFigures(host: string, query: ReportQuery, level: Dv360Level): Talk<void> {
  const { account, range, fields, resume, reportType } = query
  if (!range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const asked = fields.filter((name) => METRICS[name])
  // A report needs at least one metric, even if only names were asked for.
  const names = asked.length > 0 ? asked : ['impressions']
  const wanted: Dv360ReportRequest = {
    title: ['bidwarden', account.accountId, reportType, range.start, range.end, ...names].join(' '),
    advertiserId: account.accountId,
    range,
    groupBys: ['FILTER_DATE', level.groupBy],
    metrics: names.flatMap((name) => METRICS[name]?.metric ?? []),
  }
  const begun = Progress.safeParse(resume).data
  let { runs, reportId, queryId } = begun ?? { runs: 0 }
  let isResumed = begun !== undefined

  if (queryId === undefined) {
    if (isResumed) queryId = yield* leftQuery(host, wanted.title)
    else yield { is: 'remember', state: { runs } }
    queryId ??= Created.parse(yield* ask(createQuery(host, wanted), REPORTS_BUCKET)).queryId
    yield { is: 'remember', state: { runs, queryId } }
  }
  for (;;) {
    if (reportId === undefined) {
      if (isResumed && runs > 0) reportId = yield* leftReport(host, queryId, runs)
      else {
        runs += 1
        yield { is: 'remember', state: { runs, queryId } }
      }
      reportId ??= Report.parse(yield* ask(runQuery(host, queryId), REPORTS_BUCKET)).key.reportId
      yield { is: 'remember', state: { runs, queryId, reportId } }
    }
    isResumed = false
    const path: string | undefined = yield* pathOf(host, queryId, reportId)
    if (path !== undefined) {
      yield* download(path, level, query)
      return
    }
    if (runs >= MAX_ORDERS) throw new TalkFailed(`the platform failed to make the report, ${runs} times`)
    yield waitToOrderAgain(orderAgainMs(runs))
    reportId = undefined
  }
}

/** The query that an earlier try created without learning its id; undefined if there is none. */
function* leftQuery(host: string, title: string): Talk<string | undefined> {
  const listed: unknown = yield* ask(listQueries(host), REPORTS_BUCKET)
  for (const query of z.array(z.unknown()).parse(at(listed, 'queries') ?? [])) {
    const queryId = textAt(query, 'queryId')
    if (queryId === undefined || textAt(query, 'metadata', 'title') !== title) continue
    // A query with runs has an older answer than the wanted one.
    if ((yield* reportsOf(host, queryId)).length === 0) return queryId
  }
  return undefined
}

/** Finds the report that an earlier try began; undefined if the order of its run never arrived. */
function* leftReport(host: string, queryId: string, runs: number): Talk<string | undefined> {
  const [newest, ...older] = yield* reportsOf(host, queryId)
  return older.length >= runs - 1 ? newest : undefined
}

/** Ids of a query's reports, the newest first. */
function* reportsOf(host: string, queryId: string): Talk<string[]> {
  const listed: unknown = yield* ask(listReports(host, queryId), REPORTS_BUCKET)
  return z
    .array(Report)
    .parse(at(listed, 'reports') ?? [])
    .map(({ key }) => key.reportId)
}

/** Waits for the report and returns its address; undefined when it could not be made. */
const pathOf = (host: string, queryId: string, reportId: string): Talk<string | undefined> =>
  poll('the report was', FIRST_WAIT_MS, function* () {
    const { metadata } = Report.parse(yield* ask(getReport(host, queryId, reportId), REPORTS_BUCKET))
    const { state } = metadata.status
    if (state === 'FAILED') return { found: undefined }
    if (state !== 'DONE') return undefined
    if (!metadata.googleCloudStoragePath) throw new Error('a finished report has no address')
    return { found: metadata.googleCloudStoragePath }
  })

function* download(url: string, level: Dv360Level, { fields, caveats }: ReportQuery): Talk<void> {
  yield {
    is: 'download',
    request: { method: 'GET', url, headers: {} },
    bucket: REPORTS_BUCKET,
    encoding: 'csv',
    gzip: false,
    endsAt: 'blank_line',
    isNote: NO_DATA,
    problemOf: (columns) => problemOf(columns, level, fields),
    sums: Object.keys(METRICS),
    toRow: (record) => rowOf(caveats, record, level, fields),
  }
}
