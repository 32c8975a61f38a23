import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http'
import { type Clock, every } from '../time/clock.ts'
import type { DirectHandler } from './exchange/auctions.ts'

/** Where to listen: an address and port, or a Unix socket. */
export type ListenAt = { readonly host: string; readonly port: number } | { readonly path: string }

export interface Listening {
  /** Undefined on a Unix socket. */
  readonly url: string | undefined
  /**
   * Accepts no new connections, answers open requests with `Connection: close`, and resolves when all connections are
   * closed.
   */
  close(): Promise<void>
}

/**
 * Keep-alive of idle connections, in milliseconds. Exchanges keep connections open for 150 s between requests; closing
 * earlier costs them a handshake each time.
 */
const KEEP_ALIVE_MS = 155_000
/**
 * Longest time for a request to arrive whole, headers and body, in milliseconds; then the connection is cut. A
 * connection that sends nothing is cut as well.
 */
const REQUEST_MS = 30_000
/** How often connections are checked for requests that are late, in milliseconds. */
const LOOK_FOR_LATE_MS = 5_000
/** How long the rest of a body is read after the answer, in milliseconds, so that the client sees the answer. */
const LINGER_MS = 500
/** A body of at most so many bytes is expected to arrive in that time, and its connection is kept. */
const SHORT_BODY_BYTES = 65_536
/**
 * While closing: how long an open request may take to be answered, in milliseconds, before it is cut. A bid on a slow
 * platform needs that long.
 */
const DRAIN_MS = 10_000
/**
 * While closing: how long an answer that has begun may take to be read, in milliseconds, before it is cut (a long
 * report and a slow reader).
 */
const READ_MS = 2_000
/** While closing: how often idle connections are closed, in milliseconds. */
const CLOSE_IDLE_MS = 20

/**
 * Listens and serves requests: `direct` takes what it answers itself, `rest` answers the others. Rejects when the
 * address cannot be bound.
 */
export function listen(
  direct: DirectHandler,
  rest: RequestListener,
  clock: Clock,
  at: ListenAt,
): Promise<Listening> {
  const underWay: OpenResponses = { responses: new Set(), draining: false }
  const options = {
    ServerResponse: cuttingOff(clock),
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: LOOK_FOR_LATE_MS,
  }
  const server = createServer(options, (request, response) => {
    if (underWay.draining) response.shouldKeepAlive = false
    if (hostsOf(request) > 1 || !takeTarget(request)) {
      response.writeHead(400, { connection: 'close', 'content-length': 0 }).end()
      return
    }
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

/** Number of `Host` headers. Node uses the first one; a proxy in front may have checked another. */
function hostsOf({ rawHeaders }: IncomingMessage): number {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}

/** An absolute request target: its host, with a port where it has one, and its path and query. A host has no user. */
const ABSOLUTE_TARGET = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i

/**
 * Makes a request with an absolute target (`GET http://host/path`) look like any other. The host of such a target counts,
 * whatever `Host` says (RFC 9112, section 3.2.2). Returns false for targets that no call has: `*`, other schemes, a user.
 */
function takeTarget(request: IncomingMessage): boolean {
  const { url = '' } = request
  if (url.startsWith('/')) return true
  const [target, host, path = '/'] = ABSOLUTE_TARGET.exec(url) ?? []
  if (target === undefined) return false
  request.headers.host = host
  request.url = path.startsWith('/') ? path : `/${path}`
  return true
}

/**
 * A response class for answers that leave before the request's body has ended. Where much of the body may be missing, the
 * answer says `Connection: close`, so that no client puts its next request on a connection that is about to be cut.
 */
function cuttingOff(clock: Clock): typeof ServerResponse {
  class Cutting<R extends IncomingMessage> extends ServerResponse<R> {
    /** Whether the answer says that it is the connection's last because of the body. */
    #isLast = false

    override writeHead(...said: unknown[]): this {
      this.#isLast = isMuchMissing(this.req)
      if (this.#isLast) this.shouldKeepAlive = false
      return Reflect.apply(super.writeHead, this, said)
    }

    override end(...said: unknown[]): this {
      const isLast = this.headersSent ? this.#isLast : isMuchMissing(this.req)
      if (isLast && !this.req.complete) return this.#endLater(said)
      Reflect.apply(super.end, this, said)
      if (!this.req.complete) this.#afterRest(() => this.req.complete || this.req.socket.destroy())
      return this
    }

    /** Node closes the connection at the end of a last answer; a client that still sends would lose the answer. */
    #endLater(said: unknown[]): this {
      const [data] = said
      if (typeof data === 'string' || data instanceof Uint8Array) Reflect.apply(super.write, this, said)
      else this.flushHeaders()
      this.#afterRest(() => this.destroyed || super.end())
      return this
    }

    /** Data that has arrived but was not read yet may contain the end of the body. */
    #afterRest(then: () => void): void {
      this.req.resume()
      clock.after(LINGER_MS, then)
    }
  }
  return Cutting
}

/** Whether the rest of a request's body is long, or of unknown length. */
function isMuchMissing({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return (
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SHORT_BODY_BYTES
  )
}

function urlOf(server: Server): string | undefined {
  const address = server.address()
  if (address === null || typeof address !== 'object') return undefined
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

interface OpenResponses {
  /** Open responses, without those answered by `direct`. */
  readonly responses: Set<ServerResponse>
  draining: boolean
}

function track({ responses }: OpenResponses, response: ServerResponse): void {
  responses.add(response)
  response.once('close', () => responses.delete(response))
}

function drain(server: Server, underWay: OpenResponses, clock: Clock): Promise<void> {
  underWay.draining = true
  // A response whose headers are not sent yet says `Connection: close`.
  for (const response of underWay.responses) response.shouldKeepAlive = false
  return new Promise((resolve) => {
    const cancel = clock.after(DRAIN_MS, () => server.closeAllConnections())
    // Repeated, because other responses begin meanwhile.
    const stopCutting = every(clock, READ_MS, () => {
      for (const response of underWay.responses) if (response.headersSent) response.destroy()
    })
    // Bid requests are not tracked, which would cost each of them more than this loop costs in all. A connection whose
    // last answer did not say `Connection: close` is idle a moment later.
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
