import type { HttpRequest } from '../../http/http.ts'
import { formatMoney, ZERO } from '../../money.ts'
import {
  accepted,
  type BidConnector,
  type Bids,
  type Connected,
  type Operation,
  refused,
  unavailable,
  unknown,
} from '../platform/bids.ts'
import { written } from '../platform/campaigns.ts'
import { textAt } from '../platform/json.ts'
import { ask, WRITES } from '../platform/steps.ts'
import type { TradeDeskAccount } from './account.ts'
import { tradeDesk } from './api.ts'
import { dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { bidResponse } from './openrtb-bid.ts'
import { partner as partnerOf } from './requests.ts'

/** Nothing has to be remembered between bids. An empty memo says that there was one. */
export type TradeDeskMemo = Readonly<Record<string, never>>

/**
 * Bids are OpenRTB 2.5 bid responses posted to the platform's bidder endpoint; budgets and status are changed by its
 * API. A posted bid cannot be read back, so one of unknown outcome stays spent.
 * @param currency ISO 4217 code of the advertiser
 */
export function createTradeDeskConnector(
  account: TradeDeskAccount,
  currency: string,
): BidConnector<TradeDeskMemo> {
  function* connect(): Operation<Connected> {
    const partner = yield* ask(partnerOf(account.url, account.partnerId), WRITES)
    if (textAt(partner, 'PartnerId') !== account.partnerId) return unexpectedRead
    return accepted({ account: textAt(partner, 'PartnerName') ?? account.partnerId })
  }

  return {
    connect,
    checkGrant: connect,

    *placeBid(intent) {
      // The platform gets a thousand times the bid, so only a bid of 0 is rounded to 0.
      if (intent.bid === ZERO) return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is nothing`)
      const request: HttpRequest = {
        method: 'POST',
        url: account.bidUrl,
        headers: { 'content-type': 'application/json', 'x-openrtb-version': '2.5' },
        body: JSON.stringify(bidResponse(account, intent)),
      }
      const answered = textAt(yield* written(request), 'id')
      if (answered !== undefined && answered !== intent.decisionId)
        return unknown('the answer to the bid is about another one')
      return accepted({ platformRef: intent.decisionId, memo: {} })
    },

    verifyBid: undefined,

    *readCampaignBudget(campaignId) {
      return accepted(yield* dailyBudget(account.url, { currency }, campaignId))
    },

    *updateCampaignBudget(campaignId, dailyBudgetMicros) {
      const change = { dailyBudgetMicros }
      const { id } = yield* updateCampaign(account.url, { currency }, campaignId, change)
      return accepted({ platformRef: id })
    },

    *setCampaignStatus(campaignId, status) {
      const { id } = yield* setCampaignStatus(account.url, campaignId, status)
      return accepted({ platformRef: id })
    },
  }
}

const unexpectedRead = unavailable('an unexpected answer to a read')

export const tradeDeskBids: Bids<TradeDeskAccount, TradeDeskMemo> = {
  protocol: tradeDesk,
  credentialsOf: ({ apiKey }) => ({ is: 'access_token', accessToken: apiKey }),
  create: createTradeDeskConnector,
}
