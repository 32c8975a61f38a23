import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http'
import { type Clock, every } from '../clock.ts'
import type { DirectHandler } from './auctions.ts'

/** A port of an address, or a socket in the file system. */
export type ListenAt = { readonly host: string; readonly port: number } | { readonly path: string }

export interface Listening {
  /** Undefined on a socket of the file system. */
  readonly url: string | undefined
  /** Takes no new connections, answers what is under way with `Connection: close`, and resolves when all are closed. */
  close(): Promise<void>
}

/** Exchanges keep connections open for 150 s between requests; closing earlier costs them a handshake each time. */
const KEEP_ALIVE_MS = 155_000
/** A request that has not come in whole by then, headers and body, is cut off; so is a connection without any. */
const REQUEST_MS = 30_000
const LOOK_FOR_LATE_MS = 5_000
/** What is left of a body is read for so long after the answer, so that the client gets to see it. */
const LINGER_MS = 500
/** A request that is not answered by then is cut off; a bid whose platform is slow needs so long. */
const DRAIN_MS = 10_000
/** An answer that has begun and is not read by then is cut off, such as a long report to a slow reader. */
const READ_MS = 2_000
const CLOSE_IDLE_MS = 20

/** Serves requests, `rest` what `direct` has left; rejects when the address cannot be had. */
export function listen(
  direct: DirectHandler,
  rest: RequestListener,
  clock: Clock,
  at: ListenAt,
): Promise<Listening> {
  const underWay: UnderWay = { responses: new Set(), draining: false }
  const options = {
    ServerResponse: cuttingOff(clock),
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: LOOK_FOR_LATE_MS,
  }
  const server = createServer(options, (request, response) => {
    if (underWay.draining) response.shouldKeepAlive = false
    if (direct(request, response)) return
    track(underWay, response)
    rest(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen('path' in at ? { path: at.path } : { host: at.host, port: at.port }, () => {
      server.off('error', reject)
      resolve({ url: urlOf(server), close: () => drain(server, underWay, clock) })
    })
  })
}

/** Answers to requests whose body may never end: once one is answered, its connection has only moments left. */
function cuttingOff(clock: Clock): typeof ServerResponse {
  class Cutting<R extends IncomingMessage> extends ServerResponse<R> {
    override end(...said: unknown[]): this {
      Reflect.apply(super.end, this, said)
      if (!this.req.complete) this.#cutOff()
      return this
    }

    #cutOff(): void {
      const { req } = this
      req.resume()
      // What is here already but was not read yet is no body without an end.
      clock.after(LINGER_MS, () => {
        if (!req.complete) req.socket.destroy()
      })
    }
  }
  return Cutting
}

function urlOf(server: Server): string | undefined {
  const address = server.address()
  if (address === null || typeof address !== 'object') return undefined
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

interface UnderWay {
  /** Of what is not answered directly. */
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
    // Repeated: others begin to be answered meanwhile.
    const stopCutting = every(clock, READ_MS, () => {
      for (const response of underWay.responses) if (response.headersSent) response.destroy()
    })
    // Bid requests are not tracked, which would cost each of them more than this costs all: a connection whose last
    // answer did not say that it closes is idle a moment later.
    const stopClosing = every(clock, CLOSE_IDLE_MS, () => server.closeIdleConnections())
    server.close(() => {
      cancel()
      stopCutting()
      stopClosing()
      resolve()
    })
    server.closeIdleConnections()
  })
}
