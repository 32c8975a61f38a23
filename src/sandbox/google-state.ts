/** Resources of one Google Ads customer, as the API's JSON has them. */

export interface Campaign {
  resourceName: string
  id: string
  name: string
  status: string
  campaignBudget: string
  biddingStrategy?: string
  urlCustomParameters: { key: string; value: string }[]
}

export interface Budget {
  resourceName: string
  amountMicros: string
  explicitlyShared: boolean
  referenceCount: string
}

export interface Strategy {
  resourceName: string
  name: string
  status: string
  targetRoas: { targetRoas: number; cpcBidCeilingMicros?: string; cpcBidFloorMicros?: string }
}

export class GoogleState {
  readonly customer: string
  readonly campaigns = new Map<string, Campaign>()
  readonly budgets = new Map<string, Budget>()
  readonly strategies = new Map<string, Strategy>()
  #lastId = 1000

  constructor(customerId: string) {
    this.customer = `customers/${customerId}`
  }

  newName(collection: string): string {
    this.#lastId += 1
    return `${this.customer}/${collection}/${this.#lastId}`
  }

  /** A campaign springs into being when it is first named; ids that begin with `missing` never do. */
  campaign(resourceName: string): Campaign | undefined {
    const id = new RegExp(`^${this.customer}/campaigns/([A-Za-z0-9_-]{1,64})$`).exec(resourceName)?.[1]
    if (id === undefined || id.startsWith('missing')) return undefined
    const known = this.campaigns.get(resourceName)
    if (known) return known
    const shared = id.includes('shared')
    const budget = {
      resourceName: this.newName('campaignBudgets'),
      amountMicros: '100000000',
      explicitlyShared: shared,
      referenceCount: shared ? '2' : '1',
    }
    this.budgets.set(budget.resourceName, budget)
    const campaign = {
      resourceName,
      id,
      name: id,
      status: 'ENABLED',
      campaignBudget: budget.resourceName,
      urlCustomParameters: [],
    }
    this.campaigns.set(resourceName, campaign)
    return campaign
  }
}
