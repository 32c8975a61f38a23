import { z } from 'zod'
import {
  type AccountRef,
  ask,
  type ReadTalk,
  type ReportQuery,
  type ReportResult,
  TalkRefused,
} from '../read-connector.ts'
import { get } from '../requests.ts'
import { CALLS, listed } from './pages.ts'
import { problemOf, REPORTS, rowOf, SUMS } from './reports.ts'
import { executions, type Order, orderReport, schedules, templates } from './requests.ts'

export const REPORT_CALLS = 'reports'

const Template = z.object({
  ReportTemplateId: z.coerce.number().int(),
  ReportTemplateName: z.string().nullish(),
})
const Schedule = z.object({ ReportScheduleId: z.int(), ReportScheduleName: z.string().nullish() })
const Execution = z.object({
  ReportExecutionId: z.int().default(0),
  ReportScheduleId: z.int(),
  ReportExecutionState: z.string(),
  DisabledReason: z.string().nullish(),
  ReportDeliveries: z.array(z.object({ DownloadURL: z.string().nullish() })).nullish(),
})
const Executions = z.object({ Result: z.array(Execution) })

/** Remembered twice: before a report is ordered, and once its schedule is known. `tries` counts orders, this one too. */
const Resume = z.object({ name: z.string(), scheduleId: z.int().optional(), tries: z.int() })
type Ordered = z.output<typeof Resume>

const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 300_000
/** Some six hours. */
const MAX_POLLS = 80
const MAX_TRIES = 2
/** Times an order without an answer is looked for and placed again by ourselves. */
const LOST_ORDERS = 2

/** Where reports may be fetched from. */
export interface Hosts {
  readonly api: string
  readonly isFileHost: (url: string) => boolean
}

/**
 * A report by way of MyReports: a schedule that runs once, polled until its file is there. It is ordered under a name of
 * its own, which is remembered first, so that an order whose answer was lost is found again instead of placed twice.
 */
export function* readReport(hosts: Hosts, query: ReportQuery): ReadTalk<ReportResult> {
  const { account, reportType, range, resume } = query
  const report = REPORTS[reportType]
  if (!report || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const { api } = hosts

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
      yield* fetched(hosts, report, made.url, query)
      return { cursor: undefined, finalThrough: undefined, caveats: [] }
    }
    if (tries >= MAX_TRIES) throw new TalkRefused(`the report failed: ${made.reason}`)
    const again: Ordered = { name: yield* freshName(api, base), tries: tries + 1 }
    yield { is: 'remember', state: { name: again.name, tries: again.tries } }
    known = again
  }
}

/** The template of the setting `report_template_ids`, or the one called like our report. */
function* templateOf(api: string, { settings }: AccountRef, reportType: string): ReadTalk<number> {
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

/** The same dates may be asked for again, and must not be answered with the file of last time. */
function* freshName(api: string, base: string): ReadTalk<string> {
  const earlier = yield* listed((start) => schedules(api, base, start), Schedule)
  const numbers = earlier.map(({ ReportScheduleName }) => {
    const name = ReportScheduleName ?? ''
    return name.startsWith(`${base} #`) ? Number(name.slice(base.length + 2)) || 0 : 0
  })
  return `${base} #${Math.max(0, ...numbers) + 1}`
}

function* placed(api: string, order: Order, mayBeThere: boolean): ReadTalk<number> {
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

function* awaited(api: string, { accountId }: AccountRef, scheduleId: number): ReadTalk<Made> {
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
  throw new TalkRefused('the report was not ready after six hours')
}

function* fetched(
  { isFileHost }: Hosts,
  report: (typeof REPORTS)[string],
  url: string,
  { fields, caveats }: ReportQuery,
): ReadTalk<void> {
  if (!isFileHost(url)) throw new TalkRefused('the report lies on a host that is not theirs')
  yield {
    is: 'download',
    request: get(url),
    bucket: REPORT_CALLS,
    encoding: 'csv',
    gzip: false,
    redirect: (to) => (isFileHost(to) ? get(to) : undefined),
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
