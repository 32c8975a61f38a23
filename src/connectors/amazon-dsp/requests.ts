import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { get, withJson } from '../reading/requests.ts'

/** Entries of one page of a list, the most that Amazon gives. */
export const PAGE_SIZE = 100

/** An advertiser and the profile through which it is opened. */
export interface AdvertiserPlace {
  readonly host: string
  readonly profileId: string
  readonly advertiserId: string
}

const scoped = (request: HttpRequest, profileId: string, accept = 'application/json'): HttpRequest => ({
  ...request,
  headers: { ...request.headers, accept, 'Amazon-Advertising-API-Scope': profileId },
})

export const listProfiles = (host: string): HttpRequest => get(`${host}/v2/profiles`)

export const listAdvertisers = (host: string, profileId: string, startIndex: number): HttpRequest =>
  scoped(get(`${host}/dsp/advertisers`, { startIndex, count: PAGE_SIZE }), profileId)

export const listOrders = (
  { host, profileId, advertiserId }: AdvertiserPlace,
  startIndex: number,
): HttpRequest =>
  scoped(
    get(`${host}/dsp/orders`, { advertiserIdFilter: advertiserId, startIndex, count: PAGE_SIZE }),
    profileId,
    'application/vnd.dsporders.v2.2+json',
  )

export const listLineItems = (
  { host, profileId }: AdvertiserPlace,
  orderId: string,
  startIndex: number,
): HttpRequest =>
  scoped(
    get(`${host}/dsp/lineItems`, { orderIdFilter: orderId, startIndex, count: PAGE_SIZE }),
    profileId,
    'application/vnd.dsplineitems.v3.1+json',
  )

export interface AmazonReportRequest {
  readonly range: DateRange
  /** Amazon's names of the dimensions. */
  readonly dimensions: readonly string[]
  readonly metrics: readonly string[]
}

export const createReport = (
  { host, profileId, advertiserId }: AdvertiserPlace,
  { range, dimensions, metrics }: AmazonReportRequest,
): HttpRequest =>
  scoped(
    withJson('POST', `${host}/dsp/reports`, {
      startDate: range.start.replaceAll('-', ''),
      endDate: range.end.replaceAll('-', ''),
      type: 'CAMPAIGN',
      advertiserIds: [advertiserId],
      dimensions,
      metrics: metrics.join(','),
      timeUnit: 'DAILY',
    }),
    profileId,
  )

export const getReport = ({ host, profileId }: AdvertiserPlace, reportId: string): HttpRequest =>
  scoped(get(`${host}/dsp/reports/${encodeURIComponent(reportId)}`), profileId)
