import { z } from 'zod'
import type { ReportQuery } from '../platform/connector.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { poll } from '../reading/poll.ts'
import { type AmazonLevel, METRICS, rowOf } from './reports.ts'
import { type AdvertiserPlace, createReport, getReport } from './requests.ts'

export const REPORTS = 'reports'

/** First wait between two looks at a report, in milliseconds. */
const FIRST_WAIT_MS = 30_000

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
  advertiser: AdvertiserPlace,
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
      const order = createReport(advertiser, { range, dimensions: level.dimensions, metrics })
      reportId = Ordered.parse(yield* ask(order, REPORTS)).reportId
      orders += 1
      yield { is: 'remember', state: { reportId, orders } }
    }
    const made: Made = yield* waitFor(advertiser, reportId)
    if (made.is === 'made') {
      yield {
        is: 'download',
        request: { method: 'GET', url: made.location, headers: {} },
        bucket: REPORTS,
        encoding: 'json_array',
        gzip: 'if_packed',
        sums: Object.keys(METRICS),
        toRow: (record) => rowOf(caveats, record, level, fields, advertiser.advertiserId),
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

const waitFor = (advertiser: AdvertiserPlace, reportId: string): Talk<Made> =>
  poll<Made>('the report was', FIRST_WAIT_MS, function* () {
    const { status, location, statusDetails } = Report.parse(
      yield* ask(getReport(advertiser, reportId), REPORTS),
    )
    // The two kinds of reports use different words for "done".
    if (status === 'SUCCESS' || status === 'COMPLETED') {
      if (!location) throw new Error('a finished report has no address')
      return { found: { is: 'made', location } }
    }
    if (status === 'FAILURE' || status === 'FAILED')
      return { found: { is: 'failed', detail: statusDetails ?? status } }
    return undefined
  })
