import { GoogleRefusal } from './google-errors.ts'
import type { GoogleState } from './google-state.ts'

/** Readable fields, snake_case as in queries. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  customer: ['resource_name', 'id', 'descriptive_name', 'currency_code', 'status'],
  campaign: [
    'resource_name',
    'id',
    'name',
    'status',
    'campaign_budget',
    'bidding_strategy',
    'url_custom_parameters',
  ],
  campaign_budget: ['resource_name', 'amount_micros', 'explicitly_shared', 'reference_count'],
  bidding_strategy: [
    'resource_name',
    'name',
    'status',
    'target_roas.target_roas',
    'target_roas.cpc_bid_ceiling_micros',
  ],
}

type Row = Record<string, object | undefined>

/** Answers a query over one customer: SELECT … FROM … [WHERE a = 'x' AND b != 'y' AND c IN ('z')] [LIMIT n]. */
export function search(state: GoogleState, customer: object, query: string): object[] {
  const match = /^\s*SELECT\s+(.+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+?))?(?:\s+LIMIT\s+(\d+))?\s*$/is.exec(
    query,
  )
  const [, selected = '', resource = '', where, limit] = match ?? []
  if (!match || !(resource in FIELDS)) throw new GoogleRefusal('BAD_QUERY')
  const fields = selected.split(',').map((field) => field.trim())
  const conditions = where?.split(/\s+AND\s+/i).map(parseCondition) ?? []
  for (const field of [...fields, ...conditions.map((condition) => condition.field)]) demandField(field)

  const rows = rowsOf(state, customer, resource, conditions).filter((row) =>
    conditions.every((one) => one.holds(valueAt(row, one.field))),
  )
  return rows.slice(0, Number(limit ?? rows.length)).map((row) => project(row, fields))
}

function demandField(field: string): void {
  const [resource = '', ...rest] = field.split('.')
  if (!FIELDS[resource]?.includes(rest.join('.'))) throw new GoogleRefusal('UNRECOGNIZED_FIELD')
}

interface Condition {
  readonly field: string
  readonly values: readonly string[]
  holds(value: unknown): boolean
}

function parseCondition(text: string): Condition {
  const [, field = '', operator = '', list = ''] = /^\s*([\w.]+)\s*(=|!=|IN)\s*(.+?)\s*$/i.exec(text) ?? []
  const values = [...list.matchAll(/'([^']*)'|(\d+)/g)].map(([, quoted, number]) => quoted ?? number ?? '')
  if (field === '' || values.length === 0) throw new GoogleRefusal('BAD_QUERY')
  const among = (value: unknown) => values.includes(String(value))
  return { field, values, holds: operator === '!=' ? (value) => !among(value) : among }
}

function rowsOf(
  state: GoogleState,
  customer: object,
  resource: string,
  conditions: readonly Condition[],
): Row[] {
  switch (resource) {
    case 'customer':
      return [{ customer }]
    case 'bidding_strategy':
      return [...state.strategies.values()].map((biddingStrategy) => ({ biddingStrategy }))
    case 'campaign_budget':
      return [...state.budgets.values()].map((campaignBudget) => ({ campaignBudget }))
    default: {
      // Naming a campaign is what brings it into being here.
      for (const { field, values } of conditions) {
        if (field === 'campaign.resource_name') for (const name of values) state.campaign(name)
      }
      return [...state.campaigns.values()].map((campaign) => ({
        campaign,
        campaignBudget: state.budgets.get(campaign.campaignBudget),
        biddingStrategy: state.strategies.get(campaign.biddingStrategy ?? ''),
      }))
    }
  }
}

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function valueAt(row: Row, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((here, name) => (here ? Reflect.get(Object(here), camel(name)) : undefined), row)
}

/** Only what was asked for; zero, false and empty values are absent, as protobuf JSON leaves them out. */
function project(row: Row, fields: readonly string[]): object {
  const out = {}
  for (const field of fields) {
    const value = valueAt(row, field)
    if (value === undefined || value === false || value === 0 || value === '') continue
    if (Array.isArray(value) && value.length === 0) continue
    put(out, field.split('.').map(camel), value)
  }
  return out
}

function put(target: object, [step = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    Reflect.set(target, step, value)
    return
  }
  if (!Reflect.has(target, step)) Reflect.set(target, step, {})
  put(Reflect.get(target, step), rest, value)
}
