import type { HttpRequest } from '../../../http.ts'
import { PLATFORM_DEFAULTS } from '../../../platforms/index.ts'
import type { DateRange } from '../read-connector.ts'
import { get, withJson } from '../requests.ts'
import type { Column } from './reports.ts'

const { version } = PLATFORM_DEFAULTS.google_ads

/** An account, and the manager it is opened through; undefined where the person has access of their own. */
export interface Door {
  readonly host: string
  readonly customerId: string
  readonly manager: string | undefined
}

export const listAccessible = (host: string): HttpRequest =>
  get(`${host}/${version}/customers:listAccessibleCustomers`)

export const searchStream = (door: Door, query: string): HttpRequest =>
  through(door, withJson('POST', `${customer(door)}/googleAds:searchStream`, { query }))

/** All operations or none. */
export const mutate = (door: Door, mutateOperations: readonly object[]): HttpRequest =>
  through(door, withJson('POST', `${customer(door)}/googleAds:mutate`, { mutateOperations }))

const customer = ({ host, customerId }: Door) =>
  `${host}/${version}/customers/${encodeURIComponent(customerId)}`

const through = ({ manager }: Door, request: HttpRequest): HttpRequest =>
  manager === undefined
    ? request
    : { ...request, headers: { ...request.headers, 'login-customer-id': manager } }

/** Figures of some days. What was removed is part of them: it has cost money too. */
export const figuresQuery = (from: string, columns: readonly Column[], { start, end }: DateRange): string =>
  `${selected(from, columns)} WHERE segments.date BETWEEN '${start}' AND '${end}'`

/** What is set up and was not removed. */
export const entitiesQuery = (from: string, columns: readonly Column[]): string =>
  `${selected(from, columns)} WHERE ${from}.status != 'REMOVED'`

const selected = (from: string, columns: readonly Column[]): string =>
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

/** A text as the query language quotes it. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
