import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError, type ErrorCode, statusOf } from '../errors.ts'
import type { Authorize, Caller, KeyScope } from './auth.ts'
import { needOf, operationIdOf, sectionOf } from './document.ts'
import type { Ctx, Env } from './json.ts'
import { type Answer, problemAnswer, shown } from './problem.ts'

export const ProblemBody = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(statusOf) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    field: z.string().optional(),
    scope: z.string().optional(),
    remaining: z.number().optional(),
    retryAfterMs: z.number().int().optional(),
    wouldPassAt: z.string().optional(),
    bidId: z.string().optional(),
  })
  .openapi('Problem')

/** One call of the API: how it is documented, who may make it, and what answers it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With `{name}` for parameters. */
  readonly path: `/${string}`
  readonly summary: string
  readonly scope: KeyScope
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** The body may be left out. */
  readonly isBodyOptional?: true
  /** A body that works, as the documentation shows it. */
  readonly example?: object
  readonly answers: Readonly<Record<number, { description: string; schema: z.ZodType }>>
  readonly refusals: readonly ErrorCode[]
  handle(c: Ctx, caller: Caller): Promise<Answer> | Answer
}

/** Adds routes to the app and to its OpenAPI document, each behind its key and inside one error boundary. */
export function mount(app: OpenAPIHono<Env>, authorize: Authorize, routes: readonly Route[]): void {
  for (const route of routes) {
    app.openAPIRegistry.registerPath(documentOf(route))
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const { status, body, headers } = await answered(c, route, authorize)
      return c.body(JSON.stringify(body), status, headers)
    })
  }
}

async function answered(c: Ctx, route: Route, authorize: Authorize): Promise<Answer> {
  try {
    return await route.handle(c, authorize(c.env.incoming, route.scope))
  } catch (error) {
    if (error instanceof AppError) return problemAnswer(shown(error))
    throw error
  }
}

function documentOf(route: Route) {
  const { method, path, summary, scope, params, query, headers, body, example, answers, refusals } = route
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  const always: readonly ErrorCode[] = ['unauthorized', 'forbidden']
  const byStatus = Map.groupBy([...refusals, ...always], (code) => statusOf[code])
  const problems = [...byStatus].map(([status, codes]) => [
    status,
    { description: codes.join(', '), content: { 'application/problem+json': { schema: ProblemBody } } },
  ])
  const successes = Object.entries(answers).map(([status, { description, schema }]) => [
    status,
    { description, content: json(schema) },
  ])
  return {
    method,
    path,
    summary,
    description: needOf(scope),
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
