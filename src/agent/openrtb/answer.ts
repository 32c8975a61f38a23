import type { DecideDeps, Seat, Value } from './auction.ts'
import { bidId } from './bid-ids.ts'
import { escaped, macro, type OpenRtbVersion } from './creative.ts'
import type { BidGroup, Decision, PlacedBid } from './decide.ts'
import { fitsDsa } from './match.ts'
import { renderNative } from './native.ts'
import { noBidReasonCode, seatNonBid } from './no-bid.ts'
import type { BidRequest } from './request.ts'

const MICROS_PER_UNIT = 1_000_000
const PAID = `?price=${macro('AUCTION_PRICE')}&cur=${macro('AUCTION_CURRENCY')}`
const LOST = `?loss=${macro('AUCTION_LOSS')}`

/** What the exchange said of itself and wants to know. */
export interface AnswerOptions {
  readonly version: OpenRtbVersion
  /** Tell the reason of every impression without a bid. */
  readonly explain: boolean
}

/**
 * The bid response as JSON text, joined from what was prepared with each campaign; undefined for no bid, which is
 * answered 204, unless there is something to explain.
 */
export function writeAnswer(
  deps: DecideDeps,
  seat: Seat,
  request: BidRequest,
  decision: Decision,
  options: AnswerOptions,
): string | undefined {
  const first = decision.groups[0]?.bids[0]
  const explained = options.explain && decision.noBids.length > 0
  if (!first && !explained) return undefined
  const decisionId = first ? bidId(deps.ids.owner, first.seq) : undefined
  const write = { deps, seat, request, decision, version: options.version, decisionId }
  let json = `{"id":${JSON.stringify(request.id)}`
  if (decisionId !== undefined) json += `,"bidid":"${decisionId}"`
  json += `,"cur":"${decision.currency.code}","seatbid":[`
  for (let i = 0; i < decision.groups.length; i++) {
    const group = decision.groups[i]
    if (group) json += (i === 0 ? '' : ',') + groupJson(write, group)
  }
  json += ']'
  if (!first) json += `,"nbr":${noBidReasonCode(decision.noBids)}`
  if (explained) json += `,"ext":${JSON.stringify({ seatnonbid: seatNonBid(seat.id, decision.noBids) })}`
  return `${json}}`
}

interface Write {
  readonly deps: DecideDeps
  readonly seat: Seat
  readonly request: BidRequest
  readonly decision: Decision
  readonly version: OpenRtbVersion
  readonly decisionId: string | undefined
}

function groupJson(write: Write, { group, bids }: BidGroup): string {
  let json = `{"seat":"${write.seat.id}"${group ? ',"group":1' : ''},"bid":[`
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i]
    if (bid) json += (i === 0 ? '' : ',') + bidJson(write, bid)
  }
  return `${json}]}`
}

function bidJson({ deps, seat, request, decision, version, decisionId }: Write, bid: PlacedBid): string {
  const { offer, deal, imp, price, seq } = bid
  const id = bidId(deps.ids.owner, seq)
  const notice = noticeUrls(deps, seat, decision, bid)
  return (
    `{"id":"${id}","impid":${JSON.stringify(imp.id)},"price":${price / MICROS_PER_UNIT},` +
    `${deal ? `"dealid":${JSON.stringify(deal.id)},` : ''}${offer.sizeJson}${offer.creative.json[version]},` +
    `"adm":"${markupOf(bid, notice.billing)}","exp":${Math.floor(seat.hold.ttlMs / 1000)},` +
    `"nurl":"${notice.win}","burl":"${notice.billing}","lurl":"${notice.loss}",` +
    `"ext":{"bidwarden":${extJson(decisionId, bid.value)}${dsaJson(request, bid)}}}`
  )
}

/** Sent where the exchange takes it and would not discard the bid for it. */
function dsaJson({ dsa }: BidRequest, { offer: { campaign } }: PlacedBid): string {
  if (campaign.dsaJson === undefined || dsa.required < 1 || !fitsDsa(dsa, campaign)) return ''
  return `,"dsa":${campaign.dsaJson}`
}

/** Addresses and tokens have no character that JSON would escape. */
function noticeUrls(
  deps: DecideDeps,
  seat: Seat,
  decision: Decision,
  { offer, price, cost, seq }: PlacedBid,
) {
  const token = deps.tokens.sign({
    owner: deps.ids.owner,
    seq,
    issuedMs: decision.atMs,
    seat: seat.id,
    campaign: offer.campaign.id,
    held: cost,
    price,
    currency: decision.currency.code,
    billOn: seat.billOn,
  })
  return {
    win: `${seat.noticeUrl}/win/${token.win}${PAID}`,
    billing: `${seat.noticeUrl}/billing/${token.billing}${PAID}`,
    loss: `${seat.noticeUrl}/loss/${token.loss}${LOST}`,
  }
}

/** The inside of the JSON string `adm`. */
function markupOf({ offer: { creative }, imp }: PlacedBid, billingUrl: string): string {
  if (creative.kind === 'native') {
    const ask = imp.native?.ask
    return escaped((ask && renderNative(ask, creative.assets)) ?? '')
  }
  const { markup, escapes } = creative
  if (!escapes.includes(true)) return markup.length === 1 ? (markup[0] ?? '') : markup.join(billingUrl)
  const inXml = billingUrl.replaceAll('&', '&amp;')
  return markup.reduce((json, part, i) => json + (escapes[i - 1] ? inXml : billingUrl) + part)
}

function extJson(decisionId: string | undefined, { source, ltv, confidence }: Value): string {
  let json = `{"decisionId":"${decisionId}","source":"${source}"`
  if (ltv !== undefined) json += `,"predictedLtv":${ltv}`
  if (confidence !== undefined) json += `,"confidence":${confidence}`
  return `${json}}`
}
