import { z } from 'zod'
import { type Micros, micros } from '../../money.ts'
import { googleBudgetOf } from '../google/money.ts'
import {
  budgetOfNew,
  type Changed,
  nameIsTaken,
  noOwnBudget,
  nothingToChange,
  written,
} from '../platform/campaigns.ts'
import type { AccountRef, CampaignChange } from '../platform/connector.ts'
import { textAt } from '../platform/json.ts'
import { type AskTalk, ask, type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { doorTo } from './customers.ts'
import { budgetQuery, type CustomerDoor, mutate, namedQuery, searchStream } from './requests.ts'
import { MutateResult, ResourceName, resultsOf } from './rows.ts'

const Named = z.object({ campaign: z.object({ id: z.string() }) })
const Budget = z.object({
  campaignBudget: z.object({
    resourceName: ResourceName,
    explicitlyShared: z.boolean().default(false),
    referenceCount: z.string().default('1'),
    /** Absent where the budget is for a whole period. */
    amountMicros: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform((amount) => micros(Number(amount)))
      .optional(),
  }),
})
const Mutated = z.object({
  mutateOperationResponses: z.array(
    z.object({ campaignResult: MutateResult.optional(), campaignBudgetResult: MutateResult.optional() }),
  ),
})

/** Result of a change at Google Ads; it also has the resource name of what was changed, the budget or the campaign. */
export interface ChangedResource extends Changed {
  readonly resourceName: string
}

/**
 * Creates a paused campaign with its own budget. A name that exists is refused, so a repetition never creates a second
 * one.
 */
export function* createCampaign(
  host: string,
  account: AccountRef,
  { name, dailyBudgetMicros }: CampaignChange & { readonly name: string },
): Talk<Changed> {
  const amountMicros = googleBudgetOf(budgetOfNew(dailyBudgetMicros), account)
  const door = yield* doorTo(host, account, WRITES)
  const [same] = resultsOf(yield* ask(searchStream(door, namedQuery(name)), WRITES))
  if (same !== undefined) throw nameIsTaken(name, Named.parse(same).campaign.id)

  const budget = `customers/${door.customerId}/campaignBudgets/-1`
  const [, campaign] = yield* mutated(door, [
    {
      campaignBudgetOperation: {
        // Budgets are shared by default.
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

/** Changes budget and name in one request, which Google carries out whole or not at all. */
export function* updateCampaign(
  door: CustomerDoor,
  account: Pick<AccountRef, 'currency'>,
  id: string,
  { name, dailyBudgetMicros }: CampaignChange,
): AskTalk<ChangedResource> {
  const operations: object[] = []
  let changed = campaignName(door, id)
  if (dailyBudgetMicros !== undefined) {
    const amountMicros = googleBudgetOf(dailyBudgetMicros, account)
    const { resourceName, amountMicros: before } = yield* ownBudget(door, id)
    if (before === undefined) throw noOwnBudget(id)
    operations.push({
      campaignBudgetOperation: { updateMask: 'amountMicros', update: { resourceName, amountMicros } },
    })
    changed = resourceName
  }
  if (name !== undefined) operations.push(campaignUpdate(door, id, 'name', { name }))
  if (operations.length === 0) throw nothingToChange()
  expectChanged(yield* mutated(door, operations), operations)
  return { id, resourceName: changed }
}

export function* setCampaignStatus(
  door: CustomerDoor,
  id: string,
  status: 'active' | 'paused',
): AskTalk<ChangedResource> {
  const value = status === 'active' ? 'ENABLED' : 'PAUSED'
  const operations = [campaignUpdate(door, id, 'status', { status: value })]
  expectChanged(yield* mutated(door, operations), operations)
  return { id, resourceName: campaignName(door, id) }
}

const campaignName = ({ customerId }: CustomerDoor, id: string): string =>
  `customers/${customerId}/campaigns/${id}`

const campaignUpdate = (door: CustomerDoor, id: string, updateMask: string, fields: object) => ({
  campaignOperation: { updateMask, update: { resourceName: campaignName(door, id), ...fields } },
})

/** Daily budget of a campaign; undefined for a budget for a whole period. Refuses one that other campaigns share. */
export function* dailyBudget(door: CustomerDoor, id: string): AskTalk<Micros | undefined> {
  return (yield* ownBudget(door, id)).amountMicros
}

/** Sends operations and returns one answer for each. If one is refused, none was carried out. */
function* mutated(
  door: CustomerDoor,
  operations: readonly object[],
): AskTalk<z.output<typeof Mutated>['mutateOperationResponses']> {
  const answers = Mutated.parse(yield* written(mutate(door, operations))).mutateOperationResponses
  if (answers.length !== operations.length)
    throw new Error(`${answers.length} answers to ${operations.length} changes`)
  return answers
}

/** Checks that an operation was carried out; its slot is empty if not. */
function expectChanged(
  answers: z.output<typeof Mutated>['mutateOperationResponses'],
  operations: readonly object[],
): void {
  for (const [index, operation] of operations.entries()) {
    const { campaignResult, campaignBudgetResult } = answers[index] ?? {}
    const changed = campaignResult?.resourceName ?? campaignBudgetResult?.resourceName
    const wanted = Object.values(operation).map((one) => textAt(one, 'update', 'resourceName'))
    if (changed === undefined || !wanted.includes(changed))
      throw new Error(`the answer to a change of ${wanted.join(', ')} is about ${changed ?? 'nothing'}`)
  }
}

/** Returns the campaign's own budget. Refuses a shared one, since changing it would change other campaigns. */
function* ownBudget(door: CustomerDoor, id: string): AskTalk<z.output<typeof Budget>['campaignBudget']> {
  const [found] = resultsOf(yield* ask(searchStream(door, budgetQuery(id)), WRITES))
  if (found === undefined) throw new TalkRefused(`there is no campaign ${id}`)
  const budget = Budget.parse(found).campaignBudget
  const { explicitlyShared, referenceCount } = budget
  if (explicitlyShared || Number(referenceCount) > 1)
    throw new TalkRefused(`the budget of campaign ${id} is a shared one, which other campaigns may live on`)
  return budget
}

/** Declaration that Google requires for every new campaign, from the setting `contains_eu_political_advertising`. */
const politics = ({ settings }: AccountRef): string =>
  settings['contains_eu_political_advertising'] === true
    ? 'CONTAINS_EU_POLITICAL_ADVERTISING'
    : 'DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING'
