import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from '../api/index.ts'
import { type Clock, every } from '../clock.ts'
import type { DirectHandler } from './auctions.ts'

export interface Listening {
  readonly url: string
  /** Takes no new connections, answers what is under way with `Connection: close`, and resolves when all are closed. */
  close(): Promise<void>
}

/** Exchanges keep connections open for 150 s between requests; closing earlier costs them a handshake each time. */
const KEEP_ALIVE_MS = 155_000
/** A request that is not answered by then is cut off. */
const DRAIN_MS = 10_000
const CLOSE_IDLE_MS = 20

/** Serves the app on an address, after `direct` had its choice; rejects when the port cannot be had. */
export function listen(
  app: OpenAPIHono<Env>,
  direct: DirectHandler,
  clock: Clock,
  at: { host: string; port: number },
): Promise<Listening> {
  const underWay: UnderWay = { responses: new Set(), draining: false }
  const viaApp = getRequestListener(app.fetch)
  const server = createServer((request, response) => {
    if (underWay.draining) response.shouldKeepAlive = false
    if (direct(request, response)) return
    track(underWay, response)
    viaApp(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = KEEP_ALIVE_MS + 5_000
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
  /** Of the app. */
  readonly responses: Set<ServerResponse>
  draining: boolean
}

function track({ responses }: UnderWay, response: ServerResponse): void {
  responses.add(response)
  response.once('close', () => responses.delete(response))
}

function drain(server: Server, underWay: UnderWay, clock: Clock): Promise<void> {
  underWay.draining = true
  // A response whose headers are not sent yet then says `Connection: close`.
  for (const response of underWay.responses) response.shouldKeepAlive = false
  return new Promise((resolve) => {
    const cancel = clock.after(DRAIN_MS, () => server.closeAllConnections())
    // Bid requests are not tracked, which would cost each of them more than this costs all: a connection whose last
    // answer did not say that it closes is idle a moment later.
    const stopClosing = every(clock, CLOSE_IDLE_MS, () => server.closeIdleConnections())
    server.close(() => {
      cancel()
      stopClosing()
      resolve()
    })
    server.closeIdleConnections()
  })
}
