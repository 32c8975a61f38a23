import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { type Authorize, type Caller, headerOf, MAX_BODY_BYTES, nameShown } from '../../api/index.ts'
import { bodyCodingOf, codingFor } from '../../http/content-coding.ts'
import { DuplicateMember, parseUnambiguous, TooManyNames, textOf } from '../../json/json.ts'
import { parseLongJson } from '../../json/long-json.ts'
import { AUCTION_RESULTS, type AuctionResult } from '../../metrics/metrics.ts'
import { Pace } from '../../time/pace.ts'
import type { Agent } from '../agent.ts'
import { maySee } from '../organisations.ts'
import type { Bidder, SeatConfig } from './bidder.ts'
import {
  type AnswerOptions,
  type AuctionDecision,
  abandon,
  decide,
  isRefusal,
  type OpenRtbRequest,
  type RequestRefusal,
  readBidRequest,
  readVersion,
  shed,
  writeAnswer,
} from './openrtb/index.ts'
import type { SeatStats } from './seat-stats.ts'

export interface AuctionDeps {
  readonly agent: Pick<Agent, 'log' | 'metrics'>
  readonly bidder: Pick<Bidder, 'seats' | 'statsOf' | 'decide' | 'shedLimit' | 'isUserPrivate'>
  readonly authorize: Authorize
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: () => number
}

/** Answers a request and returns true, or leaves it to the next handler and returns false. */
export type DirectHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/** A seat with the counters of its requests. */
interface SeatDesk {
  readonly seat: SeatConfig
  readonly stats: SeatStats
  count(result: AuctionResult): void
  readonly pace: Pace
  /** Requests whose body is not read whole yet, or that are not answered. */
  open: number
  readonly told: NextWarning
  readonly shedNews: ShedNews
}

/** A request that is being answered. */
interface Asked {
  readonly desk: SeatDesk
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When the request arrived, by `elapsedMs` of the clock. */
  readonly startedMs: number
}

/** When the next unreadable field may be logged, by `elapsedMs` of the clock. */
interface NextWarning {
  nextMs: number
}

/** Requests that were shed since the previous log line. */
interface ShedNews {
  count: number
  worstLagMs: number
  isLogDue: boolean
}

const unzip = promisify(gunzip)
const zip = promisify(gzip)

/**
 * Answers `POST /openrtb2/{seat}/bid`. It works on the bare server, because the framework would cost a third of the
 * throughput. A body that is not a bid request gets 400 with the field's name, no bid gets 204, and nothing a caller
 * sends gets a 5xx.
 */
export function auctionHandler(deps: AuctionDeps): DirectHandler {
  const desks = new Map<string, SeatDesk>()
  for (const seat of deps.bidder.seats.values()) desks.set(`/openrtb2/${seat.id}/bid`, deskOf(deps, seat))
  return (request, response) => {
    const { method, url = '' } = request
    const desk = desks.get(url) ?? desks.get(url.split('?', 1)[0] ?? '')
    if (!desk || method !== 'POST') return false
    desk.stats.countRequest()
    const asked = { desk, request, response, startedMs: deps.bidder.decide.clock.elapsedMs() }
    const refusal = refusalOf(deps, desk, request)
    if (refusal === undefined) receive(deps, asked)
    else {
      desk.count(refusal.result)
      if (refusal.result === 'shed') answerShed(deps, asked)
      else if (refusal.status === 400) refuseBody(response, request, { refused: 'body' })
      else if (refusal.status === 415) refuseCoding(response, request)
      else empty(response, refusal.status, request)
      timed(deps, asked, refusal.result)
    }
    return true
  }
}

/** Records how long an answer took, after it was written. */
function timed({ agent, bidder }: AuctionDeps, { startedMs }: Asked, result: AuctionResult): void {
  agent.metrics.auctionAnswers.observe(result, bidder.decide.clock.elapsedMs() - startedMs)
}

function deskOf({ agent, bidder }: AuctionDeps, seat: SeatConfig): SeatDesk {
  const stats = bidder.statsOf(seat.id)
  const cellOf = (result: AuctionResult) => agent.metrics.auctions.cell({ seat: seat.id, result })
  const cells = new Map(AUCTION_RESULTS.map((result) => [result, cellOf(result)]))
  const count = (result: AuctionResult): void => {
    const cell = cells.get(result)
    if (cell) cell.count += 1
  }
  return {
    seat,
    stats,
    count,
    pace: new Pace(bidder.decide.clock, {
      calls: seat.maxRequestsPerSecond ?? Number.POSITIVE_INFINITY,
      windowMs: 1000,
    }),
    open: 0,
    told: { nextMs: 0 },
    shedNews: { count: 0, worstLagMs: 0, isLogDue: false },
  }
}

/** Most open requests per seat; each may keep a body of {@link MAX_BODY_BYTES} in memory. More are answered 429. */
const MAX_OPEN = 1_000

/** Decides by the headers alone whether a request is refused, before its body is read. */
function refusalOf(deps: AuctionDeps, desk: SeatDesk, request: IncomingMessage) {
  if (!mayAsk(deps, request, desk.seat)) return { result: 'forbidden', status: 403 } as const
  if (desk.open >= MAX_OPEN || desk.pace.take(1) > 0) return { result: 'limited', status: 429 } as const
  const lagMs = deps.lagMs()
  if (deps.bidder.shedLimit.isTooLate(lagMs)) {
    desk.stats.shed += 1
    noteShed(deps, desk, lagMs)
    return { result: 'shed', status: 204 } as const
  }
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) > MAX_BODY_BYTES)
    return { result: 'bad_request', status: 400 } as const
  if (bodyCodingOf(headerOf(request, 'content-encoding')) === 'unknown')
    return { result: 'bad_request', status: 415 } as const
  // Checked before any money is held, because the caller could not read the bids.
  if (codingOf(request) === 'none') return { result: 'bad_request', status: 406 } as const
  return undefined
}

const codingOf = (request: IncomingMessage) => codingFor(headerOf(request, 'accept-encoding'))

function mayAsk(deps: AuctionDeps, request: IncomingMessage, seat: SeatConfig): boolean {
  const { requireKey, allowFrom } = seat
  if (allowFrom.length > 0 && !allowFrom.includes(request.socket.remoteAddress ?? '')) return false
  // Exchanges are servers. Only web pages in a browser send these headers, and pages may not ask for bids.
  if (headerOf(request, 'origin') !== undefined || headerOf(request, 'sec-fetch-site') !== undefined)
    return false
  return !requireKey || callerAt(deps, request, seat) !== undefined
}

/**
 * Returns the caller of the request's API key; undefined without a key that may bid at the seat. A key with a budget of
 * its own may not bid: only campaigns pay for what an auction buys, so the key's budget would not bound it.
 */
function callerAt(
  { authorize }: AuctionDeps,
  request: IncomingMessage,
  { org }: SeatConfig,
): Caller | undefined {
  try {
    const caller = authorize(request, 'bid')
    if (caller.payingKey !== undefined) return undefined
    return caller.boundTo === undefined || org === undefined || caller.boundTo === org ? caller : undefined
  } catch {
    return undefined
  }
}

/** Writes at most one log line a minute per seat about how many requests were shed and why. */
function noteShed({ agent, bidder }: AuctionDeps, { seat, shedNews }: SeatDesk, lagMs: number): void {
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

/** Largest body, in bytes, that is searched for `test` while requests are shed. */
const MAX_SHED_BODY_BYTES = 16_384

/**
 * Answers 204 before the whole body is read. A small body without content coding may ask for the reason and is answered
 * with it.
 */
function answerShed(deps: AuctionDeps, { desk: { seat }, request, response }: Asked): void {
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
    else sendText(response, request, 200, text)
  })
}

function explainShed(
  deps: AuctionDeps,
  seat: SeatConfig,
  request: IncomingMessage,
  body: Buffer,
): string | undefined {
  const bidRequest = parse(deps, body)
  if (isRefusal(bidRequest)) return undefined
  const { decide } = deps.bidder
  const options = { version: versionOf(request), explain: mayExplain(deps, seat, request, bidRequest) }
  return writeAnswer(decide, seat, bidRequest, shed(decide, bidRequest), options)
}

/** Reads the body up to the limit and answers it. */
function receive(deps: AuctionDeps, asked: Asked): void {
  const { desk, request, response } = asked
  desk.open += 1
  request.once('close', () => {
    desk.open -= 1
  })
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    else if (!response.writableEnded) reply(deps, asked, undefined)
  })
  request.on('end', () => {
    if (response.writableEnded) return
    const [first] = chunks
    const body = first && chunks.length === 1 ? first : Buffer.concat(chunks)
    if (isZipped(request, body)) {
      unzip(body, { maxOutputLength: MAX_BODY_BYTES }).then(
        (unpacked) => reply(deps, asked, unpacked),
        () => reply(deps, asked, undefined),
      )
    } else reply(deps, asked, body)
  })
}

/**
 * Whether a body must be unzipped. Prebid compresses without a `Content-Encoding` header, because a browser would then
 * send a preflight request; no JSON begins with these two bytes.
 */
const isZipped = (request: IncomingMessage, body: Buffer): boolean =>
  (body[0] === 0x1f && body[1] === 0x8b) || bodyCodingOf(headerOf(request, 'content-encoding')) === 'gzip'

/** Bodies above this many bytes are parsed in slices. Bodies of honest exchanges have a few thousand bytes. */
const LONG_BODY_BYTES = 64 * 1024

/** Answers a request by its body; undefined for a body that could not be read. */
function reply(deps: AuctionDeps, asked: Asked, body: Buffer | undefined): void {
  if (body === undefined) judge(deps, asked, () => NO_JSON)
  else if (body.length <= LONG_BODY_BYTES) judge(deps, asked, () => parse(deps, body))
  else {
    parseLongJson(textOf(body)).then(
      (json) => judge(deps, asked, () => readBidRequest(json, deps.bidder.isUserPrivate)),
      (error) => judge(deps, asked, () => unreadable(error)),
    )
  }
}

/** Decides one request. An error in here costs this request its bid and no other. */
function judge(deps: AuctionDeps, asked: Asked, read: () => OpenRtbRequest | RequestRefusal): void {
  try {
    const bidRequest = read()
    if (isRefusal(bidRequest)) {
      asked.desk.count('bad_request')
      refuseBody(asked.response, asked.request, bidRequest)
      timed(deps, asked, 'bad_request')
    } else {
      deps.bidder.shedLimit.learnTmax(bidRequest.tmaxMs)
      auction(deps, asked, bidRequest)
    }
  } catch (error) {
    fail(deps, asked, error)
  }
}

function fail(deps: AuctionDeps, asked: Asked, error: unknown): void {
  const { desk, request, response } = asked
  deps.agent.log.error({ err: error, seat: desk.seat.id }, 'auction failed')
  desk.count('failed')
  if (!response.headersSent) empty(response, 204, request)
  timed(deps, asked, 'failed')
}

/** Longest wait of a request for the budget store, in milliseconds, also where the request has no `tmax`. */
const STORE_WAIT_MS = 100

/** Decides at once. If money has to be fetched from the store first, decides once more, within the request's time. */
function auction(deps: AuctionDeps, asked: Asked, bidRequest: OpenRtbRequest): void {
  const { seat } = asked.desk
  const { clock, auctionBudget, networkMarginMs } = deps.bidder.decide
  const decision = decide(deps.bidder.decide, seat, bidRequest)
  const drawn = auctionBudget.takeShortage()
  if (!drawn) {
    answer(deps, asked, bidRequest, decision)
    return
  }
  abandon(deps.bidder.decide, decision)
  let isWaiting = true
  const decideAgain = (): void => {
    if (!isWaiting) return
    isWaiting = false
    cancel()
    try {
      const again = decide(deps.bidder.decide, seat, bidRequest)
      auctionBudget.takeShortage()
      answer(deps, asked, bidRequest, again)
    } catch (error) {
      fail(deps, asked, error)
    }
  }
  const leftMs = (bidRequest.tmaxMs ?? Number.POSITIVE_INFINITY) - networkMarginMs
  const cancel = clock.after(Math.min(STORE_WAIT_MS, Math.max(0, leftMs)), decideAgain)
  drawn.then(decideAgain)
}

const NO_JSON: RequestRefusal = { refused: 'body' }

/** Why a body could not be parsed. If a member is repeated, another reader of it might see another floor or consent. */
function unreadable(error: unknown): RequestRefusal {
  if (error instanceof DuplicateMember)
    return { refused: 'body', because: `duplicate member "${nameShown(error.member)}"` }
  return error instanceof TooManyNames ? { refused: 'body', because: error.message } : NO_JSON
}

function parse({ bidder }: AuctionDeps, body: Buffer): OpenRtbRequest | RequestRefusal {
  let json: unknown
  try {
    json = parseUnambiguous(textOf(body))
  } catch (error) {
    return unreadable(error)
  }
  return readBidRequest(json, bidder.isUserPrivate)
}

function answer(
  deps: AuctionDeps,
  asked: Asked,
  bidRequest: OpenRtbRequest,
  decision: AuctionDecision,
): void {
  const { bidder, agent } = deps
  const { desk, request, response } = asked
  const { seat, stats, told } = desk
  for (const { reason, field } of decision.noBids) {
    if (field !== undefined) tellOfBadField(deps, told, seat.id, reason, field)
    agent.metrics.noBids.add({ seat: seat.id, reason })
    if (reason === 'too_late') stats.tooLate += 1
  }
  for (const { bids } of decision.groups) {
    stats.bids += bids.length
    for (const { shade } of bids) if (shade) agent.metrics.shadedBids.add({ seat: seat.id, why: shade.why })
  }
  if (decision.groups.length > 0) stats.answered += 1
  const result = decision.groups.length > 0 ? 'bid' : 'no_bid'
  desk.count(result)

  const version = versionOf(request)
  const explain = mayExplain(deps, seat, request, bidRequest)
  const text = writeAnswer(bidder.decide, seat, bidRequest, decision, { version, explain })
  if (text === undefined) empty(response, 204, request)
  const sent = text === undefined ? undefined : sendText(response, request, 200, text)
  if (sent) sent.then(() => timed(deps, asked, result))
  else timed(deps, asked, result)
}

/**
 * Whether the caller may ask for the reasons of missing bids. Debugging needs a key that may bid. A test costs nothing,
 * so anybody may ask in a test. Campaigns are named only to a caller with a key, and only those it may see.
 */
function mayExplain(
  deps: AuctionDeps,
  seat: SeatConfig,
  request: IncomingMessage,
  { test, debug }: OpenRtbRequest,
): AnswerOptions['explain'] {
  if (!test && !debug) return undefined
  const caller = callerAt(deps, request, seat)
  if (caller) return (campaign) => maySee(campaign, caller.boundTo)
  return test ? () => false : undefined
}

/** How often a seat's warning may be logged, in milliseconds. */
const TOLD_EVERY_MS = 60_000

/**
 * Writes at most one log line a minute per seat, with the latest unreadable field; the counter by reason counts all of
 * them.
 */
function tellOfBadField(
  { agent, bidder }: AuctionDeps,
  told: NextWarning,
  seat: string,
  reason: string,
  field: string,
) {
  const nowMs = bidder.decide.clock.elapsedMs()
  if (nowMs < told.nextMs) return
  told.nextMs = nowMs + TOLD_EVERY_MS
  agent.log.warn({ seat, reason, field }, 'bid request with a field that cannot be read')
}

/**
 * Sends a JSON body in the coding that the request accepts.
 * @returns undefined where the body was written at once
 */
function sendText(
  response: ServerResponse,
  request: IncomingMessage,
  status: 200 | 400 | 415,
  text: string,
  more: readonly string[] = [],
): Promise<void> | undefined {
  const version = versionOf(request)
  if (codingOf(request) === 'gzip') {
    return zip(text).then((packed) => {
      response.writeHead(status, [
        ...jsonHeaders(version, packed.length),
        'content-encoding',
        'gzip',
        ...more,
      ])
      response.end(packed)
    })
  }
  // A text with as many bytes as characters is ASCII and can be written without encoding.
  const bytes = Buffer.byteLength(text)
  response.writeHead(status, [...jsonHeaders(version, bytes), ...more])
  response.end(text, bytes === text.length ? 'latin1' : 'utf8')
  return undefined
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

/** Answers 400 with the field that is missing or has the wrong type. */
function refuseBody(
  response: ServerResponse,
  request: IncomingMessage,
  { refused, because }: RequestRefusal,
): void {
  const wrong =
    refused === 'body' ? 'must be a JSON object within the limit of size' : 'is missing or of the wrong type'
  const detail = `${refused}: ${because ?? wrong}`
  const text = JSON.stringify({ status: 400, code: 'invalid_request', field: refused, detail })
  sendText(response, request, 400, text)
}

/** Answers 415 with the only coding of a body that is read (RFC 9110, 12.5.3). */
function refuseCoding(response: ServerResponse, request: IncomingMessage): void {
  const detail = 'content-encoding: must be gzip, or missing'
  const problem = { status: 415, code: 'unsupported_media_type', field: 'content-encoding', detail }
  sendText(response, request, 415, JSON.stringify(problem), ['accept-encoding', 'gzip'])
}

/** Answers without a body, as OpenRTB asks for in every answer that has no bid. */
function empty(response: ServerResponse, status: 204 | 403 | 406 | 429, request: IncomingMessage): void {
  const headers = ['x-openrtb-version', versionOf(request)]
  if (status !== 204) headers.push('content-length', '0')
  // The limit of requests per seat is per second.
  if (status === 429) headers.push('retry-after', '1')
  response.writeHead(status, headers)
  response.end()
}
