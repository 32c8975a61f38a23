import { formatMoney } from '../../money.ts'
import type { Failure } from '../../outcome.ts'
import { detailOf, fromMetaUnits, toMetaUnits } from '../../platforms/index.ts'
import type { MetaAccount } from '../accounts.ts'
import type { BidIntent, Connector, Conversation, Talk, Verification } from '../connector.ts'
import { bodyOf, refused, unavailable, unknown } from '../replies.ts'
import { bidWrites, compare, type MetaMemo, standingAfter, standingOf } from './bid.ts'
import { createGraph, isSuccess } from './graph.ts'

/**
 * Bids by value optimisation under a bid cap, in Meta's minor units. Whether Meta accepts that pair is asked with a
 * validation first; where it does not, a minimum return on ad spend takes the cap's place.
 *
 * A bid may take several writes. One that is refused before any other was applied means the bid is refused; after
 * that, the money is committed, so the bid is accepted with the ad sets that took it, the refusals are named in
 * `platformRef`, and the next bid looks everything up again.
 * @param currency ISO 4217, of the ad account
 */
export function createMetaConnector(account: MetaAccount, currency: string): Connector<MetaMemo> {
  const graph = createGraph(account)
  const isAdAccount = account.businessId.startsWith('act_')

  function* lookUp(intent: BidIntent): Talk<MetaMemo | Failure> {
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
    return { ...shape, strategy: trial.is === 'ok' ? 'bid_cap' : 'min_roas' }
  }

  return {
    *connect() {
      const fields = isAdAccount ? 'id,name,currency' : 'id,name'
      const found = yield* graph.node(account.businessId, fields)
      if (!found) return unexpectedRead
      if (found.currency !== undefined && found.currency !== currency)
        return refused(`the account is kept in ${found.currency}, but ${currency} is configured`)
      return { is: 'accepted', value: { account: found.name ?? found.id } }
    },

    *placeBid(intent, memo) {
      if (toMetaUnits(intent.bid, currency) === 0)
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const known = memo && !memo.isStale ? memo : yield* lookUp(intent)
      if ('is' in known) return known

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
      return { is: 'accepted', value: { platformRef: refOf(intent, refusals), memo: next } }
    },

    *verifyBid(intent, memo): Conversation<Verification> {
      const adSets = yield* graph.adSets(intent.campaignId)
      if (!adSets) return unexpectedRead
      // A stale memo is not what the lost bid went by: it looked up anew, so nothing is known of before.
      const before = memo && !memo.isStale ? memo : undefined
      const strategies = before ? [before.strategy] : (['bid_cap', 'min_roas'] as const)
      const ours = strategies.map((strategy) => standingAfter(intent, strategy, currency))
      return { is: 'accepted', value: compare(adSets, ours, before?.standing) }
    },

    *readCampaignBudget(campaignId) {
      const campaign = yield* graph.campaign(campaignId)
      if (!campaign) return unexpectedRead
      const { daily_budget: budget } = campaign
      return { is: 'accepted', value: budget === undefined ? undefined : fromMetaUnits(budget, currency) }
    },

    *updateCampaignBudget(campaignId, dailyBudget) {
      const units = toMetaUnits(dailyBudget, currency)
      if (units === 0)
        return refused(`a budget of ${formatMoney(dailyBudget)} ${currency} is below the smallest unit`)
      // A budget on a campaign whose ad sets have theirs would move all of them under it.
      const campaign = yield* graph.campaign(campaignId)
      if (!campaign) return unexpectedRead
      if (campaign.daily_budget === undefined)
        return refused(`campaign ${campaignId} has no daily budget of its own`)
      const reply = yield graph.write(campaignId, { daily_budget: String(units) })
      if (!isSuccess(bodyOf(reply))) return unknown('an unexpected answer to a write')
      return { is: 'accepted', value: { platformRef: campaignId } }
    },

    *setCampaignStatus(campaignId, status) {
      const reply = yield graph.write(campaignId, { status: status === 'active' ? 'ACTIVE' : 'PAUSED' })
      if (!isSuccess(bodyOf(reply))) return unknown('an unexpected answer to a write')
      return { is: 'accepted', value: { platformRef: campaignId } }
    },
  }
}

const unexpectedRead = unavailable('an unexpected answer to a read')

const refOf = ({ campaignId }: BidIntent, refusals: readonly string[]): string =>
  refusals.length === 0 ? campaignId : detailOf(`${campaignId} (refused in part: ${refusals.join('; ')})`)
