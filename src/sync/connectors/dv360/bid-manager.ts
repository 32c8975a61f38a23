import { z } from 'zod'
import { at, textAt } from '../../../platforms/index.ts'
import { ask, type ReadTalk, type ReportQuery, TalkRefused } from '../read-connector.ts'
import { type Level, METRICS, NO_DATA, problemOf, rowOf } from './reports.ts'
import { createQuery, getReport, listQueries, listReports, type ReportRequest, runQuery } from './requests.ts'

export const REPORTS_BUCKET = 'reports'

/** Between two looks at a report; four a second would be allowed, but only 2000 a day. */
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 300_000
/** A report that takes longer will not come any more. */
const PATIENCE_MS = 6 * 3_600_000
/** Times that a report is run in all, when the platform says that it failed. */
const RUNS = 3

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
 * How far a report is. Each is stored before the step behind it is taken, so that whatever a crash leaves at the platform
 * is found again instead of being ordered twice.
 */
const Progress = z.object({
  queryId: z.string().optional(),
  /** Running the query was begun so many times. */
  runs: z.int(),
  reportId: z.string().optional(),
})

/** Makes a report, waits for it, and yields its lines. */
export function* readFigures(host: string, query: ReportQuery, level: Level): ReadTalk<void> {
  const { account, range, fields, resume, reportType } = query
  if (!range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const asked = fields.filter((name) => METRICS[name])
  // A report needs a figure, even if only names were asked for.
  const names = asked.length > 0 ? asked : ['impressions']
  const wanted: ReportRequest = {
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
    const path: string | undefined = yield* finished(host, queryId, reportId)
    if (path !== undefined) {
      yield* download(path, level, query)
      return
    }
    if (runs >= RUNS) throw new TalkRefused(`the platform failed to make the report, ${RUNS} times`)
    yield { is: 'wait', ms: FIRST_WAIT_MS }
    reportId = undefined
  }
}

/** The query that an earlier try left, when it broke off before it knew the id. */
function* leftQuery(host: string, title: string): ReadTalk<string | undefined> {
  const listed: unknown = yield* ask(listQueries(host), REPORTS_BUCKET)
  for (const query of z.array(z.unknown()).parse(at(listed, 'queries') ?? [])) {
    const queryId = textAt(query, 'queryId')
    if (queryId === undefined || textAt(query, 'metadata', 'title') !== title) continue
    // One that was run has an older answer than the one that is wanted.
    if ((yield* reportsOf(host, queryId)).length === 0) return queryId
  }
  return undefined
}

/** The report that was under way when an earlier try broke off; undefined when its run never arrived. */
function* leftReport(host: string, queryId: string, runs: number): ReadTalk<string | undefined> {
  const [newest, ...older] = yield* reportsOf(host, queryId)
  return older.length >= runs - 1 ? newest : undefined
}

/** The newest first. */
function* reportsOf(host: string, queryId: string): ReadTalk<string[]> {
  const listed: unknown = yield* ask(listReports(host, queryId), REPORTS_BUCKET)
  return z
    .array(Report)
    .parse(at(listed, 'reports') ?? [])
    .map(({ key }) => key.reportId)
}

/** Where the finished report lies; undefined when it could not be made. */
function* finished(host: string, queryId: string, reportId: string): ReadTalk<string | undefined> {
  let waited = 0
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const { metadata } = Report.parse(yield* ask(getReport(host, queryId, reportId), REPORTS_BUCKET))
    const { state } = metadata.status
    if (state === 'DONE') {
      if (!metadata.googleCloudStoragePath) throw new Error('a finished report lies nowhere')
      return metadata.googleCloudStoragePath
    }
    if (state === 'FAILED') return undefined
    if (waited >= PATIENCE_MS)
      throw new TalkRefused(`the report was not made within ${PATIENCE_MS / 3_600_000} hours`)
    yield { is: 'wait', ms: waitMs }
    waited += waitMs
  }
}

function* download(url: string, level: Level, { fields, caveats }: ReportQuery): ReadTalk<void> {
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
