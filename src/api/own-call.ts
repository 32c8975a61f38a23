import { type IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { AppError } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { ApiEnv } from './json.ts'
import { ProblemBody } from './routes.ts'

/** A call of one of the service's own routes. */
export interface OwnRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** A path with encoded segments. */
  readonly path: string
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: object
  readonly idempotencyKey?: string
}

interface OwnAnswer {
  readonly body: unknown
  /** Whether it repeats the first answer to the same idempotency key. */
  readonly isReplayed: boolean
}

/** Calls a route with the caller's key. Throws {@link RouteRefusal}. */
export type OwnCall = (asked: OwnRequest) => Promise<OwnAnswer>

/** Calls a route and returns the body of its answer. */
export const bodyOf = async (own: OwnCall, asked: OwnRequest): Promise<unknown> => (await own(asked)).body

/** The body of an error, as HTTP callers get it. */
export type RouteProblem = typeof ProblemBody._output

/** An error answer of a route of the service. */
export class RouteRefusal extends Error {
  override readonly name = 'RouteRefusal'
  readonly problem: RouteProblem

  constructor(problem: RouteProblem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Headers that identify the caller and its page. The cookie is left out: only an API key counts here. */
const PASSED_ON = ['authorization', 'host', 'origin', 'sec-fetch-site'] as const

/** The request of a caller as the routes may see it: without its cookie and its own body. */
export function bearerOnly({ method, headers, socket }: IncomingMessage): IncomingMessage {
  const addressOnly = new Socket()
  Object.defineProperty(addressOnly, 'remoteAddress', { value: socket.remoteAddress })
  const request = new IncomingMessage(addressOnly)
  request.method = method ?? 'POST'
  request.headers = { 'content-type': headers['content-type'], ...passedOn(headers) }
  return request
}

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (name in headers ? [[name, headers[name]]] : [])))
}

/** The application whose routes are called. */
type Application = Pick<OpenAPIHono<ApiEnv>, 'fetch'>

/**
 * Makes calls of the application's routes within this process. Routes see the caller's own key and address, so all
 * rules about keys, organisations, limits and records apply as over HTTP.
 */
export function ownCalls(app: Application, asking: HttpBindings): OwnCall {
  return async (asked) => {
    const response = await callOwn(app, asking, asked)
    if (!response.ok) throw await refusalOf(response)
    const body: unknown = parseJson(await response.text())
    return { body, isReplayed: response.headers.get('idempotency-replayed') === 'true' }
  }
}

/** The answer of a route, an error included; see {@link ownCalls}. */
export async function callOwn(
  app: Application,
  asking: HttpBindings,
  { method, path, query = {}, body, idempotencyKey }: OwnRequest,
): Promise<Response> {
  const incoming = bearerOnly(asking.incoming)
  const text = body === undefined ? undefined : JSON.stringify(body)
  incoming.method = method
  incoming.headers['content-type'] = 'application/json'
  if (text !== undefined) incoming.headers['content-length'] = String(Buffer.byteLength(text))
  if (idempotencyKey !== undefined) incoming.headers['idempotency-key'] = idempotencyKey
  if (text !== undefined) incoming.push(text)
  incoming.push(null)
  incoming.complete = true

  const asked = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  const search = asked.length === 0 ? '' : `?${new URLSearchParams(asked)}`
  const request = new Request(`http://localhost${path}${search}`, { method })
  return app.fetch(request, { incoming, outgoing: asking.outgoing })
}

/** The error in a route's answer. */
export async function refusalOf(response: Response): Promise<Error> {
  const problem = ProblemBody.safeParse(parseJson(await response.text()))
  return problem.success ? new RouteRefusal(problem.data) : new AppError('internal', 'Unexpected error')
}
