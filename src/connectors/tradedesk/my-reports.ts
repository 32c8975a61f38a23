import { z } from 'zod'
import type { AccountRef, ReportQuery, ReportResult } from '../platform/connector.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { get } from '../reading/requests.ts'
import { CALLS, listed } from './pages.ts'
import { problemOf, REPORTS, rowOf, SUMS } from './reports.ts'
import { executions, orderReport, type ReportOrder, schedules, templates } from './requests.ts'

export const REPORT_CALLS = 'reports'

/** Ids are numbers in one answer and text in another. */
const Whole = z.coerce.number().int().positive()
const Template = z.object({
  ReportTemplateId: Whole,
  ReportTemplateName: z.string().nullish(),
})
const Schedule = z.object({ ReportScheduleId: Whole, ReportScheduleName: z.string().nullish() })
const Execution = z.object({
  ReportExecutionId: Whole.default(0),
  ReportScheduleId: Whole,
  ReportExecutionState: z.string(),
  DisabledReason: z.string().nullish(),
  ReportDeliveries: z.array(z.object({ DownloadURL: z.string().nullish() })).nullish(),
})
const Executions = z.object({ Result: z.array(Execution) })

/**
 * Stored before a report is ordered, and again when its schedule is known. `tries` counts orders, including the present
 * one.
 */
const Resume = z.object({ name: z.string(), scheduleId: z.int().optional(), tries: z.int() })
type Ordered = z.output<typeof Resume>

/** Wait between two polls for a report, in milliseconds: the first one, doubled up to the longest one. */
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 300_000
/** Most polls for one report, about six hours. */
const MAX_POLLS = 80
/** Times that one job may look for an order whose answer was lost and place it again. */
const LOST_ORDERS = 2

/**
 * Reads a report through MyReports: a schedule that runs once, polled until its file is ready. The order has a unique
 * name that is stored first, so that an order whose answer was lost is found instead of placed twice.
 */
export function* readReport(api: string, query: ReportQuery): Talk<ReportResult> {
  const { account, reportType, range, resume } = query
  const report = REPORTS[reportType]
  if (!report || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)

  let known = Resume.safeParse(resume).data
  for (;;) {
    const templateId = yield* templateOf(api, account, reportType)
    const isResumed = known !== undefined
    const base = `bidwarden ${reportType} ${account.accountId} ${range.start} ${range.end}`
    const name: string = known?.name ?? (yield* freshName(api, base))
    const tries: number = known?.tries ?? 1
    if (!known) yield { is: 'remember', state: { name, tries } }
    const timezone = account.timezone ?? 'UTC'
    const order = { name, templateId, advertiserId: account.accountId, range, timezone }
    const scheduleId: number = known?.scheduleId ?? (yield* placed(api, order, isResumed))
    if (known?.scheduleId === undefined) yield { is: 'remember', state: { name, tries, scheduleId } }

    const made = yield* awaited(api, account, scheduleId)
    if (made.is === 'ready') {
      yield* fetched(report, made.url, query)
      return { cursor: undefined, finalThrough: undefined, caveats: [] }
    }
    if (tries >= MAX_ORDERS) throw new TalkFailed(`the report failed, ${tries} times: ${made.reason}`)
    const again: Ordered = { name: yield* freshName(api, base), tries: tries + 1 }
    yield { is: 'remember', state: { name: again.name, tries: again.tries } }
    yield waitToOrderAgain(orderAgainMs(tries))
    known = again
  }
}

/** Template in the setting `report_template_ids`, or the one with the name of our report. */
function* templateOf(api: string, { settings }: AccountRef, reportType: string): Talk<number> {
  const set = z.record(z.string(), z.coerce.number().int()).safeParse(settings['report_template_ids']).data
  const named = set?.[reportType]
  if (named !== undefined) return named
  const wanted = `bidwarden ${reportType}`
  const found = yield* listed((start) => templates(api, wanted, start), Template)
  const [same] = found.filter(({ ReportTemplateName }) => ReportTemplateName === wanted)
  if (same) return same.ReportTemplateId
  throw new TalkRefused(
    `settings.report_template_ids.${reportType}: name a report template, or call one "${wanted}"`,
  )
}

/** Unique name of an order. The same dates may be requested again and must not get the previous file. */
function* freshName(api: string, base: string): Talk<string> {
  const earlier = yield* listed((start) => schedules(api, base, start), Schedule)
  const numbers = earlier.map(({ ReportScheduleName }) => {
    const name = ReportScheduleName ?? ''
    return name.startsWith(`${base} #`) ? Number(name.slice(base.length + 2)) || 0 : 0
  })
  return `${base} #${Math.max(0, ...numbers) + 1}`
}

function* placed(api: string, order: ReportOrder, mayBeThere: boolean): Talk<number> {
  for (let lost = 0; ; lost++) {
    if (mayBeThere || lost > 0) {
      const found = yield* listed((start) => schedules(api, order.name, start), Schedule)
      const [same] = found.filter(({ ReportScheduleName }) => ReportScheduleName === order.name)
      if (same) return same.ReportScheduleId
    }
    const request = orderReport(api, order)
    const reply = yield { is: 'ask', request, bucket: REPORT_CALLS, once: lost < LOST_ORDERS }
    if (reply?.is === 'ok') return Schedule.parse(reply.body).ReportScheduleId
  }
}

type Made =
  | { readonly is: 'ready'; readonly url: string }
  | { readonly is: 'failed'; readonly reason: string }

function* awaited(api: string, { accountId }: AccountRef, scheduleId: number): Talk<Made> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const { Result } = Executions.parse(yield* ask(executions(api, accountId, scheduleId), CALLS))
    const [last] = Result.filter((one) => one.ReportScheduleId === scheduleId).sort(
      (one, other) => other.ReportExecutionId - one.ReportExecutionId,
    )
    const state = last?.ReportExecutionState ?? 'Pending'
    const url = last?.ReportDeliveries?.map((delivery) => delivery.DownloadURL).find(Boolean)
    if (state === 'Complete' && url) return { is: 'ready', url }
    if (/fail|error|cancel|disabled/i.test(state))
      return { is: 'failed', reason: last?.DisabledReason ?? state }
    yield { is: 'wait', ms: Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** poll) }
  }
  throw new TalkFailed('the report was not ready after six hours')
}

function* fetched(
  report: (typeof REPORTS)[string],
  url: string,
  { fields, caveats }: ReportQuery,
): Talk<void> {
  yield {
    is: 'download',
    request: get(url),
    bucket: REPORT_CALLS,
    encoding: 'csv',
    gzip: false,
    problemOf(columns) {
      for (const { name, header } of report.columns)
        if (fields.includes(name) && !columns.includes(header))
          caveats.add(`${name} is null: the report template has no column ${header}`)
      return problemOf(columns, report)
    },
    sums: SUMS,
    toRow: (record) => rowOf(caveats, record, report),
  }
}
