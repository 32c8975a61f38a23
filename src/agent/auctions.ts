import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { type Authorize, headerOf, MAX_BODY_BYTES } from '../api/index.ts'
import { parseJson } from '../json.ts'
import type { Agent } from './agent.ts'
import type { Bidder, SeatConfig } from './bidder.ts'
import { isGzip, takesGzip } from './content-coding.ts'
import {
  abandon,
  type BidRequest,
  type Decision,
  decide,
  isRefusal,
  type Refusal,
  readBidRequest,
  readVersion,
  shed,
  writeAnswer,
} from './openrtb/index.ts'
import type { SeatStats } from './seat-stats.ts'

export interface AuctionDeps {
  readonly agent: Pick<Agent, 'log' | 'metrics'>
  readonly bidder: Pick<Bidder, 'seats' | 'statsOf' | 'decide' | 'shedLimit'>
  readonly authorize: Authorize
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: () => number
}

/** Takes a request that is its own to answer, or leaves it and says so. */
export type DirectHandler = (request: IncomingMessage, response: ServerResponse) => boolean

const RESULTS = ['bid', 'no_bid', 'bad_request', 'forbidden', 'shed', 'failed'] as const
type Result = (typeof RESULTS)[number]

/** A seat with everything that its requests count. */
interface Lane {
  readonly seat: SeatConfig
  readonly stats: SeatStats
  count(result: Result): void
  readonly told: Told
  readonly shedNews: ShedNews
}

/** When the next field that cannot be read may be logged; `elapsedMs` of the clock. */
interface Told {
  nextMs: number
}

/** Requests that were shed and are not logged yet. */
interface ShedNews {
  count: number
  worstLagMs: number
  isLogDue: boolean
}

const unzip = promisify(gunzip)
const zip = promisify(gzip)

/**
 * `POST /openrtb2/{seat}/bid`, answered on the bare server and not through the framework, which would cost a third of
 * the throughput. A body that is no bid request is 400 and names the field, no bid is 204, and nothing a caller sends is a 5xx.
 */
export function auctionHandler(deps: AuctionDeps): DirectHandler {
  const lanes = new Map<string, Lane>()
  for (const seat of deps.bidder.seats.values()) lanes.set(`/openrtb2/${seat.id}/bid`, laneOf(deps, seat))
  return (request, response) => {
    const { method, url = '' } = request
    const lane = lanes.get(url) ?? lanes.get(url.split('?', 1)[0] ?? '')
    if (!lane || method !== 'POST') return false
    lane.stats.countRequest()
    const refusal = refusalOf(deps, lane, request)
    if (refusal === undefined) receive(deps, lane, request, response)
    else {
      lane.count(refusal.result)
      if (refusal.result === 'shed') answerShed(deps, lane, request, response)
      else if (refusal.status === 400) refuseBody(response, request, { refused: 'body' })
      else empty(response, refusal.status, request)
    }
    return true
  }
}

function laneOf({ agent, bidder }: AuctionDeps, seat: SeatConfig): Lane {
  const stats = bidder.statsOf(seat.id)
  const cellOf = (result: Result) => agent.metrics.auctions.cell({ seat: seat.id, result })
  const cells = new Map(RESULTS.map((result) => [result, cellOf(result)]))
  const count = (result: Result): void => {
    const cell = cells.get(result)
    if (cell) cell.count += 1
  }
  return {
    seat,
    stats,
    count,
    told: { nextMs: 0 },
    shedNews: { count: 0, worstLagMs: 0, isLogDue: false },
  }
}

/** What is refused before the body is read. */
function refusalOf(deps: AuctionDeps, lane: Lane, request: IncomingMessage) {
  if (!mayAsk(deps, request, lane.seat)) return { result: 'forbidden', status: 403 } as const
  const lagMs = deps.lagMs()
  if (deps.bidder.shedLimit.isTooLate(lagMs)) {
    lane.stats.shed += 1
    noteShed(deps, lane, lagMs)
    return { result: 'shed', status: 204 } as const
  }
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) > MAX_BODY_BYTES)
    return { result: 'bad_request', status: 400 } as const
  return undefined
}

function mayAsk(deps: AuctionDeps, request: IncomingMessage, { requireKey, allowFrom }: SeatConfig): boolean {
  if (allowFrom.length > 0 && !allowFrom.includes(request.socket.remoteAddress ?? '')) return false
  return !requireKey || isAllowed(deps, request)
}

/** Whether the request has a key that may bid. */
function isAllowed({ authorize }: AuctionDeps, request: IncomingMessage): boolean {
  try {
    authorize(request, 'bid')
    return true
  } catch {
    return false
  }
}

/** One log line a minute and seat says how many requests were shed and why. */
function noteShed({ agent, bidder }: AuctionDeps, { seat, shedNews }: Lane, lagMs: number): void {
  shedNews.count += 1
  shedNews.worstLagMs = Math.max(shedNews.worstLagMs, lagMs)
  if (shedNews.isLogDue) return
  shedNews.isLogDue = true
  bidder.decide.clock.after(TOLD_EVERY_MS, () => {
    const limitMs = Math.round(bidder.shedLimit.limitMs)
    const { count: requests, worstLagMs } = shedNews
    Object.assign(shedNews, { count: 0, worstLagMs: 0, isLogDue: false })
    agent.log.warn(
      { seat: seat.id, requests, worstLagMs: Math.round(worstLagMs), limitMs },
      'bid requests were answered without a bid, because the event loop was later than the limit',
    )
  })
}

/** Bodies above this many bytes are not searched for `test` while requests are shed. */
const MAX_SHED_BODY_BYTES = 16_384

/** 204 before the body is read in full; a small, plain body may ask why, and is answered with the reason. */
function answerShed(
  deps: AuctionDeps,
  { seat }: Lane,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const length = Number(request.headers['content-length'])
  if (!(length <= MAX_SHED_BODY_BYTES) || request.headers['content-encoding'] !== undefined) {
    empty(response, 204, request)
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    const text =
      body.includes('"test"') || body.includes('"debug"') ? explainShed(deps, seat, request, body) : undefined
    if (text === undefined) empty(response, 204, request)
    else sendText(response, text, versionOf(request))
  })
}

function explainShed(
  deps: AuctionDeps,
  seat: SeatConfig,
  request: IncomingMessage,
  body: Buffer,
): string | undefined {
  const bidRequest = parse(body)
  if (isRefusal(bidRequest)) return undefined
  const { decide } = deps.bidder
  const options = { version: versionOf(request), explain: mayExplain(deps, request, bidRequest) }
  return writeAnswer(decide, seat, bidRequest, shed(decide, bidRequest), options)
}

/** Reads the body, no further than the limit, and answers it. */
function receive(deps: AuctionDeps, lane: Lane, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    else if (!response.writableEnded) reply(deps, lane, request, response, undefined)
  })
  request.on('end', () => {
    if (response.writableEnded) return
    const [first] = chunks
    const body = first && chunks.length === 1 ? first : Buffer.concat(chunks)
    if (isGzip(headerOf(request, 'content-encoding'))) {
      unzip(body, { maxOutputLength: MAX_BODY_BYTES }).then(
        (unpacked) => reply(deps, lane, request, response, unpacked),
        () => reply(deps, lane, request, response, undefined),
      )
    } else reply(deps, lane, request, response, body)
  })
}

/** Answers a body; undefined for one that could not be read. Whatever fails in here costs this request its bid only. */
function reply(
  deps: AuctionDeps,
  lane: Lane,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): void {
  try {
    const bidRequest = body ? parse(body) : { refused: 'body' }
    if (isRefusal(bidRequest)) {
      lane.count('bad_request')
      refuseBody(response, request, bidRequest)
    } else {
      deps.bidder.shedLimit.learnTmax(bidRequest.tmaxMs)
      auction(deps, lane, request, response, bidRequest)
    }
  } catch (error) {
    fail(deps, lane, request, response, error)
  }
}

function fail(
  { agent }: AuctionDeps,
  lane: Lane,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  agent.log.error({ err: error, seat: lane.seat.id }, 'auction failed')
  lane.count('failed')
  if (!response.headersSent) empty(response, 204, request)
}

/** The longest that a request waits for the budget store, also where it says nothing of its own time. */
const STORE_WAIT_MS = 100

/** Decides at once; a second and last time when money had to be fetched from the store, within the request's time. */
function auction(
  deps: AuctionDeps,
  lane: Lane,
  request: IncomingMessage,
  response: ServerResponse,
  bidRequest: BidRequest,
): void {
  const { clock, ledger, networkMarginMs } = deps.bidder.decide
  const decision = decide(deps.bidder.decide, lane.seat, bidRequest)
  const drawn = ledger.takeShortage()
  if (!drawn) {
    answer(deps, lane, request, response, bidRequest, decision)
    return
  }
  abandon(deps.bidder.decide, decision)
  let isWaiting = true
  const decideAgain = (): void => {
    if (!isWaiting) return
    isWaiting = false
    cancel()
    try {
      const again = decide(deps.bidder.decide, lane.seat, bidRequest)
      ledger.takeShortage()
      answer(deps, lane, request, response, bidRequest, again)
    } catch (error) {
      fail(deps, lane, request, response, error)
    }
  }
  const leftMs = (bidRequest.tmaxMs ?? Number.POSITIVE_INFINITY) - networkMarginMs
  const cancel = clock.after(Math.min(STORE_WAIT_MS, Math.max(0, leftMs)), decideAgain)
  drawn.then(decideAgain)
}

function parse(body: Buffer): BidRequest | Refusal {
  let json: unknown
  try {
    json = parseJson(body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch {
    return { refused: 'body' }
  }
  return readBidRequest(json)
}

function answer(
  deps: AuctionDeps,
  { seat, stats, count, told }: Lane,
  request: IncomingMessage,
  response: ServerResponse,
  bidRequest: BidRequest,
  decision: Decision,
): void {
  const { bidder, agent } = deps
  for (const { reason, field } of decision.noBids) {
    if (field !== undefined) tellOfBadField(deps, told, seat.id, reason, field)
    agent.metrics.noBids.add({ seat: seat.id, reason })
    if (reason === 'too_late') stats.tooLate += 1
  }
  for (const { bids } of decision.groups) stats.bids += bids.length
  if (decision.groups.length > 0) stats.answered += 1
  count(decision.groups.length > 0 ? 'bid' : 'no_bid')

  const version = versionOf(request)
  const explain = mayExplain(deps, request, bidRequest)
  const text = writeAnswer(bidder.decide, seat, bidRequest, decision, { version, explain })
  if (text === undefined) empty(response, 204, request)
  else if (!takesGzip(headerOf(request, 'accept-encoding'))) sendText(response, text, version)
  else {
    zip(text).then((packed) => {
      response.writeHead(200, [...jsonHeaders(version, packed.length), 'content-encoding', 'gzip'])
      response.end(packed)
    })
  }
}

/** Who asks for reasons in debugging needs a key that may bid; a test costs nothing, so anybody may. */
const mayExplain = (deps: AuctionDeps, request: IncomingMessage, { test, debug }: BidRequest): boolean =>
  test || (debug && isAllowed(deps, request))

const TOLD_EVERY_MS = 60_000

/** One log line a minute and seat, with the latest example; the counter by reason has all of them. */
function tellOfBadField(
  { agent, bidder }: AuctionDeps,
  told: Told,
  seat: string,
  reason: string,
  field: string,
) {
  const nowMs = bidder.decide.clock.elapsedMs()
  if (nowMs < told.nextMs) return
  told.nextMs = nowMs + TOLD_EVERY_MS
  agent.log.warn({ seat, reason, field }, 'bid request with a field that cannot be read')
}

/** Text whose bytes are as many as its characters is ASCII, which is written without being encoded. */
function sendText(response: ServerResponse, text: string, version: string): void {
  const bytes = Buffer.byteLength(text)
  response.writeHead(200, jsonHeaders(version, bytes))
  response.end(text, bytes === text.length ? 'latin1' : 'utf8')
}

const versionOf = (request: IncomingMessage) => readVersion(headerOf(request, 'x-openrtb-version'))

const jsonHeaders = (version: string, bytes: number): string[] => [
  'content-type',
  'application/json',
  'x-openrtb-version',
  version,
  'content-length',
  String(bytes),
]

/** 400 with the field that is missing or of the wrong type. */
function refuseBody(response: ServerResponse, request: IncomingMessage, { refused }: Refusal): void {
  const detail = `${refused}: ${refused === 'body' ? 'must be a JSON object within the limit of size' : 'is missing or of the wrong type'}`
  const text = JSON.stringify({ status: 400, code: 'invalid_request', field: refused, detail })
  response.writeHead(400, jsonHeaders(versionOf(request), Buffer.byteLength(text)))
  response.end(text)
}

/** An answer without a body, as OpenRTB wants it for everything but a bid. */
function empty(response: ServerResponse, status: 204 | 403, request: IncomingMessage): void {
  const version = ['x-openrtb-version', versionOf(request)]
  response.writeHead(status, status === 204 ? version : [...version, 'content-length', '0'])
  response.end()
}
