import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { dayAfter } from '../reading/dates.ts'
import { get, withJson } from '../reading/requests.ts'
import { TRADE_DESK_API, TRADE_DESK_READS } from './api.ts'

const { version } = TRADE_DESK_API
const { pageSize } = TRADE_DESK_READS

/** Levels below an advertiser, by their names in the API. */
export type TradeDeskLevel = 'campaign' | 'adgroup'

const post = (api: string, path: string, body: object): HttpRequest =>
  withJson('POST', `${api}/${version}/${path}`, body)

const page = (start: number) => ({ PageStartIndex: start, PageSize: pageSize })

export const partners = (api: string, start: number): HttpRequest => post(api, 'partner/query', page(start))

export const advertisers = (api: string, partnerId: string, start: number): HttpRequest =>
  post(api, 'advertiser/query/partner', { PartnerId: partnerId, ...page(start) })

/** Lists a level below an advertiser, whatever the availability. */
export const entities = (
  api: string,
  level: TradeDeskLevel,
  advertiserId: string,
  start: number,
): HttpRequest => post(api, `${level}/query/advertiser`, { AdvertiserId: advertiserId, ...page(start) })

/** Lists changes since a version; without a version, returns only the present one. */
export const changes = (
  api: string,
  level: TradeDeskLevel,
  advertiserId: string,
  version: number | null,
): HttpRequest =>
  post(api, `delta/${level}/query/advertiser`, {
    AdvertiserId: advertiserId,
    [level === 'campaign' ? 'ReturnEntireCampaign' : 'ReturnEntireAdGroup']: version !== null,
    LastChangeTrackingVersion: version,
  })

/** Report templates whose name contains these words. */
export const templates = (api: string, name: string, start: number): HttpRequest =>
  post(api, 'myreports/reporttemplateheader/query', { NameContains: name, ...page(start) })

/** Report schedules whose name contains these words. */
export const schedules = (api: string, name: string, start: number): HttpRequest =>
  post(api, 'myreports/reportschedule/query', { NameContains: name, ...page(start) })

export interface ReportOrder {
  readonly name: string
  readonly templateId: number
  readonly advertiserId: string
  readonly range: DateRange
  /** IANA zone in which days begin. */
  readonly timezone: string
}

/** Orders a report that is made once. In the API, the end date is exclusive. */
export const orderReport = (
  api: string,
  { name, templateId, advertiserId, range, timezone }: ReportOrder,
): HttpRequest =>
  post(api, 'myreports/reportschedule', {
    ReportScheduleName: name,
    ReportTemplateId: templateId,
    ReportFileFormat: 'CSV',
    ReportDateRange: 'Custom',
    ReportStartDateInclusive: range.start,
    ReportEndDateExclusive: dayAfter(range.end),
    TimeZone: timezone,
    // Dates as 2026-11-01 and numbers as 1234.5; other formats depend on the locale.
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

export const partner = (api: string, id: string): HttpRequest =>
  get(`${api}/${version}/partner/${encodeURIComponent(id)}`)

export const campaign = (api: string, id: string): HttpRequest =>
  get(`${api}/${version}/campaign/${encodeURIComponent(id)}`)

/**
 * Creates or changes a campaign; ids are in the body. In strict mode an unknown property is an error instead of being
 * ignored.
 */
export const writeCampaign = (api: string, method: 'POST' | 'PUT', body: object): HttpRequest => {
  const request = withJson(method, `${api}/${version}/campaign`, body)
  return { ...request, headers: { ...request.headers, 'TTD-Strict-Mode': 'true' } }
}
