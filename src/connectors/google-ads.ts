import { z } from 'zod'
import type { HttpRequest } from '../http.ts'
import { formatMoney, type Micros, micros } from '../money.ts'
import type { Failure } from '../outcome.ts'
import { toGoogleMicros } from '../platforms/index.ts'
import type { GoogleAdsAccount } from './accounts.ts'
import type { BidIntent, Connector, Conversation, Talk, Verification } from './connector.ts'
import { bodyOf, refused, unavailable, unknown } from './replies.ts'

/** What an earlier bid on a campaign left: enough to bid again without looking anything up. */
export interface GoogleAdsMemo {
  /** Resource name of the campaign's own portfolio strategy. */
  readonly strategy: string
  /** Decision id that stands in the campaign's parameters; empty before our first bid. */
  readonly decisionId: string
  /** Custom parameters that are not ours and must stay. */
  readonly others: readonly CustomParameter[]
}

interface CustomParameter {
  readonly key: string
  readonly value: string
}

/** The campaign carries our decision id, so that a write whose answer was lost can be recognised. */
const DECISION_KEY = 'bwid'
const LTV_KEY = 'bwltv'
/** TargetRoas accepts no other values. */
const [MIN_ROAS, MAX_ROAS] = [0.01, 1000]
const MAX_PARAMETERS = 8

const Parameters = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([])
const Rows = <T extends z.ZodType>(row: T) => z.object({ results: z.array(row).default([]) })

const CustomerRow = z.object({
  customer: z.object({ descriptiveName: z.string().optional(), id: z.string() }),
})
const CampaignRow = z.object({
  campaign: z.object({
    resourceName: z.string(),
    urlCustomParameters: Parameters,
    biddingStrategy: z.string().optional(),
  }),
})
const StrategyRow = z.object({
  biddingStrategy: z.object({ resourceName: z.string() }),
})
const BudgetRow = z.object({
  campaignBudget: z.object({
    resourceName: z.string(),
    amountMicros: z.string(),
    explicitlyShared: z.boolean().default(false),
    referenceCount: z.string().default('1'),
  }),
})
const Mutated = z.object({
  mutateOperationResponses: z.array(z.record(z.string(), z.object({ resourceName: z.string() }))),
})

/**
 * Bids by target ROAS with a ceiling on the cost per click. The ceiling stands on a portfolio strategy of the campaign's
 * own, since Google refuses one on a campaign's standard strategy; strategy, campaign and parameters change in one
 * atomic request.
 */
export function createGoogleAdsConnector(
  account: GoogleAdsAccount,
  currency: string,
): Connector<GoogleAdsMemo> {
  const customer = `customers/${account.customerId}`
  const nameOf = (campaignId: string) => `${customer}/campaigns/${campaignId}`

  const call = (path: string, body: object): HttpRequest => ({
    method: 'POST',
    url: `${account.url}/${account.version}/${customer}/${path}`,
    headers: {
      'content-type': 'application/json',
      ...(account.loginCustomerId !== undefined && { 'login-customer-id': account.loginCustomerId }),
      ...(account.developerToken !== undefined && { 'developer-token': account.developerToken }),
    },
    body: JSON.stringify(body),
  })
  const search = (query: string) => ({ request: call('googleAds:search', { query }), writes: false })
  const mutate = (mutateOperations: object[]) => ({
    request: call('googleAds:mutate', { mutateOperations }),
    writes: true,
  })

  /** Rows of a query; undefined when the answer has another shape than documented. */
  function* rows<T extends z.ZodType>(row: T, query: string): Talk<z.output<T>[] | undefined> {
    const reply = yield search(query)
    return Rows(row).safeParse(bodyOf(reply)).data?.results
  }

  const campaignQuery = (campaignId: string) =>
    `SELECT campaign.resource_name, campaign.url_custom_parameters, campaign.bidding_strategy FROM campaign WHERE campaign.resource_name = '${nameOf(campaignId)}'`
  const strategyQuery = (campaignId: string) =>
    `SELECT bidding_strategy.resource_name FROM bidding_strategy WHERE bidding_strategy.name = '${strategyName(campaignId)}' AND bidding_strategy.status != 'REMOVED'`

  function* lookUp(campaignId: string): Talk<Known | Failure> {
    const campaigns = yield* rows(CampaignRow, campaignQuery(campaignId))
    const strategies = yield* rows(StrategyRow, strategyQuery(campaignId))
    if (!campaigns || !strategies) return unavailable('an unexpected answer to a search')
    const campaign = campaigns[0]?.campaign
    if (!campaign) return refused(`there is no campaign ${campaignId}`)
    const parameters = campaign.urlCustomParameters
    return {
      is: 'known',
      strategy: strategies[0]?.biddingStrategy.resourceName,
      decisionId: parameters.find(({ key }) => key === DECISION_KEY)?.value ?? '',
      others: parameters.filter(({ key }) => key !== DECISION_KEY && key !== LTV_KEY),
    }
  }

  return {
    *connect() {
      const found = yield* rows(
        CustomerRow,
        'SELECT customer.id, customer.descriptive_name FROM customer LIMIT 1',
      )
      const first = found?.[0]?.customer
      if (!first) return unavailable('an unexpected answer to a search')
      return { is: 'accepted', value: { account: first.descriptiveName ?? first.id } }
    },

    *placeBid(intent, memo) {
      const ceiling = toGoogleMicros(intent.bid, currency)
      if (ceiling === '0')
        return refused(`a bid of ${formatMoney(intent.bid)} ${currency} is below the smallest unit`)
      const known = memo ? { is: 'known' as const, ...memo } : yield* lookUp(intent.campaignId)
      if (known.is !== 'known') return known
      if (known.others.length + 2 > MAX_PARAMETERS)
        return refused('the campaign has too many custom parameters of its own')

      const strategy = known.strategy ?? `${customer}/biddingStrategies/-1`
      const targetRoas = { targetRoas: roas(intent), cpcBidCeilingMicros: ceiling }
      const reply = yield mutate([
        known.strategy === undefined
          ? {
              biddingStrategyOperation: {
                create: { resourceName: strategy, name: strategyName(intent.campaignId), targetRoas },
              },
            }
          : {
              biddingStrategyOperation: {
                updateMask: 'targetRoas.targetRoas,targetRoas.cpcBidCeilingMicros',
                update: { resourceName: strategy, targetRoas },
              },
            },
        {
          campaignOperation: {
            updateMask: 'biddingStrategy,urlCustomParameters',
            update: {
              resourceName: nameOf(intent.campaignId),
              biddingStrategy: strategy,
              urlCustomParameters: [...known.others, ...parametersOf(intent)],
            },
          },
        },
      ])
      const mutated = Mutated.safeParse(bodyOf(reply))
      const created = mutated.data?.mutateOperationResponses[0]?.['biddingStrategyResult']?.resourceName
      if (created === undefined) return unknown('an unexpected answer to a mutate')
      const next = { strategy: created, decisionId: intent.decisionId, others: known.others }
      return { is: 'accepted', value: { platformRef: created, memo: next } }
    },

    *verifyBid({ campaignId, decisionId }, memo): Conversation<Verification> {
      const known = yield* lookUp(campaignId)
      if (known.is !== 'known') return known
      const verified = (value: Verification) => ({ is: 'accepted', value }) as const
      if (known.decisionId === decisionId) return verified('applied')
      // Our first write on the campaign would have made its strategy; a later one would have replaced the id before.
      const untouched = memo ? known.decisionId === memo.decisionId : known.strategy === undefined
      return verified(untouched ? 'not_applied' : 'unclear')
    },

    *readCampaignBudget(campaignId) {
      const budget = yield* ownBudget(campaignId)
      return budget.is === 'own' ? { is: 'accepted', value: budget.amount } : budget
    },

    *updateCampaignBudget(campaignId, dailyBudget) {
      const budget = yield* ownBudget(campaignId)
      if (budget.is !== 'own') return budget
      const amountMicros = toGoogleMicros(dailyBudget, currency)
      yield mutate([
        {
          campaignBudgetOperation: {
            updateMask: 'amountMicros',
            update: { resourceName: budget.resourceName, amountMicros },
          },
        },
      ])
      return { is: 'accepted', value: { platformRef: budget.resourceName } }
    },

    *setCampaignStatus(campaignId, status) {
      const resourceName = nameOf(campaignId)
      const update = { resourceName, status: status === 'active' ? 'ENABLED' : 'PAUSED' }
      yield mutate([{ campaignOperation: { updateMask: 'status', update } }])
      return { is: 'accepted', value: { platformRef: resourceName } }
    },
  }

  /** The campaign's budget, unless other campaigns live on it too: changing it would change theirs. */
  function* ownBudget(campaignId: string): Talk<OwnBudget | Failure> {
    const found = yield* rows(
      BudgetRow,
      `SELECT campaign_budget.resource_name, campaign_budget.amount_micros, campaign_budget.explicitly_shared, campaign_budget.reference_count FROM campaign WHERE campaign.resource_name = '${nameOf(campaignId)}'`,
    )
    if (!found) return unavailable('an unexpected answer to a search')
    const budget = found[0]?.campaignBudget
    if (!budget) return refused(`there is no campaign ${campaignId}`)
    if (budget.explicitlyShared && Number(budget.referenceCount) > 1) {
      return refused('the campaign shares its budget with others')
    }
    return { is: 'own', resourceName: budget.resourceName, amount: micros(Number(budget.amountMicros)) }
  }
}

interface Known {
  readonly is: 'known'
  /** Undefined before our first bid on the campaign. */
  readonly strategy: string | undefined
  readonly decisionId: string
  readonly others: readonly CustomParameter[]
}

interface OwnBudget {
  readonly is: 'own'
  readonly resourceName: string
  readonly amount: Micros
}

const strategyName = (campaignId: string): string => `bidwarden ${campaignId}`

/** LTV per bid, to four decimals, within what Google accepts. */
function roas({ predictedLtv, bid }: BidIntent): number {
  return Math.min(MAX_ROAS, Math.max(MIN_ROAS, Math.floor((predictedLtv / bid) * 10_000) / 10_000))
}

const parametersOf = ({ decisionId, predictedLtv }: BidIntent): CustomParameter[] => [
  { key: DECISION_KEY, value: decisionId },
  { key: LTV_KEY, value: formatMoney(predictedLtv) },
]
