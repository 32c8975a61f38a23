import type { HttpRequest } from '../../../http.ts'
import { PLATFORM_DEFAULTS, TRADE_DESK_READS } from '../../../platforms/index.ts'
import { dayAfter } from '../dates.ts'
import type { DateRange } from '../read-connector.ts'
import { get, withJson } from '../requests.ts'

const { version } = PLATFORM_DEFAULTS.tradedesk
const { pageSize } = TRADE_DESK_READS

/** What can be listed below an advertiser, and how their API names it. */
export type Level = 'campaign' | 'adgroup'

const post = (api: string, path: string, body: object): HttpRequest =>
  withJson('POST', `${api}/${version}/${path}`, body)

const page = (start: number) => ({ PageStartIndex: start, PageSize: pageSize })

export const partners = (api: string, start: number): HttpRequest => post(api, 'partner/query', page(start))

export const advertisers = (api: string, partnerId: string, start: number): HttpRequest =>
  post(api, 'advertiser/query/partner', { PartnerId: partnerId, ...page(start) })

/** Everything of a level below an advertiser, whatever its availability. */
export const entities = (api: string, level: Level, advertiserId: string, start: number): HttpRequest =>
  post(api, `${level}/query/advertiser`, { AdvertiserId: advertiserId, ...page(start) })

/** What has changed since a version; with none, only the version there is now is wanted. */
export const changes = (
  api: string,
  level: Level,
  advertiserId: string,
  version: number | null,
): HttpRequest =>
  post(api, `delta/${level}/query/advertiser`, {
    AdvertiserId: advertiserId,
    [level === 'campaign' ? 'ReturnEntireCampaign' : 'ReturnEntireAdGroup']: version !== null,
    LastChangeTrackingVersion: version,
  })

/** Report templates whose name holds these words. */
export const templates = (api: string, name: string, start: number): HttpRequest =>
  post(api, 'myreports/reporttemplateheader/query', { NameContains: name, ...page(start) })

/** Report schedules whose name holds these words. */
export const schedules = (api: string, name: string, start: number): HttpRequest =>
  post(api, 'myreports/reportschedule/query', { NameContains: name, ...page(start) })

export interface Order {
  readonly name: string
  readonly templateId: number
  readonly advertiserId: string
  readonly range: DateRange
  /** IANA; days begin at its midnight. */
  readonly timezone: string
}

/** A report that is made once. Their last day is not part of it. */
export const orderReport = (
  api: string,
  { name, templateId, advertiserId, range, timezone }: Order,
): HttpRequest =>
  post(api, 'myreports/reportschedule', {
    ReportScheduleName: name,
    ReportTemplateId: templateId,
    ReportFileFormat: 'CSV',
    ReportDateRange: 'Custom',
    ReportStartDateInclusive: range.start,
    ReportEndDateExclusive: dayAfter(range.end),
    TimeZone: timezone,
    // 2026-11-01 and 1234.5: the others depend on where one lives.
    ReportDateFormat: 'Sortable',
    ReportNumericFormat: 'US',
    IncludeHeaders: true,
    ReportFrequency: 'Once',
    AdvertiserFilters: [advertiserId],
  })

export const executions = (api: string, advertiserId: string, scheduleId: number): HttpRequest =>
  post(api, 'myreports/reportexecution/query/advertisers', {
    AdvertiserIds: [advertiserId],
    ReportScheduleIds: [scheduleId],
    ...page(0),
  })

export const campaign = (api: string, id: string): HttpRequest =>
  get(`${api}/${version}/campaign/${encodeURIComponent(id)}`)

/** Ids are in the body. Strict: a property they do not know would otherwise be left out without a word. */
export const writeCampaign = (api: string, method: 'POST' | 'PUT', body: object): HttpRequest => {
  const request = withJson(method, `${api}/${version}/campaign`, body)
  return { ...request, headers: { ...request.headers, 'TTD-Strict-Mode': 'true' } }
}
