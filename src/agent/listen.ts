import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Clock } from '../clock.ts'
import type { DirectHandler } from './auctions.ts'
import type { Env } from './json.ts'

export interface Listening {
  readonly url: string
  /** Takes no new connections, answers what is under way with `Connection: close`, and resolves when all are closed. */
  close(): Promise<void>
}

/** Exchanges keep connections open for 150 s between requests; closing earlier costs them a handshake each time. */
const KEEP_ALIVE_MS = 155_000
/** A request that is not answered by then is cut off. */
const DRAIN_MS = 10_000

/** Serves the app on an address, after `direct` had its choice; rejects when the port cannot be had. */
export function listen(
  app: OpenAPIHono<Env>,
  direct: DirectHandler,
  clock: Clock,
  at: { host: string; port: number },
): Promise<Listening> {
  const viaApp = getRequestListener(app.fetch)
  const server = createServer((request, response) => {
    if (!direct(request, response)) viaApp(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = KEEP_ALIVE_MS + 5_000
  const underWay = trackResponses(server)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      server.off('error', reject)
      const host = at.host.includes(':') ? `[${at.host}]` : at.host
      resolve({ url: `http://${host}:${portOf(server)}`, close: () => drain(server, underWay, clock) })
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

interface UnderWay {
  readonly responses: Set<ServerResponse>
  draining: boolean
}

function trackResponses(server: Server): UnderWay {
  const underWay: UnderWay = { responses: new Set(), draining: false }
  server.prependListener('request', (_request, response) => {
    if (underWay.draining) response.shouldKeepAlive = false
    underWay.responses.add(response)
    response.once('close', () => underWay.responses.delete(response))
  })
  return underWay
}

function drain(server: Server, underWay: UnderWay, clock: Clock): Promise<void> {
  underWay.draining = true
  // A response whose headers are not sent yet then says `Connection: close`.
  for (const response of underWay.responses) response.shouldKeepAlive = false
  return new Promise((resolve) => {
    const cancel = clock.after(DRAIN_MS, () => server.closeAllConnections())
    server.close(() => {
      cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}
