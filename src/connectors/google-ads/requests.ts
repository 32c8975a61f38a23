import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { get, withJson } from '../reading/requests.ts'
import { GOOGLE_ADS_API } from './api.ts'
import { quoted } from './gaql.ts'
import type { GoogleAdsColumn } from './reports.ts'

const { version } = GOOGLE_ADS_API

/**
 * How requests reach an account: its host and id, and the manager through which it is opened; undefined where the person
 * has direct access. Not the `door` of conversions.
 */
export interface CustomerDoor {
  readonly host: string
  readonly customerId: string
  readonly manager: string | undefined
  /** Version of the API, where it is not ours. */
  readonly version?: string
  /** Sent only where one is configured: the API no longer requires it. */
  readonly developerToken?: string | undefined
}

export const listAccessible = (host: string): HttpRequest =>
  get(`${host}/${version}/customers:listAccessibleCustomers`)

export const searchStream = (door: CustomerDoor, query: string): HttpRequest =>
  through(door, withJson('POST', `${customer(door)}/googleAds:searchStream`, { query }))

/** As `searchStream`, for one page of results. */
export const search = (door: CustomerDoor, query: string): HttpRequest =>
  through(door, withJson('POST', `${customer(door)}/googleAds:search`, { query }))

/** Carries out all operations or none. */
export const mutate = (door: CustomerDoor, mutateOperations: readonly object[]): HttpRequest =>
  through(door, withJson('POST', `${customer(door)}/googleAds:mutate`, { mutateOperations }))

const customer = ({ host, customerId, version: own = version }: CustomerDoor) =>
  `${host}/${own}/customers/${encodeURIComponent(customerId)}`

const through = ({ manager, developerToken }: CustomerDoor, request: HttpRequest): HttpRequest => ({
  ...request,
  headers: {
    ...request.headers,
    ...(manager !== undefined && { 'login-customer-id': manager }),
    ...(developerToken !== undefined && { 'developer-token': developerToken }),
  },
})

/** Query for daily figures, including removed campaigns, which have cost money too. */
export const figuresQuery = (
  from: string,
  columns: readonly GoogleAdsColumn[],
  { start, end }: DateRange,
): string => `${selected(from, columns)} WHERE segments.date BETWEEN '${start}' AND '${end}'`

/** Query for what each campaign without ad groups cost: those of Performance Max have asset groups instead. */
export const withoutAdGroupsQuery = ({ start, end }: DateRange): string =>
  `SELECT campaign.id, metrics.cost_micros FROM campaign WHERE campaign.advertising_channel_type = 'PERFORMANCE_MAX' AND segments.date BETWEEN '${start}' AND '${end}'`

/** Query for campaigns and what is below them, without removed ones. */
export const entitiesQuery = (from: string, columns: readonly GoogleAdsColumn[]): string =>
  `${selected(from, columns)} WHERE ${from}.status != 'REMOVED'`

const selected = (from: string, columns: readonly GoogleAdsColumn[]): string =>
  `SELECT ${columns.map(({ field }) => field).join(', ')} FROM ${from}`

const CLIENT = 'customer_client'
export const clientsQuery = `SELECT ${['id', 'descriptive_name', 'currency_code', 'time_zone', 'manager']
  .map((name) => `${CLIENT}.${name}`)
  .join(', ')} FROM ${CLIENT} WHERE ${CLIENT}.status = 'ENABLED'`
export const clientQuery = (id: string): string =>
  `SELECT ${CLIENT}.id FROM ${CLIENT} WHERE ${CLIENT}.id = ${quoted(id)}`

export const namedQuery = (name: string): string =>
  `SELECT campaign.id FROM campaign WHERE campaign.name = ${quoted(name)} AND campaign.status != 'REMOVED'`

export const budgetQuery = (id: string): string =>
  `SELECT campaign_budget.resource_name, campaign_budget.explicitly_shared, campaign_budget.reference_count, campaign_budget.amount_micros FROM campaign WHERE campaign.id = ${quoted(id)} AND campaign.status != 'REMOVED'`
