import type { z } from 'zod'
import type { HttpRequest } from '../../http.ts'
import { formatMoney, type Micros } from '../../money.ts'
import type { Failure } from '../../outcome.ts'
import { toGoogleMicros } from '../../platforms/index.ts'
import type { GoogleAdsAccount } from '../accounts.ts'
import type { Connector, Conversation, Reply, Step, Talk, Verification } from '../connector.ts'
import { bodyOf, refused, unavailable, unknown } from '../replies.ts'
import { bidOperations, decisionIdIn, hasRoomBeside, othersIn, strategyName } from './bid.ts'
import {
  BudgetRow,
  budgetQuery,
  CampaignRow,
  CUSTOMER_QUERY,
  CustomerRow,
  type CustomParameter,
  campaignQuery,
  Mutated,
  Rows,
  StrategyRow,
  strategyQuery,
} from './rows.ts'

/** What an earlier bid on a campaign left: enough to bid again without looking anything up. */
export interface GoogleAdsMemo {
  /** Resource name of the campaign's own portfolio strategy. */
  readonly strategy: string
  /** Micros; stands on the strategy. */
  readonly ceiling: string
  /** Stands in the campaign's parameters. */
  readonly decisionId: string
  /** Custom parameters that are not ours and must stay. */
  readonly others: readonly CustomParameter[]
}

/** The same as read from the platform, where our first bid may still be to come. */
interface Standing {
  readonly is: 'standing'
  readonly strategy: string | undefined
  readonly ceiling: string | undefined
  /** Empty before our first bid. */
  readonly decisionId: string
  readonly others: readonly CustomParameter[]
}

interface OwnBudget {
  readonly is: 'own'
  readonly resourceName: string
  /** Undefined when the budget is for a whole period instead of a day. */
  readonly amount: Micros | undefined
}

/**
 * Bids by target ROAS with a ceiling on the cost per click. The ceiling stands on a portfolio strategy of the campaign's
 * own, since Google refuses one on a campaign's standard strategy; strategy, campaign and parameters change in one
 * atomic request.
 * @param currency ISO 4217, of the account
 */
export function createGoogleAdsConnector(
  account: GoogleAdsAccount,
  currency: string,
): Connector<GoogleAdsMemo> {
  const customer = `customers/${account.customerId}`
  const campaignOf = (campaignId: string) => `${customer}/campaigns/${campaignId}`

  const call = (method: string, body: object): HttpRequest => ({
    method: 'POST',
    url: `${account.url}/${account.version}/${customer}/googleAds:${method}`,
    headers: {
      'content-type': 'application/json',
      ...(account.loginCustomerId !== undefined && {
        'login-customer-id': account.loginCustomerId.replaceAll(/\D/g, ''),
      }),
      ...(account.developerToken !== undefined && { 'developer-token': account.developerToken }),
    },
    body: JSON.stringify(body),
  })
  const mutate = (mutateOperations: object[]): Step => ({
    request: call('mutate', { mutateOperations }),
    writes: true,
  })

  /** Rows of a query; undefined when the answer has another shape than documented. */
  function* search<T extends z.ZodType>(row: T, query: string): Talk<z.output<T>[] | undefined> {
    const reply = yield { request: call('search', { query }), writes: false }
    return Rows(row).safeParse(bodyOf(reply)).data?.results
  }

  function* lookUp(campaignId: string): Talk<Standing | Failure> {
    const campaigns = yield* search(CampaignRow, campaignQuery(campaignOf(campaignId)))
    if (!campaigns) return unexpectedRead
    const campaign = campaigns[0]?.campaign
    if (!campaign) return refused(`there is no campaign ${campaignId}`)

    const strategies = yield* search(StrategyRow, strategyQuery(strategyName(campaignId)))
    if (!strategies) return unexpectedRead
    const strategy = strategies[0]?.biddingStrategy
    if (strategy?.type !== undefined && strategy.type !== 'TARGET_ROAS')
      return refused(`the strategy "${strategyName(campaignId)}" is no longer a target ROAS strategy`)
    return {
      is: 'standing',
      strategy: strategy?.resourceName,
      ceiling: strategy?.targetRoas?.cpcBidCeilingMicros,
      decisionId: decisionIdIn(campaign.urlCustomParameters),
      others: othersIn(campaign.urlCustomParameters),
    }
  }

  /** The campaign's budget, unless other campaigns live on it or may: changing it would change theirs. */
  function* lookUpBudget(campaignId: string): Talk<OwnBudget | Failure> {
    const found = yield* search(BudgetRow, budgetQuery(campaignOf(campaignId)))
    if (!found) return unexpectedRead
    const budget = found[0]?.campaignBudget
    if (!budget) return refused(`there is no campaign ${campaignId}`)
    if (budget.explicitlyShared || Number(budget.referenceCount) > 1)
      return refused(
        `the budget of campaign ${campaignId} is a shared one, which other campaigns may live on`,
      )
    return { is: 'own', resourceName: budget.resourceName, amount: budget.amountMicros }
  }

  return {
    *connect() {
      const found = yield* search(CustomerRow, CUSTOMER_QUERY)
      const first = found?.[0]?.customer
      if (!first) return unexpectedRead
      const { id, descriptiveName, currencyCode = currency, status = 'ENABLED' } = first
      if (currencyCode !== currency)
        return refused(`the account is kept in ${currencyCode}, but ${currency} is configured`)
      if (status !== 'ENABLED') return { is: 'auth_lost', detail: `the account is ${status}` }
      return { is: 'accepted', value: { account: descriptiveName ?? id } }
    },

    *placeBid(intent, memo) {
      const ceiling = toGoogleMicros(intent.bid, currency)
      if (ceiling === '0')
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const standing = memo ? { is: 'standing' as const, ...memo } : yield* lookUp(intent.campaignId)
      if (standing.is !== 'standing') return standing
      const { others } = standing
      if (!hasRoomBeside(others)) return refused('the campaign has too many custom parameters of its own')

      const campaign = campaignOf(intent.campaignId)
      const target = { customer, campaign, strategy: standing.strategy, others }
      const results = resultsOf(yield mutate(bidOperations(target, intent, ceiling)))
      const strategy = results[0]?.biddingStrategyResult?.resourceName
      if (strategy === undefined || results[1]?.campaignResult === undefined) return unexpectedWrite
      const next = { strategy, ceiling, decisionId: intent.decisionId, others }
      return { is: 'accepted', value: { platformRef: strategy, memo: next } }
    },

    *verifyBid({ campaignId, decisionId }, memo): Conversation<Verification> {
      const standing = yield* lookUp(campaignId)
      if (standing.is !== 'standing') return standing
      const verified = (value: Verification) => ({ is: 'accepted', value }) as const
      if (standing.decisionId === decisionId) return verified('applied')
      return verified(isUntouched(standing, memo) ? 'not_applied' : 'unclear')
    },

    *readCampaignBudget(campaignId) {
      const budget = yield* lookUpBudget(campaignId)
      return budget.is === 'own' ? { is: 'accepted', value: budget.amount } : budget
    },

    *updateCampaignBudget(campaignId, dailyBudget) {
      const amountMicros = toGoogleMicros(dailyBudget, currency)
      if (amountMicros === '0')
        return refused(`a budget of ${formatMoney(dailyBudget)} ${currency} is below the smallest unit`)
      const budget = yield* lookUpBudget(campaignId)
      if (budget.is !== 'own') return budget
      const { resourceName } = budget
      if (budget.amount === undefined) return refused(`campaign ${campaignId} has no daily budget`)

      const update = { resourceName, amountMicros }
      const reply = yield mutate([{ campaignBudgetOperation: { updateMask: 'amountMicros', update } }])
      if (resultsOf(reply)[0]?.campaignBudgetResult?.resourceName !== resourceName) return unexpectedWrite
      return { is: 'accepted', value: { platformRef: resourceName } }
    },

    *setCampaignStatus(campaignId, status) {
      const resourceName = campaignOf(campaignId)
      const update = { resourceName, status: status === 'active' ? 'ENABLED' : 'PAUSED' }
      const reply = yield mutate([{ campaignOperation: { updateMask: 'status', update } }])
      if (resultsOf(reply)[0]?.campaignResult === undefined) return unexpectedWrite
      return { is: 'accepted', value: { platformRef: resourceName } }
    },
  }
}

const unexpectedRead = unavailable('an unexpected answer to a search')
const unexpectedWrite = unknown('an unexpected answer to a mutate')

const resultsOf = (reply: Reply) => Mutated.safeParse(bodyOf(reply)).data?.mutateOperationResponses ?? []

/**
 * Whether a bid whose answer was lost left no trace. Its write is atomic: it would have replaced the decision id, and
 * the first one on a campaign would have made the strategy. With a foreign ceiling somebody has been there, and an
 * earlier process of ours may have bid where no memo remembers it: both stay in doubt.
 */
function isUntouched(standing: Standing, memo: GoogleAdsMemo | undefined): boolean {
  if (!memo) return standing.strategy === undefined
  return standing.decisionId === memo.decisionId && standing.ceiling === memo.ceiling
}
