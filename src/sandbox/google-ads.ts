import { z } from 'zod'
import { micros, minorDigits } from '../money.ts'
import { GoogleRefusal, googleError } from './google-errors.ts'
import { search } from './google-search.ts'
import { type Budget, type Campaign, GoogleState, type Strategy } from './google-state.ts'
import type { SandboxLedger } from './ledger.ts'
import type { SandboxTokens } from './server.ts'
import { type FakePlatform, json, parseJson, type WireAnswer, type WireRequest } from './wire.ts'

export interface GoogleAdsOptions {
  readonly ledger: SandboxLedger
  readonly tokens: SandboxTokens
  readonly currency: string
  readonly accessToken: string
  readonly customerId: string
}

const Operation = z.strictObject({
  create: z.record(z.string(), z.unknown()).optional(),
  update: z.record(z.string(), z.unknown()).optional(),
  updateMask: z.string().optional(),
})
const Search = z.object({ query: z.string(), pageSize: z.unknown().optional() })
const Mutate = z.strictObject({
  mutateOperations: z
    .array(
      z.union([
        z.strictObject({ campaignOperation: Operation }),
        z.strictObject({ campaignBudgetOperation: Operation }),
        z.strictObject({ biddingStrategyOperation: Operation }),
      ]),
    )
    .min(1),
  validateOnly: z.boolean().optional(),
  partialFailure: z.boolean().optional(),
})

/** Fields that may be written, camelCase as in JSON. */
const WRITABLE: Readonly<Record<string, readonly string[]>> = {
  campaign: ['status', 'name', 'campaignBudget', 'biddingStrategy', 'urlCustomParameters'],
  campaignBudget: ['amountMicros', 'explicitlyShared', 'name', 'deliveryMethod'],
  biddingStrategy: [
    'name',
    'targetRoas',
    'targetRoas.targetRoas',
    'targetRoas.cpcBidCeilingMicros',
    'targetRoas.cpcBidFloorMicros',
  ],
}

const CEILING = /^\d{1,18}$/

/** Google Ads over REST: searching and atomic mutating of one customer. */
export function createGoogleAds(options: GoogleAdsOptions): FakePlatform {
  const { ledger, tokens, currency } = options
  const state = new GoogleState(options.customerId)
  const customer = {
    resourceName: state.customer,
    id: options.customerId,
    descriptiveName: 'Sandbox customer',
    currencyCode: currency,
    status: 'ENABLED',
  }
  const billable = 10 ** (6 - Math.min(6, minorDigits(currency)))

  function handle(request: WireRequest, applies: boolean): WireAnswer {
    const [, version = '', action = ''] = /^\/(v\d+)\/(?:customers\/\d+\/)?([\w:]+)$/.exec(request.path) ?? []
    try {
      authenticate(request)
      if (action === 'customers:listAccessibleCustomers')
        return json(200, { resourceNames: [state.customer] })
      if (!request.path.includes(`/${state.customer}/`)) throw new GoogleRefusal('USER_PERMISSION_DENIED')
      const body = parseJson(request.body)
      if (action === 'googleAds:search') return json(200, { results: searched(body) })
      if (action === 'googleAds:searchStream')
        return json(200, [{ results: searched(body), requestId: 'sandbox' }])
      if (action === 'googleAds:mutate') return json(200, mutate(body, applies))
      return json(404, { error: { code: 404, message: 'Method not found.', status: 'NOT_FOUND' } })
    } catch (error) {
      if (!(error instanceof GoogleRefusal)) throw error
      const refusal = googleError(error.message, version) ?? json(500, { message: error.message })
      // A stream's errors come as a stream.
      return action.endsWith('searchStream') ? { ...refusal, body: `[${refusal.body}]` } : refusal
    }
  }

  function authenticate({ headers }: WireRequest): void {
    if (headers['authorization'] !== `Bearer ${options.accessToken}`)
      throw new GoogleRefusal('OAUTH_TOKEN_INVALID')
    if (tokens.googleAccessToken === 'expired') throw new GoogleRefusal('OAUTH_TOKEN_EXPIRED')
    if (tokens.googleAccessToken === 'revoked') throw new GoogleRefusal('OAUTH_TOKEN_REVOKED')
  }

  function searched(body: unknown): object[] {
    const asked = Search.safeParse(body)
    if (!asked.success) throw new GoogleRefusal('BAD_QUERY')
    if (asked.data.pageSize !== undefined) throw new GoogleRefusal('PAGE_SIZE_NOT_SUPPORTED')
    return search(state, customer, asked.data.query)
  }

  /** All operations, or none. */
  function mutate(body: unknown, applies: boolean): object {
    const parsed = Mutate.safeParse(body)
    if (!parsed.success) throw new GoogleRefusal('FIELD_NOT_FOUND')
    const { mutateOperations, validateOnly } = parsed.data
    const change = new Change()
    try {
      const results = mutateOperations.map((operation) => applyOne(operation, change))
      if (validateOnly || !applies) change.undo()
      else record(mutateOperations)
      return validateOnly ? {} : { mutateOperationResponses: results }
    } catch (error) {
      change.undo()
      throw error
    }
  }

  function applyOne(operation: object, change: Change): object {
    const [[key = '', { create, update, updateMask } = {}] = []] = Object.entries<z.output<typeof Operation>>(
      Object(operation),
    )
    const resource = key.replace('Operation', '')
    const resourceName = create
      ? created(resource, create, change)
      : updated(resource, update, updateMask, change)
    return { [`${resource}Result`]: { resourceName } }
  }

  function created(resource: string, fields: Record<string, unknown>, { names, undone }: Change): string {
    if (resource !== 'biddingStrategy') throw new GoogleRefusal('RESOURCE_NOT_FOUND')
    const { resourceName: temporary, ...rest } = fields
    const strategy = rest as Omit<Strategy, 'resourceName' | 'status'>
    demandFields(resource, Object.keys(rest))
    if ([...state.strategies.values()].some(({ name }) => name === strategy.name))
      throw new GoogleRefusal('DUPLICATE_NAME')
    checkRoas(strategy.targetRoas)
    const resourceName = state.newName('biddingStrategies')
    if (typeof temporary === 'string') names.set(temporary, resourceName)
    state.strategies.set(resourceName, { ...strategy, resourceName, status: 'ENABLED' })
    undone.push(() => state.strategies.delete(resourceName))
    return resourceName
  }

  function updated(
    resource: string,
    update: Record<string, unknown> | undefined,
    updateMask: string | undefined,
    { names, undone }: Change,
  ): string {
    if (!update || updateMask === undefined) throw new GoogleRefusal('FIELD_MASK_MISSING')
    const mask = updateMask
      .split(',')
      .map((field) => field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
    demandFields(resource, mask)
    const name = String(update['resourceName'])
    const target = find(resource, names.get(name) ?? name)
    const before = structuredClone(target)
    undone.push(() => Object.assign(target, before))
    for (const path of mask) copyField(target, update, path.split('.'), names)
    check(resource, target)
    return target.resourceName
  }

  function find(resource: string, name: string): Campaign | Budget | Strategy {
    const found =
      resource === 'campaign'
        ? state.campaign(name)
        : resource === 'campaignBudget'
          ? state.budgets.get(name)
          : state.strategies.get(name)
    if (!found) throw new GoogleRefusal('RESOURCE_NOT_FOUND')
    return found
  }

  function check(resource: string, target: Campaign | Budget | Strategy): void {
    if (resource === 'biddingStrategy' && 'targetRoas' in target) checkRoas(target.targetRoas)
    if ('amountMicros' in target && !isBillable(target.amountMicros))
      throw new GoogleRefusal('NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT')
    if (!('urlCustomParameters' in target)) return
    const { urlCustomParameters: parameters, biddingStrategy } = target
    const wellFormed = parameters.every(
      ({ key, value }) => /^[A-Za-z0-9]{1,16}$/.test(key) && value.length <= 250,
    )
    if (!wellFormed || parameters.length > 8) throw new GoogleRefusal('INVALID_KEY')
    if (biddingStrategy !== undefined && !state.strategies.has(biddingStrategy))
      throw new GoogleRefusal('RESOURCE_NOT_FOUND')
  }

  function checkRoas(roas: Strategy['targetRoas'] | undefined): void {
    if (!roas || !(roas.targetRoas >= 0.01 && roas.targetRoas <= 1000))
      throw new GoogleRefusal('OUT_OF_RANGE')
    const { cpcBidCeilingMicros: ceiling } = roas
    if (ceiling !== undefined && !isBillable(ceiling))
      throw new GoogleRefusal('BID_TOO_MANY_FRACTIONAL_DIGITS')
  }

  const isBillable = (amount: string): boolean =>
    CEILING.test(amount) && Number(amount) > 0 && Number(amount) % billable === 0

  /** What was applied, as the outside record has it. */
  function record(operations: readonly object[]): void {
    const updates = operations.map(
      (operation) => Object.values<z.output<typeof Operation>>(Object(operation))[0],
    )
    for (const one of updates) {
      const name = String(one?.update?.['resourceName'] ?? '')
      const campaign = state.campaigns.get(name)
      const mask = one?.updateMask ?? ''
      if (campaign && mask.includes('status')) entry('status', campaign.id, undefined, 0)
      if (campaign && mask.includes('urlCustomParameters')) {
        const strategy = state.strategies.get(campaign.biddingStrategy ?? '')
        const decisionId = campaign.urlCustomParameters.find(({ key }) => key === 'bwid')?.value
        entry('bid', campaign.id, decisionId, Number(strategy?.targetRoas.cpcBidCeilingMicros ?? 0))
      }
      const budget = state.budgets.get(name)
      const owner = [...state.campaigns.values()].find(({ campaignBudget }) => campaignBudget === name)
      if (budget && owner) entry('budget', owner.id, undefined, Number(budget.amountMicros))
    }
  }

  function entry(
    kind: 'bid' | 'budget' | 'status',
    campaignId: string,
    decisionId: string | undefined,
    amount: number,
  ): void {
    ledger.apply({ platform: 'google_ads', kind, campaignId, decisionId, amount: micros(amount), currency })
  }

  return {
    handle,
    error: (name) => googleError(name),
    usage: () => ({}),
    state: () => ({
      campaigns: [...state.campaigns.values()],
      budgets: [...state.budgets.values()],
      strategies: [...state.strategies.values()],
    }),
  }
}

function demandFields(resource: string, fields: readonly string[]): void {
  if (!fields.every((field) => WRITABLE[resource]?.includes(field)))
    throw new GoogleRefusal('FIELD_NOT_FOUND')
}

/** Copies one masked field; a reference to a resource created in the same request gets its real name. */
function copyField(
  target: object,
  source: object,
  path: readonly string[],
  names: Map<string, string>,
): void {
  const [field = '', ...rest] = path
  const value: unknown = Reflect.get(source, field)
  if (rest.length > 0) {
    const inner: unknown = Reflect.get(target, field)
    if (inner && typeof inner === 'object' && value && typeof value === 'object')
      copyField(inner, value, rest, names)
    return
  }
  Reflect.set(target, field, typeof value === 'string' ? (names.get(value) ?? value) : value)
}

/** A request in progress: names given to what it created, and how to take back what it did. */
class Change {
  readonly names = new Map<string, string>()
  readonly undone: (() => unknown)[] = []

  undo(): void {
    for (const step of this.undone.reverse()) step()
  }
}
