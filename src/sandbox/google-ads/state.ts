import type { JsonObject } from '../protocol.ts'
import { refuse } from './errors.ts'
import { type Mutable, RESOURCES, type Resource, STRATEGY_TYPES, strategyOf } from './fields.ts'

/** The account's entities with the changes of one request, which are kept at {@link commit}. */
export interface Draft {
  /**
   * The stored entity. A campaign that does not exist is created, unless its id begins with `missing`; anything else
   * that does not exist is refused.
   */
  get(resource: Mutable, resourceName: string): JsonObject
  all(resource: Mutable): readonly JsonObject[]
  put(resource: Mutable, entity: JsonObject): void
  newId(): string
  commit(): void
}

export interface GoogleState {
  draft(): Draft
  /** Like {@link Draft.get}, without the changes of a draft. */
  get(resource: Mutable, resourceName: string): JsonObject
  all(resource: Mutable): readonly JsonObject[]
  /** The entity with its computed fields. */
  shown(resource: Resource, entity: JsonObject): JsonObject
  readonly customer: JsonObject
  /** The account itself, and the accounts below it if it is a manager. */
  readonly clients: readonly JsonObject[]
}

/** Name and settings of an account, beside its number and currency. */
export interface CustomerProfile {
  readonly name: string
  readonly timeZone: string
  readonly manager?: boolean
}

const CAMPAIGN_ID = /^[A-Za-z0-9_-]{1,64}$/
/** The daily budget of a campaign that is created by being looked up, in micros. */
const NEW_BUDGET_MICROS = '100000000'

export function createGoogleState(
  customerId: string,
  currency: string,
  { name, timeZone, manager = false }: CustomerProfile,
  clientsBelow: readonly GoogleState[] = [],
): GoogleState {
  const root = `customers/${customerId}`
  const stored = noEntities()
  let lastId = 900_000_000
  const newId = () => {
    lastId += 1
    return String(lastId)
  }

  function get(resource: Mutable, resourceName: string): JsonObject {
    const found = stored[resource].get(resourceName)
    if (found) return found
    const id = idIn(resource, resourceName)
    if (resource !== 'campaign' || !CAMPAIGN_ID.test(id) || id.startsWith('missing')) {
      return refuse('RESOURCE_NOT_FOUND', { trigger: resourceName })
    }
    return createUnknown(id)
  }

  function idIn(resource: Mutable, resourceName: string): string {
    const prefix = `${root}/${RESOURCES[resource].collection}/`
    if (!resourceName.startsWith(prefix)) refuse('RESOURCE_NAME_MALFORMED', { trigger: resourceName })
    return resourceName.slice(prefix.length)
  }

  /** Creates a campaign that somebody looked up. If its id contains `shared`, another campaign has the same budget. */
  function createUnknown(id: string): JsonObject {
    const shared = id.includes('shared')
    const budgetId = newId()
    const campaignBudget = `${root}/campaignBudgets/${budgetId}`
    stored.campaignBudget.set(campaignBudget, newBudget(campaignBudget, budgetId, shared))
    const campaign = add(id, campaignBudget)
    if (shared) add(newId(), campaignBudget)
    return campaign
  }

  function add(id: string, campaignBudget: string): JsonObject {
    const campaign = newCampaign(root, id, campaignBudget)
    stored.campaign.set(campaign.resourceName, campaign)
    return campaign
  }

  const all = (resource: Mutable) => [...stored[resource].values()]

  function shown(resource: Resource, entity: JsonObject): JsonObject {
    if (resource === 'campaign') return { ...entity, biddingStrategyType: strategyTypeOf(entity) }
    if (resource === 'campaignBudget') {
      return { ...entity, referenceCount: String(users('campaignBudget', entity)) }
    }
    if (resource === 'biddingStrategy') {
      const count = String(users('biddingStrategy', entity))
      const type = STRATEGY_TYPES[strategyOf(entity) ?? '']
      return { ...entity, type, currencyCode: currency, campaignCount: count, nonRemovedCampaignCount: count }
    }
    return entity
  }

  function strategyTypeOf(campaign: JsonObject): string | undefined {
    const portfolio = stored.biddingStrategy.get(String(campaign['biddingStrategy']))
    return STRATEGY_TYPES[strategyOf(portfolio ?? campaign) ?? '']
  }

  const users = (by: 'campaignBudget' | 'biddingStrategy', { resourceName }: JsonObject): number =>
    all('campaign').filter((campaign) => campaign[by] === resourceName && campaign['status'] !== 'REMOVED')
      .length

  const customer = {
    resourceName: root,
    id: customerId,
    descriptiveName: name,
    currencyCode: currency,
    timeZone,
    manager,
    status: 'ENABLED',
    testAccount: true,
  }
  const clients = clientsOf(root, [customer, ...clientsBelow.map((client) => client.customer)])
  return { draft: () => draftOf(stored, get, newId), get, all, shown, customer, clients }
}

type Entities = Readonly<Record<Mutable, Map<string, JsonObject>>>
const noEntities = (): Entities => ({
  campaign: new Map(),
  campaignBudget: new Map(),
  biddingStrategy: new Map(),
})

const newBudget = (resourceName: string, id: string, explicitlyShared: boolean) => ({
  resourceName,
  id,
  name: `Budget ${id}`,
  status: 'ENABLED',
  amountMicros: NEW_BUDGET_MICROS,
  deliveryMethod: 'STANDARD',
  explicitlyShared,
  period: 'DAILY',
})

const newCampaign = (root: string, id: string, campaignBudget: string) => ({
  resourceName: `${root}/campaigns/${id}`,
  id,
  name: `Campaign ${id}`,
  status: 'ENABLED',
  servingStatus: 'SERVING',
  advertisingChannelType: 'SEARCH',
  campaignBudget,
  manualCpc: {},
  containsEuPoliticalAdvertising: 'DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING',
})

/** @param customers the account itself first, then those below it */
const clientsOf = (root: string, customers: readonly JsonObject[]): JsonObject[] =>
  customers.map((client, index) => ({
    ...client,
    resourceName: `${root}/customerClients/${client['id']}`,
    clientCustomer: client['resourceName'],
    level: index === 0 ? '0' : '1',
  }))

function draftOf(stored: Entities, get: Draft['get'], newId: () => string): Draft {
  const changed = noEntities()
  return {
    get: (resource, resourceName) => changed[resource].get(resourceName) ?? get(resource, resourceName),
    all: (resource) => [...new Map([...stored[resource], ...changed[resource]]).values()],
    put(resource, entity) {
      changed[resource].set(String(entity['resourceName']), entity)
    },
    newId,
    commit() {
      for (const resource of ['campaign', 'campaignBudget', 'biddingStrategy'] as const) {
        for (const [name, entity] of changed[resource]) stored[resource].set(name, entity)
      }
    },
  }
}
