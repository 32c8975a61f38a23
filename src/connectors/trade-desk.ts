import type { HttpRequest } from '../http.ts'
import { formatMoney, type Micros, parseMoney, toUnits } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import { at, numberAt, textAt, toCpm, toTradeDeskMoney } from '../platforms/index.ts'
import type { TradeDeskAccount } from './accounts.ts'
import type { BidIntent, Connector, Talk } from './connector.ts'
import { bodyOf, refused, unavailable, unknown } from './replies.ts'

/** Nothing is worth remembering between bids here; an empty memo says that there was one. */
export type TradeDeskMemo = Readonly<Record<string, never>>

/**
 * Bids are OpenRTB 2.5 bid responses posted to our bidder endpoint; the platform's API changes budgets and status.
 * What was posted cannot be read back, so a bid whose answer is lost stays spent.
 */
export function createTradeDeskConnector(
  account: TradeDeskAccount,
  currency: string,
): Connector<TradeDeskMemo> {
  const api = (method: 'GET' | 'POST' | 'PUT', path: string, body?: object): HttpRequest => ({
    method,
    url: `${account.url}/v3/${path}`,
    // Without strict mode a mistyped property is answered with 200 and changes nothing.
    headers: { 'content-type': 'application/json', 'TTD-Strict-Mode': 'true' },
    ...(body && { body: JSON.stringify(body) }),
  })

  /** Changes one property of a campaign and makes sure that it did change. */
  function* change(
    campaignId: string,
    property: string,
    value: unknown,
  ): Talk<Outcome<{ readonly platformRef: string }>> {
    const request = api('PUT', 'campaign', { CampaignId: campaignId, [property]: value })
    const echoed = bodyOf(yield { request, writes: true })
    const entity = echoed ?? bodyOf(yield { request: api('GET', `campaign/${campaignId}`), writes: false })
    const now = at(entity, property)
    if (now === undefined) return unknown(`no ${property} in the answer to a change of it`)
    if (!covers(now, value)) return refused(`${property} did not change: it is ${JSON.stringify(now)}`)
    return { is: 'accepted', value: { platformRef: campaignId } }
  }

  return {
    *connect() {
      const reply = yield { request: api('GET', `partner/${account.partnerId}`), writes: false }
      const name = textAt(bodyOf(reply), 'PartnerName') ?? textAt(bodyOf(reply), 'PartnerId')
      if (name === undefined) return unavailable('an unexpected answer to a read')
      return { is: 'accepted', value: { account: name } }
    },

    *placeBid(intent) {
      if (toCpm(intent.bid) === 0)
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is nothing`)
      const request: HttpRequest = {
        method: 'POST',
        url: account.bidUrl,
        headers: { 'content-type': 'application/json', 'x-openrtb-version': '2.5' },
        body: JSON.stringify(bidResponse(account, intent)),
      }
      yield { request, writes: true }
      return { is: 'accepted', value: { platformRef: intent.decisionId, memo: {} } }
    },

    verifyBid: undefined,

    *readCampaignBudget(campaignId) {
      const entity = bodyOf(yield { request: api('GET', `campaign/${campaignId}`), writes: false })
      const amount = numberAt(entity, 'DailyBudget', 'Amount')
      if (textAt(entity, 'CampaignId') === undefined) return unavailable('an unexpected answer to a read')
      return { is: 'accepted', value: amount === undefined ? undefined : moneyOf(amount) }
    },

    updateCampaignBudget: (campaignId, dailyBudget) =>
      change(campaignId, 'DailyBudget', toTradeDeskMoney(dailyBudget, currency)),

    setCampaignStatus: (campaignId, status) =>
      change(campaignId, 'Availability', status === 'active' ? 'Available' : 'Paused'),
  }
}

const moneyOf = (amount: number): Micros => parseMoney(amount.toFixed(6))

/** Whether `now` has everything that was asked for; it may have more. */
function covers(now: unknown, asked: unknown): boolean {
  if (asked === null || typeof asked !== 'object') return now === asked
  return Object.entries(asked).every(([key, value]) => covers(at(now, key), value))
}

/** One bid on one impression: the price per thousand at which that impression costs what is held. */
function bidResponse(account: TradeDeskAccount, intent: BidIntent): object {
  const { decisionId, campaignId, bid, predictedLtv, confidence, source } = intent
  // The exchange replaces ${AUCTION_PRICE} and its like before it calls.
  const notice = (kind: string, macros: Record<string, string>) => {
    const query = Object.entries(macros).map(([name, macro]) => `${name}=\${AUCTION_${macro}}`)
    return `${account.noticeUrl}/${kind}/${decisionId}?${query.join('&')}`
  }
  return {
    id: decisionId,
    bidid: decisionId,
    cur: intent.currency,
    seatbid: [
      {
        seat: account.partnerId,
        bid: [
          {
            id: decisionId,
            impid: '1',
            price: toCpm(bid),
            adid: campaignId,
            cid: campaignId,
            crid: campaignId,
            adomain: [account.advertiserDomain],
            nurl: notice('win', { price: 'PRICE', cur: 'CURRENCY' }),
            burl: notice('billing', { price: 'PRICE', cur: 'CURRENCY' }),
            lurl: notice('loss', { reason: 'LOSS', price: 'PRICE' }),
            ext: { bidwarden: { decisionId, source, predictedLtv: toUnits(predictedLtv), confidence } },
          },
        ],
      },
    ],
  }
}
