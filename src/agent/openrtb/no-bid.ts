/**
 * Why an impression got no bid, from what stands in the way first to what stands in the way last. Of several reasons
 * the last is told: it is what the offer that came closest failed on.
 */
const NO_BID_REASONS = [
  'too_late',
  'seat_not_allowed',
  'no_common_currency',
  'no_campaign',
  'too_many_imps',
  'private_auction',
  'outside_hours',
  'device_type',
  'domain',
  'bundle',
  'mime',
  'protocol',
  'duration',
  'linearity',
  'api',
  'native_assets',
  'attribute_blocked',
  'banner_type_blocked',
  'language',
  'not_secure',
  'deal_terms',
  'advertiser_blocked',
  'app_blocked',
  'category_taxonomy',
  'category_blocked',
  'advertiser_in_pod',
  'no_ltv',
  'no_floor_rate',
  'below_floor',
  'below_deal_floor',
  'over_budget',
] as const

export type NoBidReason = (typeof NO_BID_REASONS)[number]

export interface NoBid {
  readonly impId: string
  readonly reason: NoBidReason
}

/**
 * Non-bid status codes of the community extension `seatnonbid`. 500 and above are ours: 500 anything of our own
 * targeting, 501 budget.
 */
const STATUS_CODES: Readonly<Record<NoBidReason, number>> = {
  too_late: 15,
  seat_not_allowed: 200,
  no_common_currency: 205,
  no_campaign: 0,
  too_many_imps: 200,
  private_auction: 200,
  outside_hours: 500,
  device_type: 6,
  domain: 7,
  bundle: 7,
  mime: 353,
  protocol: 353,
  duration: 353,
  linearity: 353,
  api: 353,
  native_assets: 353,
  attribute_blocked: 350,
  banner_type_blocked: 350,
  language: 350,
  not_secure: 352,
  deal_terms: 200,
  advertiser_blocked: 356,
  app_blocked: 356,
  category_taxonomy: 303,
  category_blocked: 357,
  advertiser_in_pod: 355,
  no_ltv: 8,
  no_floor_rate: 205,
  below_floor: 301,
  below_deal_floor: 304,
  over_budget: 501,
}

const RANKS = new Map(NO_BID_REASONS.map((reason, rank) => [reason, rank]))

/** The reason that stands nearer to a bid. */
export function nearer(a: NoBidReason | undefined, b: NoBidReason): NoBidReason {
  return a !== undefined && (RANKS.get(a) ?? 0) >= (RANKS.get(b) ?? 0) ? a : b
}

/** `ext.seatnonbid`, for a caller who asked why. */
export function seatNonBid(seat: string, noBids: readonly NoBid[]): object[] {
  const nonbid = noBids.map(({ impId, reason }) => ({
    impid: impId,
    statuscode: STATUS_CODES[reason],
    ext: { bidwarden: { reason } },
  }))
  return nonbid.length === 0 ? [] : [{ seat, nonbid }]
}
