import { bool, double, type FieldTypes, int64, listOf, message, oneOf, output, string } from './types.ts'

const targetRoas = message({ targetRoas: double, cpcBidCeilingMicros: int64, cpcBidFloorMicros: int64 })
const targetCpa = message({ targetCpaMicros: int64, cpcBidCeilingMicros: int64, cpcBidFloorMicros: int64 })
const targetSpend = message({ targetSpendMicros: int64, cpcBidCeilingMicros: int64 })

/** The bidding strategies. An entity has one of them at a time. */
const portfolioStrategies = {
  targetRoas,
  targetCpa,
  targetSpend,
  maximizeConversionValue: targetRoas,
  maximizeConversions: targetCpa,
}
const campaignStrategies = { ...portfolioStrategies, manualCpc: message({ enhancedCpcEnabled: bool }) }

/** The value of `biddingStrategyType` and `type`, by the field of the strategy. */
export const STRATEGY_TYPES: Readonly<Record<string, string>> = {
  targetRoas: 'TARGET_ROAS',
  targetCpa: 'TARGET_CPA',
  targetSpend: 'TARGET_SPEND',
  maximizeConversionValue: 'MAXIMIZE_CONVERSION_VALUE',
  maximizeConversions: 'MAXIMIZE_CONVERSIONS',
  manualCpc: 'MANUAL_CPC',
}

const campaign: FieldTypes = {
  resourceName: string,
  id: output(int64),
  name: string,
  status: oneOf('ENABLED', 'PAUSED', 'REMOVED'),
  servingStatus: output(string),
  advertisingChannelType: oneOf('SEARCH', 'DISPLAY', 'SHOPPING', 'VIDEO', 'PERFORMANCE_MAX', 'DEMAND_GEN'),
  campaignBudget: string,
  biddingStrategy: string,
  biddingStrategyType: output(string),
  ...campaignStrategies,
  urlCustomParameters: listOf(message({ key: string, value: string })),
  trackingUrlTemplate: string,
  finalUrlSuffix: string,
  networkSettings: message({
    targetGoogleSearch: bool,
    targetSearchNetwork: bool,
    targetContentNetwork: bool,
    targetPartnerSearchNetwork: bool,
  }),
  containsEuPoliticalAdvertising: oneOf(
    'CONTAINS_EU_POLITICAL_ADVERTISING',
    'DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING',
  ),
  startDateTime: string,
  endDateTime: string,
}

const campaignBudget: FieldTypes = {
  resourceName: string,
  id: output(int64),
  name: string,
  status: output(string),
  amountMicros: int64,
  deliveryMethod: oneOf('STANDARD', 'ACCELERATED'),
  explicitlyShared: bool,
  referenceCount: output(int64),
  period: oneOf('DAILY', 'CUSTOM_PERIOD'),
}

const biddingStrategy: FieldTypes = {
  resourceName: string,
  id: output(int64),
  name: string,
  status: output(string),
  type: output(string),
  currencyCode: output(string),
  campaignCount: output(int64),
  nonRemovedCampaignCount: output(int64),
  ...portfolioStrategies,
}

const customer: FieldTypes = {
  resourceName: string,
  id: output(int64),
  descriptiveName: output(string),
  currencyCode: output(string),
  timeZone: output(string),
  manager: output(bool),
  testAccount: output(bool),
  status: output(string),
}

const adGroup: FieldTypes = {
  resourceName: string,
  id: output(int64),
  name: string,
  status: oneOf('ENABLED', 'PAUSED', 'REMOVED'),
  type: output(string),
  campaign: string,
  cpcBidMicros: int64,
}

const customerClient: FieldTypes = {
  resourceName: string,
  id: output(int64),
  clientCustomer: output(string),
  descriptiveName: output(string),
  currencyCode: output(string),
  timeZone: output(string),
  manager: output(bool),
  level: output(int64),
  status: output(string),
}

const metrics: FieldTypes = {
  impressions: output(int64),
  clicks: output(int64),
  costMicros: output(int64),
  conversions: output(double),
  conversionsValue: output(double),
  allConversions: output(double),
  viewThroughConversions: output(int64),
}

const segments: FieldTypes = { date: output(string) }

/** The resources in their JSON names, and where they live below `customers/<id>/`. */
export const RESOURCES = {
  campaign: { fields: campaign, collection: 'campaigns' },
  campaignBudget: { fields: campaignBudget, collection: 'campaignBudgets' },
  biddingStrategy: { fields: biddingStrategy, collection: 'biddingStrategies' },
  customer: { fields: customer, collection: undefined },
  customerClient: { fields: customerClient, collection: undefined },
  adGroup: { fields: adGroup, collection: 'adGroups' },
  metrics: { fields: metrics, collection: undefined },
  segments: { fields: segments, collection: undefined },
} as const

export type Resource = keyof typeof RESOURCES
export const MUTABLE = ['campaign', 'campaignBudget', 'biddingStrategy'] as const
export type Mutable = (typeof MUTABLE)[number]

/** The strategy that an entity has of its own, by field name. */
export const strategyOf = (entity: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(STRATEGY_TYPES).find((name) => entity[name] !== undefined)
