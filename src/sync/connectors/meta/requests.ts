import type { HttpRequest } from '../../../http.ts'
import { PLATFORM_DEFAULTS } from '../../../platforms/index.ts'
import type { DateRange } from '../read-connector.ts'
import { get } from '../requests.ts'

const { version } = PLATFORM_DEFAULTS.meta

/** Where a page of a list begins, and how long it may be. */
export interface PageOf {
  readonly limit: number
  readonly after: string | undefined
}

/** What is asked of the figures of an account. */
export interface Figures {
  readonly accountId: string
  readonly level: 'campaign' | 'adset'
  readonly fields: readonly string[]
  readonly range: DateRange
}

/** Lists and figures leave out what was archived or deleted, unless it is asked for by status. */
const ARCHIVED_TOO = ['ACTIVE', 'PAUSED', 'CAMPAIGN_PAUSED', 'IN_PROCESS', 'WITH_ISSUES', 'ARCHIVED']
/** What was deleted has cost money as well. */
const DELETED_TOO = [...ARCHIVED_TOO, 'DELETED']

const node = (graph: string, ...path: string[]) =>
  [graph, version, ...path.map((part) => encodeURIComponent(part))].join('/')

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

/** Figures at once, a row a day. */
export const insights = (graph: string, figures: Figures, { limit, after }: PageOf): HttpRequest =>
  get(node(graph, figures.accountId, 'insights'), { ...figuresOf(figures), limit, after })

/** The same as a report that is made meanwhile. */
export const orderRun = (graph: string, figures: Figures): HttpRequest =>
  withForm(node(graph, figures.accountId, 'insights'), figuresOf(figures))

const RUN_FIELDS = 'id,async_status,async_percent_completion,error_code,error_subcode,error_message'

export const runStatus = (graph: string, runId: string): HttpRequest =>
  get(node(graph, runId), { fields: RUN_FIELDS })

export const runResult = (graph: string, runId: string, { limit, after }: PageOf): HttpRequest =>
  get(node(graph, runId, 'insights'), { limit, after })

export const readCampaign = (graph: string, id: string): HttpRequest =>
  get(node(graph, id), { fields: 'id,daily_budget' })

/** Changes what the path names, or makes something new below it. */
export const writeNode = (
  graph: string,
  path: readonly string[],
  fields: Readonly<Record<string, string>>,
): HttpRequest => withForm(node(graph, ...path), fields)

/** Takes back everything the person granted. */
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
