import type { HttpRequest } from '../../http/http.ts'
import type { DateRange } from '../platform/connector.ts'
import { get } from '../reading/requests.ts'
import { META_API } from './api.ts'

const { version } = META_API

/** Start and size of a page. */
export interface PageOf {
  readonly limit: number
  readonly after: string | undefined
}

/** A query for figures of an account. */
export interface Figures {
  readonly accountId: string
  readonly level: 'campaign' | 'adset'
  readonly fields: readonly string[]
  readonly range: DateRange
}

/** Statuses of lists that include archived objects; by default Meta leaves out archived and deleted ones. */
const ARCHIVED_TOO = ['ACTIVE', 'PAUSED', 'CAMPAIGN_PAUSED', 'IN_PROCESS', 'WITH_ISSUES', 'ARCHIVED']
/** Statuses that include deleted objects, which have cost money too. */
const DELETED_TOO = [...ARCHIVED_TOO, 'DELETED']

const nodeOf = ({ graph, version: own = version }: GraphDoor, ...path: string[]) =>
  [graph, own, ...path.map((part) => encodeURIComponent(part))].join('/')

const node = (graph: string, ...path: string[]) => nodeOf({ graph }, ...path)

export const adAccounts = (graph: string, { limit, after }: PageOf): HttpRequest =>
  get(node(graph, 'me', 'adaccounts'), { fields: 'id,name,currency,timezone_name', limit, after })

export const entities = (
  graph: string,
  accountId: string,
  edge: 'campaigns' | 'adsets',
  fields: readonly string[],
  { limit, after }: PageOf,
): HttpRequest => {
  const statuses =
    edge === 'campaigns' ? ARCHIVED_TOO.filter((one) => one !== 'CAMPAIGN_PAUSED') : ARCHIVED_TOO
  const effective_status = JSON.stringify(statuses)
  return get(node(graph, accountId, edge), { fields: fields.join(','), effective_status, limit, after })
}

const figuresOf = ({ level, fields, range }: Figures) => ({
  level,
  fields: fields.join(','),
  time_range: JSON.stringify({ since: range.start, until: range.end }),
  time_increment: '1',
  filtering: JSON.stringify([{ field: `${level}.effective_status`, operator: 'IN', value: DELETED_TOO }]),
})

/** Queries daily figures at once. */
export const insights = (graph: string, figures: Figures, { limit, after }: PageOf): HttpRequest =>
  get(node(graph, figures.accountId, 'insights'), { ...figuresOf(figures), limit, after })

/** Orders the same figures as a report. */
export const orderRun = (graph: string, figures: Figures): HttpRequest =>
  withForm(node(graph, figures.accountId, 'insights'), figuresOf(figures))

const RUN_FIELDS = 'id,async_status,async_percent_completion,error_code,error_subcode,error_message'

export const runStatus = (graph: string, runId: string): HttpRequest =>
  get(node(graph, runId), { fields: RUN_FIELDS })

export const runResult = (graph: string, runId: string, { limit, after }: PageOf): HttpRequest =>
  get(node(graph, runId, 'insights'), { limit, after })

/** Address of the Graph API, and what a request has to carry. Not the `door` of conversions. */
export interface GraphDoor {
  readonly graph: string
  /** Version of the API, where it is not ours. */
  readonly version?: string
  /** Proof that we know the app's secret, where it is not added with the token. */
  readonly appsecret_proof?: string | undefined
}

export const readCampaign = (door: GraphDoor, id: string): HttpRequest =>
  get(nodeOf(door, id), { fields: 'id,name,status,daily_budget', appsecret_proof: door.appsecret_proof })

/** Changes the object at the path, or creates one below it. */
export const writeNode = (
  door: GraphDoor,
  path: readonly string[],
  fields: Readonly<Record<string, string>>,
): HttpRequest => {
  const { appsecret_proof } = door
  return withForm(nodeOf(door, ...path), {
    ...fields,
    ...(appsecret_proof !== undefined && { appsecret_proof }),
  })
}

/** Revokes everything that the person granted. */
export const permissions = (graph: string): HttpRequest => ({
  method: 'DELETE',
  url: node(graph, 'me', 'permissions'),
  headers: {},
})

const withForm = (url: string, fields: Readonly<Record<string, string>>): HttpRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})
