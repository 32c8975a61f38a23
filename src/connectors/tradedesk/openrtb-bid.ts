import { toUnits } from '../../money.ts'
import type { BidIntent } from '../platform/bids.ts'
import type { TradeDeskAccount } from './account.ts'
import { toCpm } from './api.ts'

/** Macros that the exchange replaces before it calls (OpenRTB 2.5 section 4.4). */
const MACROS = {
  win: { price: 'PRICE', cur: 'CURRENCY' },
  billing: { price: 'PRICE', cur: 'CURRENCY' },
  loss: { reason: 'LOSS', price: 'PRICE' },
} as const

/** An OpenRTB 2.5 bid on one impression, at the price per thousand at which that impression costs the held amount. */
export function bidResponse(account: TradeDeskAccount, intent: BidIntent): object {
  const { decisionId, campaignId, bid, predictedLtv, confidence, source } = intent
  const notice = (kind: keyof typeof MACROS) => {
    const query = Object.entries(MACROS[kind]).map(([name, macro]) => `${name}=\${AUCTION_${macro}}`)
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
            nurl: notice('win'),
            burl: notice('billing'),
            lurl: notice('loss'),
            ext: { bidwarden: { predictedLtv: toUnits(predictedLtv), confidence, source } },
          },
        ],
      },
    ],
  }
}
