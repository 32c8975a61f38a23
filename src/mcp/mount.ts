import { hkdfSync } from 'node:crypto'
import type { OpenAPIHono } from '@hono/zod-openapi'
import {
  createMcpHandler,
  localhostAllowedHostnames,
  ProtocolErrorCode,
  validateHostHeader,
  validateOriginHeader,
} from '@modelcontextprotocol/server'
import {
  type ApiEnv,
  type Authorize,
  bearerOnly,
  type Caller,
  type Ctx,
  describePlain,
  header,
  ownCalls,
  readBody,
} from '../api/index.ts'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { Seals } from './asking.ts'
import { MCP_ROUTE } from './route.ts'
import { isStop, serverFor } from './server.ts'

export interface McpParts {
  readonly authorize: Authorize
  readonly log: Logger
  /** Host names under which clients may call, besides those of this machine. */
  readonly hosts: readonly string[]
  /** Secret that all processes of the service share; the key of seals is derived from it. */
  readonly noticeSecret: string
}

const SEAL_KEY_BYTES = 32

/** Mounts the Model Context Protocol: tools that call the routes of the application with the caller's own key. */
export function mountMcp(app: OpenAPIHono<ApiEnv>, { authorize, log, hosts, noticeSecret }: McpParts): void {
  const known = [...localhostAllowedHostnames(), ...hosts]
  const sealKey = new Uint8Array(hkdfSync('sha256', noticeSecret, '', 'bidwarden mcp seals', SEAL_KEY_BYTES))
  const onError = (error: unknown) => log.error({ err: error }, 'a tool failed')
  describePlain(app, [MCP_ROUTE])
  app.post(MCP_ROUTE.path, async (c) => {
    requireKnownPage(c, known)
    const caller = authorize(bearerOnly(c.env.incoming), 'any')
    const message = await admitted(c, caller)
    if (Array.isArray(message))
      throw new AppError('invalid_request', 'Send one message at a time; batches are not answered')
    if (message instanceof Object && Reflect.get(message, 'method') === LISTEN) return noSuchMethod(message)
    const parts = {
      own: ownCalls(app, c.env),
      seals: new Seals(sealKey, `${caller.name}@${caller.org}`),
      onError,
    }
    // A new handler for each request, since its server is made for the caller and keeps no state.
    const handler = createMcpHandler(({ era }) => serverFor(caller, { ...parts, era }), { keepAliveMs: 0 })
    return handler.fetch(withoutBody(c), { parsedBody: message })
  })
}

/** The longest body that is read from a caller that has exceeded its limit, in bytes: enough for a stop. */
const MAX_STOP_BYTES = 4_096

/**
 * Reads the message of a caller. If the caller has exceeded its limit, only a short message is read, because it may be
 * a stop, which is always admitted. Throws 429 for anything else.
 */
async function admitted(c: Ctx, caller: Caller): Promise<unknown> {
  let leave: () => void
  try {
    leave = caller.begin()
  } catch (error) {
    const message = await readBody(c, MAX_STOP_BYTES).catch(() => undefined)
    if (isStop(message)) return message
    throw error
  }
  return readBody(c).finally(leave)
}

/**
 * Throws 403 for a request under a host name that is not the service's, or from a page that is not: a browser can be
 * made to reach this machine under any name (DNS rebinding).
 */
function requireKnownPage(c: Ctx, known: string[]): void {
  if (!validateHostHeader(header(c, 'host'), known).ok) {
    const detail = 'The Host of the request is not known; PUBLIC_URL or MCP_HOSTS has to name it'
    throw new AppError('forbidden', detail)
  }
  if (!validateOriginHeader(header(c, 'origin'), known).ok)
    throw new AppError(
      'forbidden',
      'The Origin of the request is a page of another site, which is not answered',
    )
}

/** A method that is refused: its answer would stay open and never contain anything, since tools and resources never change. */
const LISTEN = 'subscriptions/listen'

function noSuchMethod(message: object): Response {
  const id: unknown = Reflect.get(message, 'id') ?? null
  const error = { code: ProtocolErrorCode.MethodNotFound, message: 'Method not found' }
  return Response.json({ jsonrpc: '2.0', id, error }, { status: 404 })
}

/** The `Accept` that older revisions of the protocol require. */
const EVERYTHING = 'application/json, text/event-stream'

/**
 * The request as the protocol library sees it; its body has been read already. Clients that accept anything are treated
 * as accepting what older revisions require.
 */
function withoutBody({ env: { incoming } }: Ctx): Request {
  const headers = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  const request = new Request(`http://localhost${MCP_ROUTE.path}`, { method: 'POST', headers })
  if (/\*\/\*/.test(request.headers.get('accept') ?? '*/*')) request.headers.set('accept', EVERYTHING)
  return request
}
