import { z } from 'zod'
import type { HttpRequest } from '../../http.ts'
import { formatMoney, MAX_UNITS, microsFloor, ZERO } from '../../money.ts'
import type { Outcome } from '../../outcome.ts'
import { at, PLATFORM_DEFAULTS, textAt, toTradeDeskMoney } from '../../platforms/index.ts'
import type { TradeDeskAccount } from '../accounts.ts'
import type { Connector, Step, Talk } from '../connector.ts'
import { bodyOf, refused, unavailable, unknown } from '../replies.ts'
import { bidResponse } from './bid-response.ts'

/** Nothing is worth remembering between bids here; an empty memo says that there was one. */
export type TradeDeskMemo = Readonly<Record<string, never>>

const AVAILABILITY = { active: 'Available', paused: 'Paused' } as const
/** A campaign is in one of these, so one that is not in the state asked for did not change. */
const STATES = ['Available', 'Paused', 'Archived']

const Campaign = z.object({
  CampaignId: z.string(),
  DailyBudget: z.object({ Amount: z.number().min(0).max(MAX_UNITS), CurrencyCode: z.string() }).nullish(),
})

/**
 * Bids are OpenRTB 2.5 bid responses posted to our bidder endpoint; the platform's API changes budgets and status.
 * What was posted cannot be read back, so a bid whose answer is lost stays spent.
 * @param currency ISO 4217, of the advertiser
 */
export function createTradeDeskConnector(
  account: TradeDeskAccount,
  currency: string,
): Connector<TradeDeskMemo> {
  const api = (method: 'GET' | 'PUT', path: string, body?: object): HttpRequest => ({
    method,
    url: `${account.url}/${PLATFORM_DEFAULTS.tradedesk.version}/${path}`,
    // Without strict mode a mistyped property is answered with 200 and changes nothing.
    headers: { 'content-type': 'application/json', 'TTD-Strict-Mode': 'true' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const campaignStep = (campaignId: string): Step => ({
    request: api('GET', `campaign/${encodeURIComponent(campaignId)}`),
    writes: false,
  })

  /**
   * Changes one property of a campaign and makes sure that it did change: the echo of the write shows it, or else a
   * second look does.
   * @param isOld whether a shown value proves that nothing was changed; any other one leaves the outcome unknown
   */
  function* change(
    campaignId: string,
    property: string,
    value: unknown,
    isOld: (shown: unknown) => boolean,
  ): Talk<Outcome<{ readonly platformRef: string }>> {
    const shown = (body: unknown) =>
      textAt(body, 'CampaignId') === campaignId ? at(body, property) : undefined
    const accepted = { is: 'accepted', value: { platformRef: campaignId } } as const

    const request = api('PUT', 'campaign', { CampaignId: campaignId, [property]: value })
    const echo = bodyOf(yield { request, writes: true })
    if (covers(shown(echo), value)) return accepted
    const now = shown(bodyOf(yield campaignStep(campaignId)))
    if (covers(now, value)) return accepted
    const text = JSON.stringify(now) ?? 'not shown'
    return isOld(now)
      ? refused(`${property} did not change: it is ${text}`)
      : unknown(`${property} is ${text} after a change of it`)
  }

  return {
    *connect() {
      const request = api('GET', `partner/${encodeURIComponent(account.partnerId)}`)
      const partner = bodyOf(yield { request, writes: false })
      if (textAt(partner, 'PartnerId') !== account.partnerId) return unexpectedRead
      return { is: 'accepted', value: { account: textAt(partner, 'PartnerName') ?? account.partnerId } }
    },

    *placeBid(intent) {
      // A thousand times the bid is sent, so only nothing rounds down to nothing.
      if (intent.bid === ZERO) return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is nothing`)
      const request: HttpRequest = {
        method: 'POST',
        url: account.bidUrl,
        headers: { 'content-type': 'application/json', 'x-openrtb-version': '2.5' },
        body: JSON.stringify(bidResponse(account, intent)),
      }
      const answered = textAt(bodyOf(yield { request, writes: true }), 'id')
      if (answered !== undefined && answered !== intent.decisionId)
        return unknown('the answer to the bid is about another one')
      return { is: 'accepted', value: { platformRef: intent.decisionId, memo: {} } }
    },

    verifyBid: undefined,

    *readCampaignBudget(campaignId) {
      const campaign = Campaign.safeParse(bodyOf(yield campaignStep(campaignId))).data
      if (campaign?.CampaignId !== campaignId) return unexpectedRead
      const { DailyBudget: budget } = campaign
      if (!budget) return { is: 'accepted', value: undefined }
      if (budget.CurrencyCode !== currency)
        return refused(`the budget is in ${budget.CurrencyCode}, but ${currency} is configured`)
      return { is: 'accepted', value: microsFloor(budget.Amount) }
    },

    *updateCampaignBudget(campaignId, dailyBudget) {
      const money = toTradeDeskMoney(dailyBudget, currency)
      if (money.Amount === 0)
        return refused(`a budget of ${formatMoney(dailyBudget)} ${currency} is below the smallest unit`)
      // Only who knows the old budget can tell it from one that the platform made of ours.
      const campaign = Campaign.safeParse(bodyOf(yield campaignStep(campaignId))).data
      if (campaign?.CampaignId !== campaignId) return unexpectedRead
      const before = campaign.DailyBudget
      return yield* change(
        campaignId,
        'DailyBudget',
        money,
        (shown) => before != null && covers(shown, before),
      )
    },

    setCampaignStatus: (campaignId, status) =>
      change(campaignId, 'Availability', AVAILABILITY[status], (shown) => STATES.includes(String(shown))),
  }
}

const unexpectedRead = unavailable('an unexpected answer to a read')

/** Whether `shown` has everything that was asked for; it may have more. */
function covers(shown: unknown, asked: unknown): boolean {
  if (asked === null || typeof asked !== 'object') return shown === asked
  return Object.entries(asked).every(([key, value]) => covers(at(shown, key), value))
}
