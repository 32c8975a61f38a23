import { formatMoney } from '../../money.ts'
import type { Failure } from '../../outcome.ts'
import {
  accepted,
  type BidConnector,
  type BidIntent,
  type Bids,
  type Connected,
  type Operation,
  refused,
  unavailable,
  unknown,
  type Verification,
} from '../platform/bids.ts'
import { detailOf } from '../platform/detail.ts'
import { type AskTalk, bodyOf } from '../platform/steps.ts'
import type { MetaAccount } from './account.ts'
import { meta, toMetaUnits } from './api.ts'
import { bidWrites, compare, type MetaMemo, standingAfter, standingOf } from './bid-writes.ts'
import { dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { createGraph, type Graph, isSuccess } from './graph.ts'

/**
 * Bids by value optimisation with a bid cap, in Meta's minor units. A validation asks whether Meta accepts that pair;
 * where it does not, a minimum return on ad spend is used instead of the cap.
 * A bid may take several writes. If one is refused before any other was applied, the bid is refused. After that the
 * money is spent, so the bid is accepted with the ad sets that took it, `platformRef` names the refusals, and the next
 * bid looks everything up again.
 * @param currency ISO 4217 code of the ad account
 */
export function createMetaConnector(account: MetaAccount, currency: string): BidConnector<MetaMemo> {
  const graph = createGraph(account)
  const isAdAccount = account.businessId.startsWith('act_')

  function* connect(): Operation<Connected> {
    const fields = isAdAccount ? 'id,name,currency,timezone_name' : 'id,name'
    const found = yield* graph.node(account.businessId, fields)
    if (!found) return unexpectedRead
    if (found.currency !== undefined && found.currency !== currency)
      return refused(`the account is kept in ${found.currency}, but ${currency} is configured`)
    return accepted({ account: found.name ?? found.id, timezone: found.timezone_name })
  }

  return {
    connect,

    *checkGrant() {
      const reached = yield* graph.reachesAdAccounts()
      if (reached === undefined) return unexpectedRead
      return reached ? yield* connect() : { is: 'auth_lost', detail: 'the token reaches no ad account' }
    },

    *placeBid(intent, memo, onFound) {
      if (toMetaUnits(intent.bid, currency) === 0)
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const known = memo && !memo.isStale ? memo : yield* lookUp(graph, intent, currency)
      if ('is' in known) return known
      if (known !== memo) onFound?.(known)

      const after = standingAfter(intent, known.strategy, currency)
      const standing = { ...known.standing }
      const refusals: string[] = []
      let isApplied = false
      for (const { path, fields, adSets } of bidWrites(intent.campaignId, known, after)) {
        const reply = yield { ...graph.write(path, fields), mayRefuse: true }
        if (reply.is === 'refused' && !isApplied) return reply
        if (reply.is === 'refused') {
          refusals.push(`${path}: ${reply.detail}`)
          continue
        }
        if (!isSuccess(bodyOf(reply))) return unknown('an unexpected answer to a write')
        isApplied = true
        for (const id of adSets) standing[id] = after
      }
      const isStale = refusals.length > 0
      const next = { ...known, standing, isStrategySet: true, isStale }
      return accepted({ platformRef: refOf(intent, refusals), memo: next })
    },

    *verifyBid(intent, memo): Operation<Verification> {
      const adSets = yield* graph.adSets(intent.campaignId)
      if (!adSets) return unexpectedRead
      // A bid with a stale memo looked everything up again, so the earlier values are unknown.
      const before = memo && !memo.isStale ? memo : undefined
      const strategies = before ? [before.strategy] : (['bid_cap', 'min_roas'] as const)
      const ours = strategies.map((strategy) => standingAfter(intent, strategy, currency))
      return accepted(compare(adSets, ours, before?.standing))
    },

    *readCampaignBudget(campaignId) {
      return accepted(yield* dailyBudget(graph.door, { currency }, campaignId))
    },

    *updateCampaignBudget(campaignId, dailyBudgetMicros) {
      const { id } = yield* updateCampaign(graph.door, { currency }, campaignId, { dailyBudgetMicros })
      return accepted({ platformRef: id })
    },

    *setCampaignStatus(campaignId, status) {
      const { id } = yield* setCampaignStatus(graph.door, campaignId, status)
      return accepted({ platformRef: id })
    },
  }
}

/** The ad sets of the campaign as they bid now, and whether Meta takes a bid cap for them. */
function* lookUp(graph: Graph, intent: BidIntent, currency: string): AskTalk<MetaMemo | Failure> {
  const { campaignId } = intent
  const campaign = yield* graph.campaign(campaignId)
  const adSets = campaign && (yield* graph.adSets(campaignId))
  if (!adSets) return unexpectedRead
  const onCampaign = campaign.daily_budget !== undefined || campaign.lifetime_budget !== undefined
  const shape: MetaMemo = {
    budget: onCampaign ? 'campaign' : 'ad_sets',
    strategy: 'bid_cap',
    standing: Object.fromEntries(adSets.map((adSet) => [adSet.id, standingOf(adSet)])),
    isStrategySet: false,
    isStale: false,
  }
  const [first] = bidWrites(campaignId, shape, standingAfter(intent, 'bid_cap', currency))
  if (!first || adSets.length === 0) return refused(`campaign ${campaignId} has no ad sets to bid on`)
  const trial = yield graph.validate(first.path, first.fields)
  return { ...shape, strategy: trial?.is === 'ok' ? 'bid_cap' : 'min_roas' }
}

const unexpectedRead = unavailable('an unexpected answer to a read')

const refOf = ({ campaignId }: BidIntent, refusals: readonly string[]): string =>
  refusals.length === 0 ? campaignId : detailOf(`${campaignId} (refused in part: ${refusals.join('; ')})`)

export const metaBids: Bids<MetaAccount, MetaMemo> = {
  protocol: meta,
  credentialsOf: ({ accessToken }) => ({ is: 'access_token', accessToken }),
  create: createMetaConnector,
}
