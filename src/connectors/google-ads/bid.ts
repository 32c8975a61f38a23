import type { z } from 'zod'
import { formatMoney } from '../../money.ts'
import type { Failure } from '../../outcome.ts'
import { toGoogleMicros } from '../google/money.ts'
import {
  accepted,
  type BidConnector,
  type Bids,
  type Connected,
  type Operation,
  refused,
  unavailable,
  unknown,
  type Verification,
} from '../platform/bids.ts'
import { written } from '../platform/campaigns.ts'
import { type AskTalk, ask, WRITES } from '../platform/steps.ts'
import type { GoogleAdsAccount } from './account.ts'
import { googleAds } from './api.ts'
import { bidOperations, decisionIdIn, hasRoomBeside, othersIn, strategyName } from './bid-operations.ts'
import {
  CampaignRow,
  CUSTOMER_QUERY,
  CustomerRow,
  type CustomParameter,
  campaignQuery,
  Mutated,
  Rows,
  StrategyRow,
  strategyQuery,
} from './bid-rows.ts'
import { dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { type CustomerDoor, mutate, search as searchOf } from './requests.ts'

/**
 * What is known about the bids of a campaign: left by an earlier bid, so that the next one needs no look-up, or read from
 * the platform.
 */
export interface GoogleAdsMemo {
  /** Resource name of the portfolio strategy that only this campaign uses; undefined before our first bid. */
  readonly strategy: string | undefined
  /** Ceiling of the strategy, in micros. */
  readonly ceiling: string | undefined
  /** Decision id in the campaign's parameters; empty before our first bid. */
  readonly decisionId: string
  /** Custom parameters of others, which have to stay. */
  readonly others: readonly CustomParameter[]
}

/**
 * Bids by target ROAS with a ceiling on the cost per click. Google refuses a ceiling on a standard strategy, so each
 * campaign gets a portfolio strategy of its own. Strategy, campaign and parameters change in one atomic request.
 * @param currency ISO 4217 code of the account
 */
export function createGoogleAdsConnector(
  account: GoogleAdsAccount,
  currency: string,
): BidConnector<GoogleAdsMemo> {
  const customer = `customers/${account.customerId}`
  const door: CustomerDoor = {
    host: account.url,
    version: account.version,
    customerId: account.customerId,
    manager: account.loginCustomerId?.replaceAll(/\D/g, ''),
    developerToken: account.developerToken,
  }

  function* connect(): Operation<Connected> {
    const found = yield* search(door, CustomerRow, CUSTOMER_QUERY)
    const first = found?.[0]?.customer
    if (!first) return unexpectedRead
    const { id, descriptiveName, currencyCode = currency, status = 'ENABLED', timeZone } = first
    if (currencyCode !== currency)
      return refused(`the account is kept in ${currencyCode}, but ${currency} is configured`)
    if (status !== 'ENABLED') return { is: 'auth_lost', detail: `the account is ${status}` }
    return accepted({ account: descriptiveName ?? id, timezone: timeZone })
  }

  return {
    connect,
    // The grant is used for this one customer only, so `connect` tests it.
    checkGrant: connect,

    *placeBid(intent, memo, onFound) {
      const ceiling = toGoogleMicros(intent.bid, currency)
      if (ceiling === '0')
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const standing = memo ?? (yield* lookUp(door, intent.campaignId))
      if ('is' in standing) return standing
      if (!memo) onFound?.(standing)
      const { others } = standing
      if (!hasRoomBeside(others)) return refused('the campaign has too many custom parameters of its own')

      const campaign = campaignOf(door, intent.campaignId)
      const target = { customer, campaign, strategy: standing.strategy, others }
      const results = resultsOf(yield* written(mutate(door, bidOperations(target, intent, ceiling))))
      const strategy = results[0]?.biddingStrategyResult?.resourceName
      const isOurs = strategy !== undefined && (standing.strategy ?? strategy) === strategy
      if (!isOurs || results[1]?.campaignResult?.resourceName !== campaign) return unexpectedWrite
      const next = { strategy, ceiling, decisionId: intent.decisionId, others }
      return accepted({ platformRef: strategy, memo: next })
    },

    *verifyBid({ campaignId, decisionId }, memo): Operation<Verification> {
      const standing = yield* lookUp(door, campaignId)
      if ('is' in standing) return standing
      if (standing.decisionId === decisionId) return accepted('applied')
      return accepted(isUntouched(standing, memo) ? 'not_applied' : 'unclear')
    },

    lastBidOf: ({ decisionId }) => decisionId,

    *readCampaignBudget(campaignId) {
      return accepted(yield* dailyBudget(door, campaignId))
    },

    *updateCampaignBudget(campaignId, dailyBudgetMicros) {
      const { resourceName } = yield* updateCampaign(door, { currency }, campaignId, { dailyBudgetMicros })
      return accepted({ platformRef: resourceName })
    },

    *setCampaignStatus(campaignId, status) {
      const { resourceName } = yield* setCampaignStatus(door, campaignId, status)
      return accepted({ platformRef: resourceName })
    },
  }
}

const campaignOf = ({ customerId }: CustomerDoor, campaignId: string) =>
  `customers/${customerId}/campaigns/${campaignId}`

/** Rows of a query; undefined when the answer does not have the documented shape. */
function* search<T extends z.ZodType>(
  door: CustomerDoor,
  row: T,
  query: string,
): AskTalk<z.output<T>[] | undefined> {
  return Rows(row).safeParse(yield* ask(searchOf(door, query), WRITES)).data?.results
}

/** What the campaign has now: its strategy, and which bid was the last. */
function* lookUp(door: CustomerDoor, campaignId: string): AskTalk<GoogleAdsMemo | Failure> {
  const campaigns = yield* search(door, CampaignRow, campaignQuery(campaignOf(door, campaignId)))
  if (!campaigns) return unexpectedRead
  const campaign = campaigns[0]?.campaign
  if (!campaign) return refused(`there is no campaign ${campaignId}`)

  const strategies = yield* search(door, StrategyRow, strategyQuery(strategyName(campaignId)))
  if (!strategies) return unexpectedRead
  const strategy = strategies[0]?.biddingStrategy
  if (strategy?.type !== undefined && strategy.type !== 'TARGET_ROAS')
    return refused(`the strategy "${strategyName(campaignId)}" is no longer a target ROAS strategy`)
  return {
    strategy: strategy?.resourceName,
    ceiling: strategy?.targetRoas?.cpcBidCeilingMicros,
    decisionId: decisionIdIn(campaign.urlCustomParameters),
    others: othersIn(campaign.urlCustomParameters),
  }
}

const unexpectedRead = unavailable('an unexpected answer to a search')
const unexpectedWrite = unknown('an unexpected answer to a mutate')

const resultsOf = (body: unknown) => Mutated.safeParse(body).data?.mutateOperationResponses ?? []

/**
 * Whether a bid without an answer changed nothing. Its write is atomic: it would have replaced the decision id, and the
 * first one on a campaign would have created the strategy. It stays unclear where somebody else has set a ceiling, or a
 * later bid has replaced the id.
 */
function isUntouched(standing: GoogleAdsMemo, before: GoogleAdsMemo | undefined): boolean {
  if (!before) return standing.strategy === undefined
  const { strategy, decisionId, ceiling } = before
  return standing.strategy === strategy && standing.decisionId === decisionId && standing.ceiling === ceiling
}

export const googleAdsBids: Bids<GoogleAdsAccount, GoogleAdsMemo> = {
  protocol: googleAds,
  credentialsOf: ({ auth, oauthUrl }) =>
    auth.is === 'access_token' ? auth : { ...auth, tokenUrl: oauthUrl },
  create: createGoogleAdsConnector,
}
