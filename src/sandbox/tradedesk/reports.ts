import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../time/clock.ts'
import { DAY_MS, daysBetween } from '../days.ts'
import { type Call, type Handler, type JsonObject, parseJson, type SandboxReply } from '../protocol.ts'
import { refuse } from './errors.ts'
import { ADVERTISER_ID, type TradeDeskState } from './state.ts'

const BY_AD_GROUP = 102
/** The first report by this template fails. */
const FAILS_ONCE = 198
const TEMPLATES = [
  { ReportTemplateId: 101, ReportTemplateName: 'bidwarden campaign_performance' },
  { ReportTemplateId: BY_AD_GROUP, ReportTemplateName: 'bidwarden ad_group_performance' },
  { ReportTemplateId: 103, ReportTemplateName: 'Sites' },
  { ReportTemplateId: FAILS_ONCE, ReportTemplateName: 'Fails once' },
]

const Day = z.iso.date()
const Order = z.looseObject({
  ReportScheduleName: z.string().min(1),
  ReportTemplateId: z.int().refine((id) => TEMPLATES.some((one) => one.ReportTemplateId === id)),
  ReportFileFormat: z.literal('CSV'),
  ReportDateRange: z.literal('Custom'),
  ReportStartDateInclusive: Day,
  ReportEndDateExclusive: Day,
  TimeZone: z.string(),
  ReportDateFormat: z.enum(['Sortable', 'International', 'US']),
  ReportNumericFormat: z.enum(['US', 'International']),
  ReportFrequency: z.literal('Once'),
  AdvertiserFilters: z.array(z.literal(ADVERTISER_ID)).min(1),
})
const ExecutionQuery = z.object({
  AdvertiserIds: z.array(z.string()).min(1),
  ReportScheduleIds: z.array(z.int()),
  PageStartIndex: z.int().min(0),
  PageSize: z.int().min(1),
})
const NameQuery = z.object({
  NameContains: z.string(),
  PageStartIndex: z.int().min(0),
  PageSize: z.int().min(1),
})

interface Schedule {
  readonly id: number
  readonly order: z.output<typeof Order>
  readonly fails: boolean
  /** How often its state was asked for; while it is being made, only the first two times count. */
  polls: number
  readonly readyMs: number
  /** The part of its address in the store that nobody can guess. */
  readonly signature: string
}

export interface TradeDeskReports {
  /**
   * Undefined for a path that has nothing to do with reports.
   * @param path behind the version, such as `myreports/reportschedule`
   */
  route(path: string, call: Call): SandboxReply | undefined
  /** Answers a question about schedules: all their reports have failed. */
  readonly jobFailed: Handler
  /** The files. Really another host, which needs no token but the address, and refuses a request with a token. */
  readonly store: Handler
}

/**
 * MyReports: each schedule makes one report at once. It is pending when first asked for, then in progress, and complete
 * as soon as `reportMs` milliseconds have passed and it was asked for three times.
 */
export function createTradeDeskReports(
  state: TradeDeskState,
  clock: Clock,
  reportMs: number,
): TradeDeskReports {
  const schedules = new Map<number, Schedule>()

  function order(call: Call): SandboxReply {
    const wanted = read(Order, call)
    const id = 900 + schedules.size
    const fails =
      wanted.ReportTemplateId === FAILS_ONCE &&
      [...schedules.values()].every((one) => one.order.ReportTemplateId !== FAILS_ONCE)
    const readyMs = clock.elapsedMs() + reportMs
    schedules.set(id, { id, order: wanted, fails, polls: 0, readyMs, signature: randomUUID() })
    return { status: 200, body: { ...wanted, ReportScheduleId: id } }
  }

  function poll(call: Call): SandboxReply {
    const { ReportScheduleIds } = read(ExecutionQuery, call)
    const Result = ReportScheduleIds.flatMap((id) => schedules.get(id) ?? []).map((one) =>
      execution(one, clock.elapsedMs(), call),
    )
    return { status: 200, body: { Result, ResultCount: Result.length } }
  }

  /** Redirects from the API's address of a file to the store. */
  function file(id: string, call: Call): SandboxReply {
    const schedule = schedules.get(Number(id)) ?? refuse('not_found')
    const location = `http://${call.headers.get('host')}/tradedesk-store/${id}.csv?signature=${schedule.signature}`
    return { status: 302, headers: { location }, body: undefined }
  }

  return {
    jobFailed,
    route(path, call) {
      const id = /^myreports\/file\/(\d+)$/.exec(path)?.[1]
      if (id !== undefined && call.method === 'GET') return file(id, call)
      if (call.method !== 'POST') return undefined
      switch (path) {
        case 'myreports/reportschedule':
          return order(call)
        case 'myreports/reportexecution/query/advertisers':
          return poll(call)
        case 'myreports/reporttemplateheader/query':
          return paged(
            call,
            TEMPLATES.map((one) => ({ ...one, name: one.ReportTemplateName })),
          )
        case 'myreports/reportschedule/query':
          return paged(
            call,
            [...schedules.values()].map(({ id, order }) => ({
              ReportScheduleId: id,
              ReportScheduleName: order.ReportScheduleName,
              name: order.ReportScheduleName,
            })),
          )
        default:
          return undefined
      }
    },
    store({ method, path, query, headers }) {
      const [, id = ''] = /^\/(\d+)\.csv$/.exec(path) ?? []
      const schedule = schedules.get(Number(id))
      const isSigned = schedule && query.get('signature') === schedule.signature
      if (method !== 'GET' || !isSigned || headers.has('ttd-auth'))
        return { status: 403, body: new TextEncoder().encode('<Error><Code>AccessDenied</Code></Error>') }
      return {
        status: 200,
        headers: { 'content-type': 'text/csv' },
        body: new TextEncoder().encode(csvOf(state, schedule)),
      }
    },
  }
}

/** The state of one report. Asking for it may move it on. */
function execution(schedule: Schedule, nowMs: number, call: Call): JsonObject {
  const { id, order, fails } = schedule
  if (schedule.polls < 2 || nowMs >= schedule.readyMs) schedule.polls += 1
  const done = schedule.polls >= 3
  const about = {
    ReportExecutionId: 5_000 + id,
    ReportScheduleId: id,
    ReportScheduleName: order.ReportScheduleName,
    ReportStartDateInclusive: `${order.ReportStartDateInclusive}T00:00:00`,
    ReportEndDateExclusive: `${order.ReportEndDateExclusive}T00:00:00`,
    Timezone: order.TimeZone,
  }
  const none = { DisabledReason: null, ReportDeliveries: [] }
  if (!done) return { ...about, ...none, ReportExecutionState: schedule.polls < 2 ? 'Pending' : 'InProgress' }
  if (fails)
    return { ...about, ...none, ReportExecutionState: 'Failed', DisabledReason: 'The report timed out.' }
  const DownloadURL = `http://${call.headers.get('host')}/tradedesk/v3/myreports/file/${id}`
  const ReportDeliveries = [{ ReportDestination: 'API', DownloadURL }]
  return { ...about, ...none, ReportExecutionState: 'Complete', ReportDeliveries }
}

function jobFailed(call: Call): SandboxReply {
  const { ReportScheduleIds } = read(ExecutionQuery, call)
  const Result = ReportScheduleIds.map((id) => ({
    ReportExecutionId: 5_000 + id,
    ReportScheduleId: id,
    ReportExecutionState: 'Failed',
    DisabledReason: 'The report timed out.',
    ReportDeliveries: [],
  }))
  return { status: 200, body: { Result, ResultCount: Result.length } }
}

function csvOf(state: TradeDeskState, { order }: Schedule): string {
  const isByAdGroup = order.ReportTemplateId === BY_AD_GROUP
  const kind = isByAdGroup ? state.kinds.adgroup : state.kinds.campaign
  const seeds = state.list(kind).filter((entity) => /^ttd-c\d(-ag1)?$/.test(String(entity[kind.idKey])))
  const names = isByAdGroup ? ['Ad Group ID', 'Ad Group', 'Campaign ID'] : ['Campaign ID', 'Campaign']
  const metrics = ['Impressions', 'Clicks', 'Advertiser Cost (Adv Currency)', 'Device Type']
  const lines = [['Date', ...names, ...metrics].join(',')]
  const lastMs = Date.parse(order.ReportEndDateExclusive) - DAY_MS
  for (const date of daysBetween(Date.parse(order.ReportStartDateInclusive), lastMs)) {
    for (const [index, entity] of seeds.entries()) {
      const ids = isByAdGroup
        ? [entity['AdGroupId'], entity['AdGroupName'], entity['CampaignId']]
        : [entity['CampaignId'], entity['CampaignName']]
      const impressions = 1_000 + ((Date.parse(date) / DAY_MS + index * 17) % 500)
      const cost = (impressions * 0.004_25).toFixed(7)
      lines.push(
        [date, ...ids, `"${impressions.toLocaleString('en')}"`, impressions % 13, cost, 'PC'].join(','),
      )
    }
  }
  lines.push(['Total', ...names.map(() => ''), '"9,999,999"', '1', '1.5', ''].join(','))
  return `\uFEFF${lines.join('\r\n')}\r\n`
}

function paged(call: Call, all: readonly (JsonObject & { name: string })[]): SandboxReply {
  const { NameContains, PageStartIndex, PageSize } = read(NameQuery, call)
  const found = all.filter(({ name }) => name.includes(NameContains))
  const Result = found.slice(PageStartIndex, PageStartIndex + PageSize).map(({ name: _, ...one }) => one)
  return { status: 200, body: { Result, ResultCount: Result.length, TotalFilteredCount: found.length } }
}

function read<T>(schema: z.ZodType<T>, { body }: Call): T {
  const found = schema.safeParse(parseJson(body))
  if (found.success) return found.data
  const { issues } = found.error
  return refuse(
    'bad_request',
    issues.map((issue) => [issue.path.join('.'), issue.message]),
  )
}
