import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError, type ErrorCode, statusOf } from '../errors.ts'
import { type Authorize, type Caller, type KeyScope, requireOperator } from './auth.ts'
import { needOf, operationIdOf, sectionOf } from './document.ts'
import type { ApiEnv, Ctx } from './json.ts'
import { type ApiAnswer, problemAnswer, shown } from './problem.ts'

export const ProblemBody = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(statusOf) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    field: z.string().optional(),
    scope: z.string().optional(),
    amount: z.number().optional(),
    remaining: z.number().optional(),
    retryAfterMs: z.number().int().optional(),
    wouldPassAt: z.string().optional(),
    bidId: z.string().optional(),
  })
  .openapi('Problem')

/** One route of the API: its documentation, who may call it, and its handler. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Path with `{name}` for parameters. */
  readonly path: `/${string}`
  readonly summary: string
  readonly scope: KeyScope
  /** Whether it concerns what organisations share; keys of an organisation are then refused. */
  readonly isOperators?: true
  /** Whether it is admitted however much the caller has asked for, because it lowers risk. */
  readonly lowersRisk?: true
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** Whether the body may be left out. */
  readonly isBodyOptional?: true
  /** A working body, shown in the documentation. */
  readonly example?: object
  readonly answers: Readonly<Record<number, { description: string; schema: z.ZodType }>>
  readonly refusals: readonly ErrorCode[]
  handle(c: Ctx, caller: Caller): Promise<ApiAnswer> | ApiAnswer
}

/** Adds routes to the application and its OpenAPI document, each with authorization and error handling. */
export function mount(app: OpenAPIHono<ApiEnv>, authorize: Authorize, routes: readonly Route[]): void {
  for (const route of routes) {
    app.openAPIRegistry.registerPath(documentOf(route))
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const { status, body, pieces, headers } = await answered(c, route, authorize)
      return c.body(pieces ? ReadableStream.from(pieces) : JSON.stringify(body), status, headers)
    })
  }
}

async function answered(c: Ctx, route: Route, authorize: Authorize): Promise<ApiAnswer> {
  let leave: (() => void) | undefined
  try {
    const caller = authorize(c.env.incoming, route.scope)
    if (route.isOperators) requireOperator(caller)
    leave = route.lowersRisk ? undefined : caller.begin()
    if (route.query) requireKnown(c.req.queries(), route.query.shape)
    return await route.handle(c, caller)
  } catch (error) {
    if (error instanceof AppError) return problemAnswer(shown(error))
    throw error
  } finally {
    leave?.()
  }
}

/**
 * Throws for unknown query parameters, since a misspelt filter would return everything, and for repeated ones, of which a
 * proxy may have checked another than is used here.
 */
function requireKnown(query: Record<string, string[]>, known: object): void {
  for (const [name, values] of Object.entries(query)) {
    const isKnown = Object.hasOwn(known, name)
    if (isKnown && values.length === 1) continue
    const field = name.slice(0, 100)
    const problem = isKnown ? 'is given more than once' : 'is not a known parameter'
    throw new AppError('invalid_request', `${field}: ${problem}`, 'never', { field })
  }
}

function documentOf(route: Route) {
  const { method, path, summary, params, query, headers, body, example, answers, refusals } = route
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  const always: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'rate_limited']
  const byStatus = Map.groupBy([...refusals, ...always], (code) => statusOf[code])
  const problems = [...byStatus].map(([status, codes]) => [
    status,
    {
      description: [...new Set(codes)].join(', '),
      content: { 'application/problem+json': { schema: ProblemBody } },
    },
  ])
  const successes = Object.entries(answers).map(([status, { description, schema }]) => [
    status,
    { description, content: json(schema) },
  ])
  return {
    method,
    path,
    summary,
    description: needOf(route),
    operationId: operationIdOf(method, path),
    tags: [sectionOf(path)],
    security: [{ key: [] }],
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(body && {
        body: {
          required: !route.isBodyOptional,
          content: { 'application/json': { schema: body, ...(example && { example }) } },
        },
      }),
    },
    responses: Object.fromEntries([...successes, ...problems]),
  }
}
