import { toUnits } from '../../money.ts'
import { toCpm } from '../../platforms/index.ts'
import type { TradeDeskAccount } from '../accounts.ts'
import type { BidIntent } from '../connector.ts'

/** The exchange puts its own words in place of these before it calls; OpenRTB 2.5 section 4.4. */
const MACROS = {
  win: { price: 'PRICE', cur: 'CURRENCY' },
  billing: { price: 'PRICE', cur: 'CURRENCY' },
  loss: { reason: 'LOSS', price: 'PRICE' },
} as const

/** An OpenRTB 2.5 bid on one impression: the price per thousand at which that impression costs what is held. */
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
