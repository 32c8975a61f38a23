import { type JsonObject, Refusal } from '../protocol.ts'
import { refuse } from './errors.ts'
import type { Resource } from './fields.ts'
import { asksForFigures, withFigures } from './metrics.ts'
import { type Condition, type GaqlQuery, parseQuery, type SearchRow, type SelectedField } from './query.ts'
import type { GoogleState } from './state.ts'
import { valueAt, withValue } from './types.ts'

export interface SearchResult {
  readonly results: readonly JsonObject[]
  /** The selected fields in JSON names. */
  readonly fieldMask: string
}

/** The rows of a query. A campaign that the query names by its id is created if it does not exist. */
export function search(state: GoogleState, root: string, text: string, today: string): SearchResult {
  const query = parseQuery(text)
  if (state.customer['manager'] === true && asksForFigures(query)) refuse('REQUESTED_METRICS_FOR_MANAGER')
  const rows = candidates(state, root, query)
    .flatMap((entity) => withFigures(query, joined(state, query, entity), today))
    .filter((row) => query.where.every((condition) => holds(condition, row)))
    .slice(0, query.limit)
  const fieldMask = query.select.map(({ resource, path }) => [resource, ...path].join('.')).join(',')
  return { results: rows.map((row) => picked(query, row)), fieldMask }
}

/** The entities that may match: the campaigns that the query names by id or resource name, or all entities. */
function candidates(state: GoogleState, root: string, { from, where }: GaqlQuery): readonly JsonObject[] {
  if (from === 'customer') return [state.customer]
  if (from === 'customerClient') return state.clients
  if (from === 'adGroup') return state.all('campaign').flatMap(adGroupsOf)
  if (from === 'metrics' || from === 'segments') return []
  if (from !== 'campaign') return state.all(from)
  const named = where.find(
    ({ column, is }) =>
      is === 'one_of' &&
      column.resource === 'campaign' &&
      ['id', 'resourceName'].includes(column.path.join('.')),
  )
  if (named === undefined) return state.all('campaign')
  const names = named.values.map((value) =>
    named.column.path[0] === 'id' ? `${root}/campaigns/${value}` : value,
  )
  return [...new Set(names)].flatMap((name) => {
    try {
      return [state.get('campaign', name)]
    } catch (error) {
      // A search for what does not exist finds nothing; only writes are refused.
      if (error instanceof Refusal) return []
      throw error
    }
  })
}

/** The two ad groups that every campaign has. */
const adGroupsOf = (campaign: JsonObject): JsonObject[] =>
  [1, 2].map((number) => ({
    resourceName: `${String(campaign['resourceName']).replace('/campaigns/', '/adGroups/')}0${number}`,
    id: `${campaign['id']}0${number}`,
    name: `Ad group ${number}`,
    status: number === 1 ? 'ENABLED' : 'PAUSED',
    type: 'SEARCH_STANDARD',
    campaign: campaign['resourceName'],
    cpcBidMicros: '1000000',
  }))

function joined(state: GoogleState, { from, select, where }: GaqlQuery, entity: JsonObject): SearchRow {
  const asked = new Set([...select, ...where.map(({ column }) => column)].map(({ resource }) => resource))
  const row: Partial<Record<Resource, JsonObject>> = { [from]: state.shown(from, entity) }
  for (const joinedTo of ['campaignBudget', 'biddingStrategy'] as const) {
    const name = entity[joinedTo]
    if (asked.has(joinedTo) && typeof name === 'string')
      row[joinedTo] = state.shown(joinedTo, state.get(joinedTo, name))
  }
  const { campaign } = entity
  if (from === 'adGroup' && typeof campaign === 'string') row.campaign = state.get('campaign', campaign)
  return { ...row, customer: state.customer }
}

const textAt = (row: SearchRow, { resource, path }: SelectedField): string =>
  String(valueAt(row[resource] ?? {}, path) ?? '')

function holds({ column, is, values }: Condition, row: SearchRow): boolean {
  const text = textAt(row, column)
  if (is === 'between') return text >= (values[0] ?? '') && text <= (values[1] ?? '')
  return values.includes(text) === (is === 'one_of')
}

/** The selected fields that are not empty, and the resource name of every selected resource. */
function picked({ from, select }: GaqlQuery, row: SearchRow): JsonObject {
  const columns = select.flatMap((column) => [{ ...column, path: ['resourceName'] }, column])
  return columns.reduce<JsonObject>(
    (result, { resource, path }) => {
      const value = valueAt(row[resource] ?? {}, path)
      return isEmpty(value) ? result : withValue(result, [resource, ...path], value)
    },
    { [from]: { resourceName: row[from]?.['resourceName'] } },
  )
}

/** Whether protobuf's JSON leaves the value out. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  value === '0' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0)
