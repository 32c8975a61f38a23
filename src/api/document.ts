import type { OpenAPIHono } from '@hono/zod-openapi'
import type { KeyScope } from './auth.ts'
import type { Env } from './json.ts'

/** A call that does not take or give JSON as {@link Route} does: documented here, answered elsewhere. */
export interface PlainRoute {
  readonly method: 'get' | 'post'
  readonly path: `/${string}`
  readonly summary: string
  readonly description?: string
  /** Undefined where no key is asked for. */
  readonly scope?: KeyScope
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly description: string
    readonly example?: string
  }[]
  /** Media type and example of the body. */
  readonly body?: { readonly type: string; readonly example: object }
  /** By status: what it means, and the media type; null for no body. */
  readonly answers: Readonly<Record<number, readonly [description: string, type: string | null]>>
}

const SECTIONS: readonly { readonly tag: string; readonly of: RegExp; readonly about: string }[] = [
  {
    tag: 'Bids',
    of: /^\/v1\/bids/,
    about: 'Bids on Google Ads, Meta and The Trade Desk, and what led to them.',
  },
  { tag: 'Budgets', of: /^\/v1\/budgets/, about: 'Limits, what is left of them, and pausing.' },
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
    tag: 'Events',
    of: /^\/api\/v1\/(events|webhooks)/,
    about: 'What happened, as it happens, and what platforms tell.',
  },
  { tag: 'Operation', of: /^\//, about: 'Health, metrics, platforms, the store and the ledger of budgets.' },
]

/** The section of the documentation that a call is in. */
export const sectionOf = (path: string): string =>
  SECTIONS.find(({ of }) => of.test(path))?.tag ?? 'Operation'

/** Names a call in clients that are made from the document: `postBudgetsByScopePause`. */
export const operationIdOf = (method: string, path: string): string =>
  path
    .split('/')
    .filter((part) => !/^(api|v1|)$/.test(part))
    .map((part) => (part.startsWith('{') ? `By-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split(/[-_.]/))
    .reduce((name, word) => name + word.slice(0, 1).toUpperCase() + word.slice(1), method)

/** What a call needs, in words. */
export const needOf = (scope: KeyScope): string => `Needs an API key with the scope \`${scope}\`.`

export function describePlain(app: OpenAPIHono<Env>, routes: readonly PlainRoute[]): void {
  for (const { method, path, summary, description, scope, parameters = [], body, answers } of routes) {
    const responses = Object.entries(answers).map(([status, [about, type]]) => [
      status,
      {
        description: about,
        ...(type !== null && {
          content: { [type]: { schema: type.includes('json') ? { type: 'object' } : { type: 'string' } } },
        }),
      },
    ])
    app.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      description: [description, scope && needOf(scope)].filter(Boolean).join(' '),
      operationId: operationIdOf(method, path),
      tags: [sectionOf(path)],
      security: scope ? [{ key: [] }] : [],
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

/** Describes numbers whose schema says nothing else. The first that fits counts. */
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
  [/^(from|to)$/, 'Minute of the day, or day of the week from 0 for Sunday.'],
  [/^(bannerType|categoryTaxonomy|protocol|type)$/, 'As OpenRTB and AdCOM number it.'],
]

/** The whole document, with sections, and units on every number that has no description of its own. */
export function apiDocument(app: OpenAPIHono<Env>, version: string): object {
  const document = app.getOpenAPI31Document({
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
  })
  addUnits(document)
  return document
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
