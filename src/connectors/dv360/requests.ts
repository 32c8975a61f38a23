import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { get, withJson } from '../reading/requests.ts'
import { dv360 } from './api.ts'

const { version, bidManagerVersion, pageSize } = dv360

export const listPartners = (host: string, pageToken?: string): HttpRequest =>
  get(`${host}/${version}/partners`, { pageSize, pageToken })

export const listAdvertisers = (host: string, partnerId: string, pageToken?: string): HttpRequest =>
  get(`${host}/${version}/advertisers`, { partnerId, pageSize, pageToken })

export interface EntityQuery {
  readonly advertiserId: string
  readonly collection: 'campaigns' | 'insertionOrders' | 'lineItems'
  readonly filter: string
  /** Order of the list; by name by default. */
  readonly orderBy?: string
  readonly pageToken: string | undefined
}

export const listEntities = (
  host: string,
  { advertiserId, collection, filter, orderBy, pageToken }: EntityQuery,
): HttpRequest =>
  get(`${host}/${version}/advertisers/${encodeURIComponent(advertiserId)}/${collection}`, {
    pageSize,
    orderBy,
    filter,
    pageToken,
  })

const entity = (host: string, advertiserId: string, path: string) =>
  `${host}/${version}/advertisers/${encodeURIComponent(advertiserId)}/${path}`

export interface NewCampaign {
  readonly name: string
  /** Local date of the advertiser. */
  readonly startDate: string
  /** Goal in the platform's words: `CAMPAIGN_GOAL_TYPE_ONLINE_ACTION`. */
  readonly goal: string
}

/** A paused campaign. Its budget is on its insertion orders. */
export const createCampaign = (
  host: string,
  advertiserId: string,
  { name, startDate, goal }: NewCampaign,
): HttpRequest =>
  withJson('POST', entity(host, advertiserId, 'campaigns'), {
    displayName: name,
    entityStatus: 'ENTITY_STATUS_PAUSED',
    campaignGoal: {
      campaignGoalType: goal,
      performanceGoal: { performanceGoalType: 'PERFORMANCE_GOAL_TYPE_OTHER', performanceGoalString: '' },
    },
    campaignFlight: { plannedDates: { startDate: partsOf(startDate) } },
    frequencyCap: { unlimited: true },
  })

export interface NewOrder {
  readonly campaignId: string
  readonly name: string
  readonly range: DateRange
  /** Micros: an int64 as text, as all amounts of this API. */
  readonly budgetMicros: string
  readonly dailyMaxMicros: string
}

/** A new insertion order is always a draft; the platform accepts nothing else. */
export const createOrder = (
  host: string,
  advertiserId: string,
  { campaignId, name, range, budgetMicros, dailyMaxMicros }: NewOrder,
): HttpRequest =>
  withJson('POST', entity(host, advertiserId, 'insertionOrders'), {
    campaignId,
    displayName: name,
    entityStatus: 'ENTITY_STATUS_DRAFT',
    pacing: { pacingPeriod: 'PACING_PERIOD_DAILY', pacingType: 'PACING_TYPE_EVEN', dailyMaxMicros },
    frequencyCap: { unlimited: true },
    kpi: { kpiType: 'KPI_TYPE_OTHER', kpiString: '' },
    budget: {
      budgetUnit: 'BUDGET_UNIT_CURRENCY',
      automationType: 'INSERTION_ORDER_AUTOMATION_TYPE_NONE',
      budgetSegments: [
        {
          budgetAmountMicros: budgetMicros,
          dateRange: { startDate: partsOf(range.start), endDate: partsOf(range.end) },
        },
      ],
    },
  })

/**
 * Changes only the named fields.
 * @param path `campaigns/1` or `insertionOrders/2`
 */
export const patchEntity = (
  host: string,
  advertiserId: string,
  path: string,
  fields: Readonly<Record<string, unknown>>,
): HttpRequest =>
  withJson('PATCH', `${entity(host, advertiserId, path)}?updateMask=${Object.keys(fields).join(',')}`, fields)

export interface Dv360ReportRequest {
  readonly title: string
  readonly advertiserId: string
  readonly range: DateRange
  /** Bid Manager's names of the dimensions. */
  readonly groupBys: readonly string[]
  readonly metrics: readonly string[]
}

const queries = (host: string) => `${host}/${bidManagerVersion}/queries`
const query = (host: string, queryId: string) => `${queries(host)}/${encodeURIComponent(queryId)}`

export const createQuery = (
  host: string,
  { title, advertiserId, range, groupBys, metrics }: Dv360ReportRequest,
): HttpRequest =>
  withJson('POST', queries(host), {
    metadata: {
      title,
      dataRange: {
        range: 'CUSTOM_DATES',
        customStartDate: partsOf(range.start),
        customEndDate: partsOf(range.end),
      },
      format: 'CSV',
    },
    params: {
      type: 'STANDARD',
      groupBys,
      filters: [{ type: 'FILTER_ADVERTISER', value: advertiserId }],
      metrics,
    },
    schedule: { frequency: 'ONE_TIME' },
  })

/** Lists queries, the newest first. */
export const listQueries = (host: string): HttpRequest =>
  get(queries(host), { pageSize: 100, orderBy: 'queryId desc' })

export const runQuery = (host: string, queryId: string): HttpRequest =>
  withJson('POST', `${query(host, queryId)}:run?synchronous=false`, {})

export const listReports = (host: string, queryId: string): HttpRequest =>
  get(`${query(host, queryId)}/reports`, { pageSize: 100, orderBy: 'key.reportId desc' })

export const getReport = (host: string, queryId: string, reportId: string): HttpRequest =>
  get(`${query(host, queryId)}/reports/${encodeURIComponent(reportId)}`)

/** Orders everything below an advertiser, in the version of the format that the advertiser is set to. */
export const createSdfTask = (host: string, advertiserId: string): HttpRequest =>
  withJson('POST', `${host}/${version}/sdfdownloadtasks`, {
    version: 'SDF_VERSION_UNSPECIFIED',
    advertiserId,
    parentEntityFilter: {
      fileType: ['FILE_TYPE_CAMPAIGN', 'FILE_TYPE_INSERTION_ORDER', 'FILE_TYPE_LINE_ITEM'],
      filterType: 'FILTER_TYPE_NONE',
    },
  })

/** @param name `sdfdownloadtasks/operations/123` */
export const getSdfTask = (host: string, name: string): HttpRequest => get(`${host}/${version}/${name}`)

/** @param resourceName with or without `download/` in front; Google's documents have both */
export const downloadSdf = (host: string, resourceName: string): HttpRequest =>
  get(`${host}/download/${resourceName.replace(/^download\//, '')}`, { alt: 'media' })

function partsOf(date: string) {
  const [year, month, day] = date.split('-').map(Number)
  return { year, month, day }
}
