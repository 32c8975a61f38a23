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
  /** Path whose parts are encoded. */
  readonly path: string
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: object
  readonly idempotencyKey?: string
}

interface OwnAnswer {
  readonly body: unknown
  /** Whether it is the answer that the same idempotency key had before. */
  readonly isReplayed: boolean
}

/** Calls a route as whoever asked for the tool. Throws {@link RouteRefusal}. */
export type OwnCall = (asked: OwnRequest) => Promise<OwnAnswer>

/** The body of a route's answer. */
export const bodyOf = async (own: OwnCall, asked: OwnRequest): Promise<unknown> => (await own(asked)).body

/** A refusal or failure as callers of HTTP get it. */
export type RouteProblem = typeof ProblemBody._output

/** What a route of the service has refused. */
export class RouteRefusal extends Error {
  override readonly name = 'RouteRefusal'
  readonly problem: RouteProblem

  constructor(problem: RouteProblem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Headers that say who asks, and from which page. A cookie is not among them: here a key counts alone. */
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
 * Calls routes of the application within this process. They see the caller's own key and address, so that every rule about
 * keys, organisations, limits and records holds as it does over HTTP.
 */
export function ownCalls(app: Application, asking: HttpBindings): OwnCall {
  return async (asked) => {
    const response = await callOwn(app, asking, asked)
    if (!response.ok) throw await refusalOf(response)
    const body: unknown = parseJson(await response.text())
    return { body, isReplayed: response.headers.get('idempotency-replayed') === 'true' }
  }
}

/** The answer of a route, whatever it is; see {@link ownCalls}. */
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

/** The refusal that a route has answered. */
export async function refusalOf(response: Response): Promise<Error> {
  const problem = ProblemBody.safeParse(parseJson(await response.text()))
  return problem.success ? new RouteRefusal(problem.data) : new AppError('internal', 'Unexpected error')
}
