import type { DecideAuctionDeps, Seat, Value } from './auction.ts'
import { bidId } from './bid-ids.ts'
import { escaped, type OpenRtbVersion } from './creative.ts'
import type { AuctionDecision, BidGroup, PlacedBid } from './decide.ts'
import { NOTHING } from './fields.ts'
import { usedIn } from './frameworks.ts'
import { macro } from './macros.ts'
import { fitsDsa } from './match.ts'
import { renderNative } from './native.ts'
import { noBidReasonCode, seatNonBid } from './no-bid.ts'
import type { OpenRtbRequest } from './request.ts'

const MICROS_PER_UNIT = 1_000_000
/** The macro that an exchange replaces with a price in plain text. */
const PLAIN_PRICE = 'AUCTION_PRICE'
const LOST = `?loss=${macro('AUCTION_LOSS')}`
/** Asks for the lowest price that would have won, from which shading learns; only for bids that may be shaded. */
const LOWEST = `&min=${macro('AUCTION_MIN_TO_WIN')}`

/** Options from the request. */
export interface AnswerOptions {
  readonly version: OpenRtbVersion
  /** Whether a campaign may be named in the reasons for missing bids; undefined to give no reasons. */
  readonly explain: ((campaignId: string) => boolean) | undefined
}

/**
 * Writes the bid response as JSON text, joined from parts prepared with each campaign. Returns undefined for no bid
 * (answered 204), unless reasons were asked for.
 */
export function writeAnswer(
  deps: DecideAuctionDeps,
  seat: Seat,
  request: OpenRtbRequest,
  decision: AuctionDecision,
  options: AnswerOptions,
): string | undefined {
  const first = decision.groups[0]?.bids[0]
  const { explain } = options
  const explained = explain !== undefined && decision.noBids.length > 0
  if (!first && !explained) return undefined
  const decisionId = first ? bidId(deps.ids.owner, first.seq) : undefined
  const write = { deps, seat, request, decision, version: options.version, explain, decisionId }
  let json = `{"id":${JSON.stringify(request.id)}`
  if (decisionId !== undefined) json += `,"bidid":"${decisionId}"`
  json += `,"cur":"${decision.currency.code}","seatbid":[`
  for (let i = 0; i < decision.groups.length; i++) {
    const group = decision.groups[i]
    if (group) json += (i === 0 ? '' : ',') + groupJson(write, group)
  }
  json += ']'
  if (!first) json += `,"nbr":${noBidReasonCode(decision.noBids)}`
  if (explained)
    json += `,"ext":${JSON.stringify({ seatnonbid: seatNonBid(seat.id, decision.noBids, explain) })}`
  return `${json}}`
}

interface Write {
  readonly deps: DecideAuctionDeps
  readonly seat: Seat
  readonly request: OpenRtbRequest
  readonly decision: AuctionDecision
  readonly version: OpenRtbVersion
  readonly explain: AnswerOptions['explain']
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

function bidJson(write: Write, bid: PlacedBid): string {
  const { deps, seat, request, decision, version, decisionId } = write
  const { offer, deal, imp, price, seq } = bid
  const id = bidId(deps.ids.owner, seq)
  const notice = noticeUrls(deps, seat, decision, bid)
  return (
    `{"id":"${id}","impid":${JSON.stringify(imp.id)},"price":${price / MICROS_PER_UNIT},` +
    `${deal ? `"dealid":${JSON.stringify(deal.id)},` : ''}${offer.sizeJson}${offer.creative.json[version]},${apiJson(version, bid)}` +
    `"adm":"${markupOf(bid, notice.billing)}","exp":${Math.floor(seat.hold.ttlMs / 1000)},` +
    `"nurl":"${notice.win}","burl":"${notice.billing}","lurl":"${notice.loss}",` +
    `"ext":{"bidwarden":${extJson(decisionId, bid.value, paceOf(deps, bid), shadeJson(write, bid))}${dsaJson(request, bid)}}}`
  )
}

/** The API frameworks that the ad uses in its slot: 2.5 takes one, 2.6 all of them. */
function apiJson(version: OpenRtbVersion, { imp, offer: { creative } }: PlacedBid): string {
  if (creative.frameworks.length === 0) return ''
  const codes = usedIn(imp[creative.kind]?.apis ?? NOTHING, creative.frameworks)
  if (codes.length === 0) return ''
  return version === '2.6' ? `"apis":[${codes}],` : `"api":${codes[0]},`
}

/** `ext.dsa` of a bid; empty where the exchange does not take it, or would discard the bid because of it. */
function dsaJson({ dsa }: OpenRtbRequest, { offer: { campaign } }: PlacedBid): string {
  if (campaign.dsaJson === undefined || dsa.required < 1 || !fitsDsa(dsa, campaign)) return ''
  return `,"dsa":${campaign.dsaJson}`
}

/** The notice addresses of a bid. Addresses and tokens have no characters that JSON escapes. */
function noticeUrls(
  deps: DecideAuctionDeps,
  seat: Seat,
  decision: AuctionDecision,
  { offer, price, shade, cost, seq }: PlacedBid,
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
  const priced = `price=${macro(seat.encryptedPrices?.macro ?? PLAIN_PRICE)}&cur=${macro('AUCTION_CURRENCY')}`
  const paid = `?${priced}`
  return {
    win: `${seat.noticeUrl}/win/${token.win}${paid}${shade ? LOWEST : ''}`,
    billing: `${seat.noticeUrl}/billing/${token.billing}${paid}`,
    loss: `${seat.noticeUrl}/loss/${token.loss}${LOST}${shade ? `&${priced}${LOWEST}` : ''}`,
  }
}

/** Content of the JSON string `adm`. */
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

/** The share of its chances that a paced campaign takes, to four digits. */
const paceOf = ({ pacing }: DecideAuctionDeps, { offer: { campaign } }: PlacedBid): number | undefined =>
  campaign.isPaced ? Math.round(pacing.shareOf(campaign) * 10_000) / 10_000 : undefined

/** What the bid is worth and why it bids less, for a caller with a key: an exchange that knew it could ask for that price. */
function shadeJson({ request, explain }: Write, { offer, shade, fullPrice }: PlacedBid): string {
  if (!shade || !(request.test || request.debug) || !explain?.(offer.campaign.id)) return ''
  return `,"shade":{"by":${Math.round(shade.by * 10_000) / 10_000},"why":"${shade.why}","worth":${fullPrice / MICROS_PER_UNIT}}`
}

function extJson(
  decisionId: string | undefined,
  { source, ltv, confidence }: Value,
  pace: number | undefined,
  shade: string,
): string {
  let json = `{"decisionId":"${decisionId}","source":"${source}"`
  if (ltv !== undefined) json += `,"predictedLtv":${ltv}`
  if (confidence !== undefined) json += `,"confidence":${confidence}`
  if (pace !== undefined) json += `,"pace":${pace}`
  return `${json}${shade}}`
}
