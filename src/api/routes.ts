import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError, type ErrorCode, invalidField, statusOf } from '../errors.ts'
import type { Authorize, Caller, NeededScope } from './auth.ts'
import { BY_KEY_OR_SESSION, needOf, operationIdOf, sectionOf } from './document.ts'
import { type ApiEnv, type Ctx, nameShown } from './json.ts'
import { requireOperator } from './operator-only.ts'
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
    retry: z.enum(['never', 'later', 'after']).openapi({
      description:
        'Whether the same request can succeed: `never`, some time `later`, or `after` the milliseconds of `retryAfterMs`.',
    }),
  })
  .openapi('Problem')

/** What is documented of a route. */
interface RouteParts {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Path with `{name}` for parameters. */
  readonly path: `/${string}`
  readonly summary: string
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
}

/** One route of the API: its documentation, who may call it, and its handler. */
export interface Route extends RouteParts {
  readonly scope: NeededScope
  /** Whether it concerns what organisations share; keys of an organisation are then refused. */
  readonly isOperators?: true
  /** Whether it is admitted however much the caller has asked for, because it lowers risk. */
  readonly lowersRisk?: true
  handle(c: Ctx, caller: Caller): Promise<ApiAnswer> | ApiAnswer
}

/** A route without a key. No limit of callers applies to it, so its handler has to limit what calls cost. */
export interface OpenRoute extends RouteParts {
  handle(c: Ctx): Promise<ApiAnswer> | ApiAnswer
}

/** Adds routes to the application and its OpenAPI document, each with authorization and error handling. */
export function mount(app: OpenAPIHono<ApiEnv>, authorize: Authorize, routes: readonly Route[]): void {
  const always: readonly ErrorCode[] = ['unauthorized', 'key_expired', 'forbidden', 'rate_limited']
  for (const route of routes) {
    const document = documentOf({ ...route, refusals: [...route.refusals, ...always] })
    app.openAPIRegistry.registerPath({ ...document, description: needOf(route), security: BY_KEY_OR_SESSION })
    answerWith(app, route, (c) => answered(c, route, authorize))
  }
}

/** As {@link mount}, for routes without a key. */
export function mountOpen(app: OpenAPIHono<ApiEnv>, routes: readonly OpenRoute[]): void {
  for (const route of routes) {
    app.openAPIRegistry.registerPath({ ...documentOf(route), security: [] })
    answerWith(app, route, (c) => orProblem(() => route.handle(c)))
  }
}

function answerWith(
  app: OpenAPIHono<ApiEnv>,
  { method, path }: RouteParts,
  answer: (c: Ctx) => Promise<ApiAnswer>,
): void {
  app.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
    const { status, body, pieces, headers } = await answer(c)
    return c.body(pieces ? ReadableStream.from(pieces) : JSON.stringify(body), status, headers)
  })
}

async function answered(c: Ctx, route: Route, authorize: Authorize): Promise<ApiAnswer> {
  let leave: (() => void) | undefined
  try {
    return await orProblem(() => {
      const caller = authorize(c.env.incoming, route.scope)
      if (route.body) c.set('requireStill', () => void authorize(c.env.incoming, route.scope))
      if (route.isOperators) requireOperator(caller)
      leave = route.lowersRisk ? undefined : caller.begin()
      if (route.query) requireKnown(c.req.queries(), route.query.shape)
      return route.handle(c, caller)
    })
  } finally {
    leave?.()
  }
}

async function orProblem(handle: () => Promise<ApiAnswer> | ApiAnswer): Promise<ApiAnswer> {
  try {
    return await handle()
  } catch (error) {
    if (error instanceof AppError) return problemAnswer(shown(error))
    throw error
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
    const field = nameShown(name)
    const problem = isKnown ? 'is given more than once' : 'is not a known parameter'
    throw invalidField(field, problem)
  }
}

function documentOf(route: RouteParts) {
  const { method, path, summary, params, query, headers, body, example, answers, refusals } = route
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  const byStatus = Map.groupBy(refusals, (code) => statusOf[code])
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
    operationId: operationIdOf(method, path),
    tags: [sectionOf(path)],
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
