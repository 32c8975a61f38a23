import { OpenAPIHono, type z } from '@hono/zod-openapi'
import { mapInSlices } from '../time/slices.ts'
import type { NeededScope } from './auth.ts'
import type { ApiEnv } from './json.ts'

/** A route that does not take or give JSON as {@link Route} does: documented here, answered elsewhere. */
export interface PlainRoute {
  readonly method: 'get' | 'post'
  readonly path: `/${string}`
  readonly summary: string
  readonly description?: string
  /** Undefined for a route without a key. */
  readonly scope?: NeededScope
  /** Whether keys of an organisation are refused; see {@link Route}. */
  readonly isOperators?: true
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly description: string
    readonly example?: string
  }[]
  /** Media type and example of the body. */
  readonly body?: { readonly type: string; readonly example: object }
  /**
   * Description and media types of the answer by status; no media type for no body. Refusals of keys are added to
   * routes with a key.
   */
  readonly answers: Readonly<Record<number, readonly [description: string, ...types: string[]]>>
  /** Schema of an answer by its media type, where more can be said of it than the type does. */
  readonly schemas?: Readonly<Record<string, z.ZodType>>
}

const SECTIONS: readonly { readonly tag: string; readonly of: RegExp; readonly about: string }[] = [
  {
    tag: 'Bids',
    of: /^\/v1\/bids/,
    about: 'Bids on Google Ads, Meta and The Trade Desk, and what led to them.',
  },
  { tag: 'Budgets', of: /^\/v1\/budgets/, about: 'Limits, what is left of them, and pausing.' },
  {
    tag: 'Access',
    of: /^\/v1\/(session|keys)/,
    about: 'API keys, and signing in with one, as the pages of a browser do.',
  },
  { tag: 'Kill switch', of: /^\/v1\/kill-switch/, about: 'Stops every bid at once.' },
  {
    tag: 'Exchanges',
    of: /^\/(openrtb2|v1\/(campaigns|ltv|seats))/,
    about: 'OpenRTB: bid requests, notices, campaigns, stored predictions.',
  },
  {
    tag: 'Reports',
    of: /^\/api\/v1\/connectors\/(requests|fetch|queue|dead-letters)/,
    about: 'Asking for data of a platform, and what becomes of it.',
  },
  {
    tag: 'Changes at platforms',
    of: /^\/api\/v1\/connectors\/\{id\}\/(campaigns|records|emails|suppressions)/,
    about: 'Campaigns, rows of sheets, and e-mails through a connection.',
  },
  {
    tag: 'Connections',
    of: /^\/api\/v1\/(connectors|integrations)/,
    about: 'Connecting accounts, trying them, reading them on a schedule.',
  },
  {
    tag: 'Conversions',
    of: /^\/api\/v1\/conversions/,
    about:
      'Conversions that go back to Meta, Google, TikTok and Snapchat, messages of WhatsApp, and what became of each.',
  },
  {
    tag: 'Events',
    of: /^\/api\/v1\/(events|webhooks)/,
    about: 'What happened, as it happens, and what platforms tell.',
  },
  {
    tag: 'Agents',
    of: /^\/mcp/,
    about: 'Tools for agents, by the Model Context Protocol.',
  },
  { tag: 'Operation', of: /^\//, about: 'Health, metrics, platforms, the store and the ledger of budgets.' },
]

/** Section of the documentation that a route belongs to. */
export const sectionOf = (path: string): string =>
  SECTIONS.find(({ of }) => of.test(path))?.tag ?? 'Operation'

/** Name of a route in generated clients: `postBudgetsByScopePause`. */
export const operationIdOf = (method: string, path: string): string =>
  path
    .split('/')
    .filter((part) => !/^(api|v1|)$/.test(part))
    .map((part) => (part.startsWith('{') ? `By-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split(/[-_.]/))
    .reduce((name, word) => name + word.slice(0, 1).toUpperCase() + word.slice(1), method)

/** How a call proves who makes it: by a key, or in a browser by the cookie of a session. */
export const BY_KEY_OR_SESSION: Record<string, string[]>[] = [{ key: [] }, { session: [] }]

/** The rights that a route needs, in words. */
export const needOf = ({ scope, isOperators }: { scope: NeededScope; isOperators?: true }): string =>
  `Needs an API key${isOperators ? ' of the operator' : ''}${scope === 'any' ? '' : ` with the scope \`${scope}\``}.`

const REFUSALS_OF_KEYS: PlainRoute['answers'] = {
  401: ['unauthorized, key_expired', 'application/problem+json'],
  403: ['forbidden', 'application/problem+json'],
  429: ['rate_limited', 'application/problem+json'],
}

/** Schema by media type. Lines of JSON are a text, as everything that is not JSON. */
const schemaOf = (type: string): object => ({
  type: type.endsWith('/json') || type.endsWith('+json') ? 'object' : 'string',
})

/** Adds the descriptions of routes that are answered elsewhere to the OpenAPI document. */
export function describePlain(app: OpenAPIHono<ApiEnv>, routes: readonly PlainRoute[]): void {
  for (const route of routes) {
    const { method, path, summary, description, scope, isOperators, parameters = [], body, answers } = route
    const { schemas = {} } = route
    const all = { ...(scope && REFUSALS_OF_KEYS), ...answers }
    const responses = Object.entries(all).map(([status, [about, ...types]]) => [
      status,
      {
        description: about,
        ...(types.length > 0 && {
          content: Object.fromEntries(
            types.map((type) => [type, { schema: schemas[type] ?? schemaOf(type) }]),
          ),
        }),
      },
    ])
    app.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      description: [description, scope && needOf({ scope, ...(isOperators && { isOperators }) })]
        .filter(Boolean)
        .join(' '),
      operationId: operationIdOf(method, path),
      tags: [sectionOf(path)],
      security: scope ? BY_KEY_OR_SESSION : [],
      parameters: parameters.map(({ example, ...parameter }) => ({
        ...parameter,
        required: parameter.in === 'path',
        schema: { type: 'string' },
        ...(example !== undefined && { example }),
      })),
      ...(body && {
        request: {
          body: {
            required: true,
            content: { [body.type]: { schema: { type: 'object' }, example: body.example } },
          },
        },
      }),
      responses: Object.fromEntries(responses),
    })
  }
}

/** Descriptions of numbers whose schema has none, by field name; the first match is used. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(Ms|_ms)$/, 'In milliseconds.'],
  [/(Seconds|_seconds)$/, 'In seconds.'],
  [/(Bytes|_bytes)$/, 'In bytes.'],
  [/(Micros|_micros)$/, 'In millionths of a unit of the currency.'],
  [/^p\d\d$/, 'This percentile, in milliseconds.'],
  [/Cpm$/, 'For a thousand impressions, in units of the currency.'],
  [/^cpmPerLtv$/, 'Price of a thousand impressions for each unit of predicted lifetime value.'],
  [/Ltv$/, 'Lifetime value of a customer, in units of the currency.'],
  [
    /^(amount|bidAmount|cap|cost|daily_budget|difference|elsewhere|held|limit|max|overdraft|prices|remaining|remainingBefore|spent)$/,
    'In units of the currency.',
  ],
  [/^(confidence|utilization|maxOverspendProbability)$/, 'A share, from 0 to 1.'],
  [/^score$/, 'Higher is better; compared with the scores of the same bid only.'],
  [/^(w|h)$/, 'In pixels.'],
  [/^qps$/, 'Requests a second.'],
  [/^(status|httpStatus)$/, 'HTTP status.'],
  [/^(from|to)$/, 'Hour of the day, from 0 to 24.'],
  [/^(bannerType|categoryTaxonomy|protocol|type)$/, 'As OpenRTB and AdCOM number it.'],
]

/**
 * The whole OpenAPI document, with sections, and units for numbers without a description. It is made route by route in
 * slices: at once it would keep everybody else waiting.
 */
export async function apiDocument(app: OpenAPIHono<ApiEnv>, version: string): Promise<object> {
  const parts = await mapInSlices(app.openAPIRegistry.definitions, partOf)
  const paths: NonNullable<Part['paths']> = {}
  const components: Record<string, object> = {}
  for (const part of parts) {
    for (const [path, methods] of Object.entries(part.paths ?? {}))
      paths[path] = { ...paths[path], ...methods }
    for (const [kind, named] of Object.entries(part.components ?? {}))
      components[kind] = { ...components[kind], ...named }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bidwarden',
      version,
      description:
        'Budget-safe bidding: the money is held before the bid leaves. Money is in units of the currency that is named beside it, with up to six decimals; times are ISO 8601 in UTC.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: '/', description: 'This service' }],
    tags: SECTIONS.map(({ tag, about }) => ({ name: tag, description: about })),
    components,
    paths,
  }
}

type Definition = OpenAPIHono['openAPIRegistry']['definitions'][number]
type Part = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** The document of one route or component alone. */
function partOf(definition: Definition): Part {
  const alone = new OpenAPIHono()
  if (definition.type === 'route') alone.openAPIRegistry.registerPath(definition.route)
  else if (definition.type === 'component')
    alone.openAPIRegistry.registerComponent(definition.componentType, definition.name, definition.component)
  else throw new Error(`no part of the document can be a ${definition.type}`)
  const part = alone.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } })
  addUnits(part)
  return part
}

function addUnits(node: unknown): void {
  if (node === null || typeof node !== 'object') return
  const properties: unknown = Reflect.get(node, 'properties')
  if (properties !== null && typeof properties === 'object')
    for (const [name, schema] of Object.entries(properties)) {
      if (!isNumber(schema) || schema.description !== undefined) continue
      schema.description = UNITS.find(([names]) => names.test(name))?.[1] ?? 'A count.'
    }
  for (const below of Object.values(node)) addUnits(below)
}

function isNumber(schema: unknown): schema is { description?: string } {
  if (schema === null || typeof schema !== 'object') return false
  const types: unknown[] = [Reflect.get(schema, 'type')].flat()
  return types.includes('number') || types.includes('integer')
}
