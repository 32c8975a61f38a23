import type { Server, ServerResponse } from 'node:http'
import { serve } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from '../api/index.ts'
import type { Clock } from '../clock.ts'

export interface Listening {
  readonly url: string
  /** Takes no new connections, answers what is under way with `Connection: close`, and resolves when all are closed. */
  close(): Promise<void>
}

/** Exchanges keep connections open for 150 s between requests; closing earlier costs them a handshake each time. */
const KEEP_ALIVE_MS = 155_000
/** A request that is not answered by then is cut off. */
const DRAIN_MS = 10_000

/** Serves the app on an address; rejects when the port cannot be had. */
export function listen(
  app: OpenAPIHono<Env>,
  clock: Clock,
  at: { host: string; port: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: at.host, port: at.port }, (info) => {
      server.off('error', reject)
      const host = at.host.includes(':') ? `[${at.host}]` : at.host
      resolve({ url: `http://${host}:${info.port}`, close: () => drain(server, underWay, clock) })
    }) as Server
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.headersTimeout = KEEP_ALIVE_MS + 5_000
    const underWay = trackResponses(server)
    server.once('error', reject)
  })
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
