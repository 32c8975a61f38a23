import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Authorize } from '../api/index.ts'
import { type Ctx, header, MAX_BODY_BYTES, readChunks } from '../api/index.ts'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../metrics.ts'
import type { Bidder, SeatConfig } from './bidder.ts'
import { decide, isRefusal, readBidRequest, readVersion, writeAnswer } from './openrtb/index.ts'

export interface AuctionDeps {
  readonly bidder: Bidder
  readonly clock: Clock
  readonly metrics: Metrics
  readonly authorize: Authorize
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: () => number
}

const unzip = promisify(gunzip)
const zip = promisify(gzip)

/**
 * `POST /openrtb2/{seat}/bid`. Registered before any middleware and checked by hand: in this path every layer costs
 * throughput. A malformed request is 400 without a body, no bid is 204, and nothing a caller sends is a 5xx.
 */
export function auctionHandler(deps: AuctionDeps): (c: Ctx) => Promise<Response> {
  const { bidder, metrics } = deps
  return async (c) => {
    const seat = bidder.seats.get(c.req.param('seat') ?? '')
    if (!seat) return c.body(null, 404)
    const stats = bidder.stats.get(seat.id)
    const count = (result: string) => metrics.auctions.inc({ seat: seat.id, result })
    stats?.countRequest()
    if (!mayAsk(deps, c, seat)) {
      count('forbidden')
      return c.body(null, 403)
    }
    const version = readVersion(header(c, 'x-openrtb-version'))
    const versioned = { 'x-openrtb-version': version }
    if (deps.lagMs() > bidder.shedAboveMs) {
      if (stats) stats.shed += 1
      count('shed')
      return c.body(null, 204, versioned)
    }
    const body = await readRequest(c)
    const request = body === undefined ? undefined : readBidRequest(body)
    if (request === undefined || isRefusal(request)) {
      count('bad_request')
      return c.body(null, 400)
    }

    const decision = decide(bidder.decide, seat, request)
    for (const { reason } of decision.noBids) {
      metrics.noBids.inc({ seat: seat.id, reason })
      if (reason === 'too_late' && stats) stats.tooLate += 1
    }
    const explain = request.debug && isAllowed(deps, c)
    const answer = writeAnswer(bidder.decide, seat, request, decision, { version, explain })
    if (answer === undefined) {
      count('no_bid')
      return c.body(null, 204, versioned)
    }
    for (const { bids } of decision.groups) if (stats) stats.bids += bids.length
    if (stats && decision.groups.length > 0) stats.answered += 1
    count(decision.groups.length > 0 ? 'bid' : 'no_bid')
    const headers = { 'content-type': 'application/json', ...versioned }
    if (!header(c, 'accept-encoding')?.includes('gzip')) return c.body(answer, 200, headers)
    return c.body(new Uint8Array(await zip(answer)), 200, { ...headers, 'content-encoding': 'gzip' })
  }
}

function mayAsk(deps: AuctionDeps, c: Ctx, { requireKey, allowFrom }: SeatConfig): boolean {
  if (allowFrom.length > 0 && !allowFrom.includes(c.env.incoming.socket.remoteAddress ?? '')) return false
  return !requireKey || isAllowed(deps, c)
}

/** Whether the request has a key that may bid. */
function isAllowed({ authorize }: AuctionDeps, c: Ctx): boolean {
  try {
    authorize(c, 'bid')
    return true
  } catch {
    return false
  }
}

/** The parsed body, JSON assumed without a content type; undefined for what cannot be read. */
async function readRequest(c: Ctx): Promise<unknown> {
  const length = header(c, 'content-length')
  if (length !== undefined && Number(length) > MAX_BODY_BYTES) return undefined
  try {
    if (header(c, 'content-encoding') === 'gzip') {
      const packed = Buffer.from(await c.req.arrayBuffer())
      return JSON.parse((await unzip(packed, { maxOutputLength: MAX_BODY_BYTES })).toString('utf8'))
    }
    return length === undefined ? JSON.parse(await readChunks(c)) : await c.req.json()
  } catch {
    return undefined
  }
}
