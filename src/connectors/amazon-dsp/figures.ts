import { z } from 'zod'
import type { ReportQuery } from '../platform/connector.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { type AmazonLevel, METRICS, rowOf } from './reports.ts'
import { createReport, getReport, type ProfileDoor } from './requests.ts'

export const REPORTS = 'reports'

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 300_000
const PATIENCE_MS = 6 * 3_600_000

const Ordered = z.object({ reportId: z.string().min(1) })
const Report = z.object({
  status: z.string().default(''),
  location: z.string().nullish(),
  statusDetails: z.string().nullish(),
})
const Resume = z.object({ reportId: z.string(), orders: z.int() })

/**
 * Orders a report, waits for it, and yields its records. If the answer to the order was lost, it is repeated; Amazon
 * then names the report that is already being made, and that one is taken.
 */
export function* readFigures(
  door: ProfileDoor,
  { range, fields, resume, reportType, caveats }: ReportQuery,
  level: AmazonLevel,
): Talk<void> {
  if (!range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const asked = fields.flatMap((name) => METRICS[name]?.metric ?? [])
  // A report needs at least one metric, even if only names were asked for.
  const metrics = asked.length > 0 ? asked : ['impressions']
  const begun = Resume.safeParse(resume).data
  let orders = begun?.orders ?? 0
  let reportId = begun?.reportId
  for (;;) {
    if (reportId === undefined) {
      const order = createReport(door, { range, dimensions: level.dimensions, metrics })
      reportId = Ordered.parse(yield* ask(order, REPORTS)).reportId
      orders += 1
      yield { is: 'remember', state: { reportId, orders } }
    }
    const made: Made = yield* finished(door, reportId)
    if (made.is === 'made') {
      yield {
        is: 'download',
        request: { method: 'GET', url: made.location, headers: {} },
        bucket: REPORTS,
        encoding: 'json_array',
        gzip: 'if_packed',
        sums: Object.keys(METRICS),
        toRow: (record) => rowOf(caveats, record, level, fields, door.advertiserId),
      }
      return
    }
    if (orders >= MAX_ORDERS)
      throw new TalkFailed(`the platform failed to make the report, ${orders} times: ${made.detail}`)
    yield waitToOrderAgain(orderAgainMs(orders))
    reportId = undefined
  }
}

type Made =
  | { readonly is: 'made'; readonly location: string }
  | { readonly is: 'failed'; readonly detail: string }

function* finished(door: ProfileDoor, reportId: string): Talk<Made> {
  let waited = 0
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const report = Report.parse(yield* ask(getReport(door, reportId), REPORTS))
    // The two kinds of reports use different words for "done".
    if (report.status === 'SUCCESS' || report.status === 'COMPLETED') {
      if (!report.location) throw new Error('a finished report lies nowhere')
      return { is: 'made', location: report.location }
    }
    if (report.status === 'FAILURE' || report.status === 'FAILED')
      return { is: 'failed', detail: report.statusDetails ?? report.status }
    if (waited >= PATIENCE_MS)
      throw new TalkFailed(`the report was not made within ${PATIENCE_MS / 3_600_000} hours`)
    yield { is: 'wait', ms: waitMs }
    waited += waitMs
  }
}
