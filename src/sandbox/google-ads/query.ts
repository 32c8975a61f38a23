import type { JsonObject } from '../protocol.ts'
import { refuse } from './errors.ts'
import { RESOURCES, type Resource } from './fields.ts'
import { camel, fieldAt } from './types.ts'

/** A selectable field: its resource and the path inside it, both in JSON names. */
export interface SelectedField {
  readonly resource: Resource
  readonly path: readonly string[]
}

/** Keeps the rows whose column is one of `values`, none of them, or from the first to the second. Compared as text. */
export interface Condition {
  readonly column: SelectedField
  readonly is: 'one_of' | 'none_of' | 'between'
  readonly values: readonly string[]
}

export interface GaqlQuery {
  readonly from: Resource
  readonly select: readonly SelectedField[]
  readonly where: readonly Condition[]
  readonly limit: number
}

/** A result of a search: its resources by their JSON names. */
export type SearchRow = Readonly<Partial<Record<Resource, JsonObject>>>

/** What can be selected along with each resource. */
const JOINS: Readonly<Record<Resource, readonly Resource[]>> = {
  campaign: ['campaign', 'campaignBudget', 'biddingStrategy', 'customer', 'metrics', 'segments'],
  campaignBudget: ['campaignBudget', 'customer'],
  biddingStrategy: ['biddingStrategy', 'customer'],
  customer: ['customer'],
  customerClient: ['customerClient', 'customer'],
  adGroup: ['adGroup', 'campaign', 'customer', 'metrics', 'segments'],
  metrics: [],
  segments: [],
}

const TOKEN = /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(!=|=|\(|\)|,)|([A-Za-z0-9_.-]+))/y

/** The Google Ads Query Language: SELECT, FROM, WHERE with `=`, `!=`, `IN`, `NOT IN` and `BETWEEN`, and LIMIT. */
export function parseQuery(text: string): GaqlQuery {
  const tokens = tokensOf(text)
  let next = 0
  const peek = () => tokens[next] ?? ''
  const isNext = (word: string) => peek().toUpperCase() === word
  const accept = (word: string): boolean => {
    if (!isNext(word)) return false
    next += 1
    return true
  }
  const expect = (word: string) => {
    if (!accept(word)) refuse(word === 'FROM' ? 'EXPECTED_FROM' : 'UNEXPECTED_INPUT', { trigger: peek() })
  }
  const take = (): string => {
    const token = peek()
    if (token === '') refuse('UNEXPECTED_INPUT', { message: 'Unexpected end of the query.' })
    next += 1
    return token
  }

  expect('SELECT')
  const names = [take()]
  while (accept(',')) names.push(take())
  expect('FROM')
  const from = resourceNamed(take())
  if (from === undefined || JOINS[from].length === 0) return refuse('BAD_RESOURCE_TYPE_IN_FROM_CLAUSE')
  const select = names.map((name) => columnOf(name, from))
  const where: Condition[] = []
  if (accept('WHERE')) {
    do where.push(condition(from))
    while (accept('AND'))
  }
  const limit = accept('LIMIT') ? wholeNumber(take()) : Number.POSITIVE_INFINITY
  if (next < tokens.length) refuse('UNEXPECTED_INPUT', { trigger: peek() })
  return { from, select, where, limit }

  function condition(resource: Resource): Condition {
    const column = columnOf(take(), resource)
    if (accept('=')) return { column, is: 'one_of', values: [unquoted(take())] }
    if (accept('!=')) return { column, is: 'none_of', values: [unquoted(take())] }
    if (accept('BETWEEN')) {
      const first = unquoted(take())
      expect('AND')
      return { column, is: 'between', values: [first, unquoted(take())] }
    }
    const is = accept('NOT') ? 'none_of' : 'one_of'
    expect('IN')
    expect('(')
    const values = [unquoted(take())]
    while (accept(',')) values.push(unquoted(take()))
    expect(')')
    return { column, is, values }
  }
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(trimmed)
    if (match === null) return refuse('UNEXPECTED_INPUT', { trigger: trimmed.slice(at, at + 20) })
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '')
  }
  return tokens
}

function resourceNamed(name: string): Resource | undefined {
  return (Object.keys(RESOURCES) as Resource[]).find(
    (resource) => resource === camel(name) && !/[A-Z]/.test(name),
  )
}

function columnOf(name: string, from: Resource): SelectedField {
  const [first = '', ...rest] = name.split('.')
  const resource = resourceNamed(first)
  const path = rest.map(camel)
  const type = resource === undefined ? undefined : fieldAt(RESOURCES[resource].fields, path)?.type
  const hasCapitals = /[A-Z]/.test(name)
  if (resource === undefined || type === undefined || type.is === 'message' || hasCapitals) {
    return refuse('UNRECOGNIZED_FIELD', {
      message: `Unrecognized field in the query: '${name}'.`,
      trigger: name,
    })
  }
  if (!JOINS[from].includes(resource)) {
    refuse('PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE', { trigger: name })
  }
  return { resource, path }
}

/** The text of a quoted value; numbers, booleans and enums also come without quotes. */
function unquoted(token: string): string {
  if (/^['"]/.test(token)) return token.slice(1, -1).replaceAll(/\\(.)/g, '$1')
  return /^[(),=!]/.test(token) ? refuse('UNEXPECTED_INPUT', { trigger: token }) : token
}

function wholeNumber(token: string): number {
  return /^[1-9]\d{0,8}$/.test(token) ? Number(token) : refuse('UNEXPECTED_INPUT', { trigger: token })
}
