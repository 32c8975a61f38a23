import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { get, withJson } from '../reading/requests.ts'
import { ga4 } from './api.ts'

/** The one group of its endpoints, for limits and breakers. */
export const BUCKET = 'calls'

/** Properties of an account, with currency and time zone. */
export const listProperties = (admin: string, account: string, pageToken?: string): HttpRequest =>
  get(`${admin}/${ga4.version}/properties`, { filter: `ancestor:${account}`, pageSize: 200, pageToken })

export const listAccounts = (admin: string, pageToken?: string): HttpRequest =>
  get(`${admin}/${ga4.version}/accounts`, { pageSize: 200, pageToken })

export interface Ga4ReportRequest {
  readonly propertyId: string
  readonly range: DateRange
  /** Names of the dimensions in Analytics. */
  readonly dimensions: readonly string[]
  readonly metrics: readonly string[]
  readonly offset: number
}

/** One page of a report, ordered by all dimensions, because pages of an unordered report may not fit together. */
export const runReport = (
  data: string,
  { propertyId, range, dimensions, metrics, offset }: Ga4ReportRequest,
): HttpRequest =>
  withJson('POST', `${data}/${ga4.version}/properties/${encodeURIComponent(propertyId)}:runReport`, {
    dateRanges: [{ startDate: range.start, endDate: range.end }],
    dimensions: dimensions.map((name) => ({ name })),
    metrics: metrics.map((name) => ({ name })),
    orderBys: dimensions.map((dimensionName) => ({ dimension: { dimensionName } })),
    // An int64, which JSON carries as text.
    limit: String(ga4.pageSize),
    offset: String(offset),
    keepEmptyRows: false,
    returnPropertyQuota: true,
  })
