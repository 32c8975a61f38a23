import { MAX_MICROS, minorDigits } from '../../money.ts'
import { isObject, type JsonObject } from '../protocol.ts'
import { type FieldPath, refuse } from './errors.ts'
import { type Mutable, STRATEGY_TYPES, strategyOf } from './fields.ts'
import type { Draft } from './state.ts'

/** The range of a target ROAS. */
const [MIN_ROAS, MAX_ROAS] = [0.01, 1000]
/** The most custom parameters of a campaign. */
const MAX_PARAMETERS = 8
const PARAMETER_KEY = /^[A-Za-z0-9]{1,16}$/
/** The most characters of a custom parameter's value, and of a name. */
const MAX_PARAMETER_VALUE = 250
const MAX_NAME = 255

/** The smallest step of an amount, in micros: one cent, or one unit of a currency without cents. */
const billableUnit = (currency: string): number => (minorDigits(currency) === 0 ? 1_000_000 : 10_000)

/**
 * Refuses an entity that the account would not accept.
 * @param renamed whether the name is new, and may belong to another entity already
 * @param at the operation, for the error's location
 */
export function checkEntity(
  resource: Mutable,
  entity: JsonObject,
  draft: Draft,
  { currency, renamed, at }: { readonly currency: string; readonly renamed: boolean; readonly at: FieldPath },
): void {
  const name = typeof entity['name'] === 'string' ? entity['name'] : ''
  const mayBeNameless = resource === 'campaignBudget' && entity['explicitlyShared'] !== true
  if (name === '' && !mayBeNameless) refuse('REQUIRED', { path: [...at, 'name'] })
  if (name.length > MAX_NAME) refuse('TOO_LONG', { path: [...at, 'name'] })
  const unit = billableUnit(currency)
  if (resource === 'campaign') checkCampaign(entity, draft, unit, at)
  if (resource === 'campaignBudget') checkBudget(entity, unit, at)
  if (resource === 'biddingStrategy') {
    if (renamed && isTaken(name, entity, draft)) {
      refuse('DUPLICATE_NAME', { path: [...at, 'name'], trigger: name })
    }
    if (strategyOf(entity) === undefined) refuse('REQUIRED', { path: [...at, 'scheme'] })
    checkStrategy(entity, unit, at)
  }
}

const isTaken = (name: string, { resourceName }: JsonObject, draft: Draft): boolean =>
  draft
    .all('biddingStrategy')
    .some(
      (other) =>
        other['name'] === name && other['status'] !== 'REMOVED' && other['resourceName'] !== resourceName,
    )

function checkCampaign(campaign: JsonObject, draft: Draft, unit: number, at: FieldPath): void {
  if (campaign['status'] === 'REMOVED')
    refuse('OPERATION_NOT_PERMITTED_FOR_CONTEXT', { path: [...at, 'status'] })
  if (campaign['advertisingChannelType'] === undefined) {
    refuse('REQUIRED', { path: [...at, 'advertising_channel_type'] })
  }
  if (campaign['containsEuPoliticalAdvertising'] === undefined) {
    refuse('EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED', {
      path: [...at, 'contains_eu_political_advertising'],
    })
  }
  if (campaign['campaignBudget'] === undefined) refuse('REQUIRED', { path: [...at, 'campaign_budget'] })
  requireAlive(draft, 'campaignBudget', campaign['campaignBudget'], [...at, 'campaign_budget'])
  if (campaign['biddingStrategy'] !== undefined) {
    requireAlive(draft, 'biddingStrategy', campaign['biddingStrategy'], [...at, 'bidding_strategy'])
  } else if (strategyOf(campaign) === undefined) {
    refuse('REQUIRED', { path: [...at, 'campaign_bidding_strategy'] })
  }
  checkStrategy(campaign, unit, at)
  const own = campaign[strategyOf(campaign) ?? '']
  // A campaign's own strategy may have no ceiling, unless it is target spend; portfolio strategies may.
  const limited = isObject(own) && (own['cpcBidCeilingMicros'] ?? own['cpcBidFloorMicros']) !== undefined
  if (limited && strategyOf(campaign) !== 'targetSpend') {
    refuse('OPERATION_NOT_PERMITTED_FOR_CONTEXT', { path: [...at, 'cpc_bid_ceiling_micros'] })
  }
  checkParameters(campaign['urlCustomParameters'], [...at, 'url_custom_parameters'])
}

function requireAlive(draft: Draft, resource: Mutable, name: unknown, path: FieldPath): void {
  if (draft.get(resource, String(name))['status'] === 'REMOVED') {
    refuse('RESOURCE_NOT_FOUND', { path, trigger: String(name) })
  }
}

function checkStrategy(entity: JsonObject, unit: number, at: FieldPath): void {
  const kinds = Object.keys(STRATEGY_TYPES).filter((kind) => entity[kind] !== undefined)
  if (kinds.length > 1) refuse('OPERATION_NOT_PERMITTED_FOR_CONTEXT', { path: at })
  const strategy = entity[kinds[0] ?? '']
  if (!isObject(strategy)) return
  const { targetRoas, cpcBidCeilingMicros, cpcBidFloorMicros } = strategy
  if (targetRoas !== undefined && !(Number(targetRoas) >= MIN_ROAS && Number(targetRoas) <= MAX_ROAS)) {
    refuse('OUT_OF_RANGE', { path: [...at, 'target_roas', 'target_roas'], trigger: String(targetRoas) })
  }
  if (kinds[0] === 'targetRoas' && targetRoas === undefined) {
    refuse('REQUIRED', { path: [...at, 'target_roas', 'target_roas'] })
  }
  checkBid(cpcBidCeilingMicros, unit, [...at, 'cpc_bid_ceiling_micros'])
  checkBid(cpcBidFloorMicros, unit, [...at, 'cpc_bid_floor_micros'])
  if (Number(cpcBidFloorMicros) > Number(cpcBidCeilingMicros)) {
    refuse('CPC_BID_FLOOR_MICROS_GREATER_THAN_CPC_BID_CEILING_MICROS', { path: at })
  }
}

function checkBid(value: unknown, unit: number, path: FieldPath): void {
  if (value === undefined) return
  const amount = Number(value)
  if (amount <= 0) refuse('BID_TOO_SMALL', { path, trigger: String(value) })
  if (amount > MAX_MICROS) refuse('BID_TOO_BIG', { path, trigger: String(value) })
  if (amount % unit !== 0) refuse('BID_TOO_MANY_FRACTIONAL_DIGITS', { path, trigger: String(value) })
}

function checkBudget({ amountMicros }: JsonObject, unit: number, at: FieldPath): void {
  const path = [...at, 'amount_micros']
  const amount = Number(amountMicros)
  if (amountMicros === undefined) refuse('REQUIRED', { path })
  if (amount > MAX_MICROS) refuse('MONEY_AMOUNT_TOO_LARGE', { path, trigger: String(amountMicros) })
  if (amount % unit !== 0)
    refuse('NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT', { path, trigger: String(amountMicros) })
  if (amount < unit)
    refuse('MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC', { path, trigger: String(amountMicros) })
}

function checkParameters(value: unknown, path: FieldPath): void {
  const parameters = Array.isArray(value) ? value : []
  if (parameters.length > MAX_PARAMETERS) refuse('TOO_MANY', { path })
  for (const { key, value } of parameters) {
    if (!PARAMETER_KEY.test(String(key ?? '')))
      refuse('ILLEGAL_CHARS', { path: [...path, 'key'], trigger: String(key) })
    if (String(value ?? '').length > MAX_PARAMETER_VALUE) refuse('TOO_LONG', { path: [...path, 'value'] })
  }
  if (new Set(parameters.map(({ key }) => key)).size < parameters.length)
    refuse('DUPLICATE_ELEMENT', { path })
}
