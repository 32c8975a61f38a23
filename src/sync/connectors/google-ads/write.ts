import { z } from 'zod'
import { micros } from '../../../money.ts'
import { toGoogleMicros } from '../../../platforms/index.ts'
import {
  type AccountRef,
  ask,
  type CampaignChange,
  type ReadTalk,
  TalkRefused,
  WRITES,
} from '../read-connector.ts'
import { doorTo } from './customers.ts'
import { budgetQuery, type Door, mutate, namedQuery, searchStream } from './requests.ts'
import { resultsOf } from './rows.ts'

const Named = z.object({ campaign: z.object({ id: z.string() }) })
const Budget = z.object({
  campaignBudget: z.object({
    resourceName: z.string(),
    explicitlyShared: z.boolean().default(false),
    referenceCount: z.string().default('1'),
    amountMicros: z
      .string()
      .regex(/^\d{1,15}$/)
      .default('0'),
  }),
})
const Result = z.object({ resourceName: z.string() })
const Mutated = z.object({
  mutateOperationResponses: z.array(
    z.object({ campaignResult: Result.optional(), campaignBudgetResult: Result.optional() }),
  ),
})

interface Changed {
  readonly id: string
}

/** A new campaign, paused, with a budget of its own. A name that is taken is refused, so that repeating makes no second. */
export function* createCampaign(
  host: string,
  account: AccountRef,
  { name, dailyBudgetMicros }: CampaignChange & { readonly name: string },
): ReadTalk<Changed> {
  if (dailyBudgetMicros === undefined) throw new TalkRefused('a campaign needs a daily budget')
  const amountMicros = amountOf(dailyBudgetMicros, account)
  const door = yield* doorTo(host, account, WRITES)
  const [same] = resultsOf(yield* ask(searchStream(door, namedQuery(name)), WRITES))
  if (same !== undefined)
    throw new TalkRefused(`there is a campaign ${name} already: ${Named.parse(same).campaign.id}`)

  const root = `customers/${account.accountId}`
  const budget = `${root}/campaignBudgets/-1`
  const [, campaign] = yield* mutated(door, [
    {
      campaignBudgetOperation: {
        // A budget is a shared one unless it is said not to be.
        create: { resourceName: budget, amountMicros, deliveryMethod: 'STANDARD', explicitlyShared: false },
      },
    },
    {
      campaignOperation: {
        create: {
          name,
          status: 'PAUSED',
          advertisingChannelType: 'SEARCH',
          campaignBudget: budget,
          manualCpc: {},
          networkSettings: { targetGoogleSearch: true },
          containsEuPoliticalAdvertising: politics(account),
        },
      },
    },
  ])
  const resourceName = campaign?.campaignResult?.resourceName
  if (resourceName === undefined) throw new Error('a campaign was made, but not which')
  return { id: resourceName.slice(resourceName.lastIndexOf('/') + 1) }
}

export function* updateCampaign(
  host: string,
  account: AccountRef,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): ReadTalk<Changed> {
  const door = yield* doorTo(host, account, WRITES)
  const operations: object[] = []
  if (dailyBudgetMicros !== undefined) {
    const amountMicros = amountOf(dailyBudgetMicros, account)
    const { resourceName } = yield* ownBudget(door, id)
    operations.push({
      campaignBudgetOperation: { updateMask: 'amountMicros', update: { resourceName, amountMicros } },
    })
  }
  if (name !== undefined) operations.push(campaignUpdate(account, id, 'name', { name }))
  if (operations.length === 0) throw new TalkRefused('nothing is to be changed')
  yield* mutated(door, operations)
  return { id }
}

export function* setCampaignStatus(
  host: string,
  account: AccountRef,
  id: string,
  status: 'active' | 'paused',
): ReadTalk<Changed> {
  const door = yield* doorTo(host, account, WRITES)
  const value = status === 'active' ? 'ENABLED' : 'PAUSED'
  yield* mutated(door, [campaignUpdate(account, id, 'status', { status: value })])
  return { id }
}

const campaignUpdate = ({ accountId }: AccountRef, id: string, updateMask: string, fields: object) => ({
  campaignOperation: {
    updateMask,
    update: { resourceName: `customers/${accountId}/campaigns/${id}`, ...fields },
  },
})

/** Micros a day. A budget that others live on is refused, as changing it is. */
export function* dailyBudget(host: string, account: AccountRef, id: string): ReadTalk<number> {
  const { amountMicros } = yield* ownBudget(yield* doorTo(host, account, WRITES), id)
  return Number(amountMicros)
}

/** One answer per operation, or none at all was carried out. */
function* mutated(
  door: Door,
  operations: readonly object[],
): ReadTalk<z.output<typeof Mutated>['mutateOperationResponses']> {
  const reply = yield { is: 'ask', request: mutate(door, operations), bucket: WRITES, writes: true }
  const answers = Mutated.parse(reply?.is === 'ok' ? reply.body : undefined).mutateOperationResponses
  if (answers.length !== operations.length)
    throw new Error(`${answers.length} answers to ${operations.length} changes`)
  return answers
}

/** Refuses a budget that other campaigns live on: changing it would change theirs. */
function* ownBudget(door: Door, id: string): ReadTalk<z.output<typeof Budget>['campaignBudget']> {
  const [found] = resultsOf(yield* ask(searchStream(door, budgetQuery(id)), WRITES))
  if (found === undefined) throw new TalkRefused(`there is no campaign ${id}`)
  const budget = Budget.parse(found).campaignBudget
  const { explicitlyShared, referenceCount } = budget
  if (explicitlyShared || Number(referenceCount) > 1)
    throw new TalkRefused(`the budget of campaign ${id} is a shared one, which other campaigns may live on`)
  return budget
}

function amountOf(dailyBudgetMicros: number, { currency }: AccountRef): string {
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  const amount = toGoogleMicros(micros(dailyBudgetMicros), currency)
  if (amount === '0') throw new TalkRefused(`the budget is below the smallest unit of ${currency}`)
  return amount
}

/** The declaration Google demands of every new campaign; the setting `contains_eu_political_advertising` makes it. */
const politics = ({ settings }: AccountRef): string =>
  settings['contains_eu_political_advertising'] === true
    ? 'CONTAINS_EU_POLITICAL_ADVERTISING'
    : 'DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING'
