/**
 * Why an impression got no bid, from what stands in the way first to what stands in the way last. Of several reasons
 * the last is told: it is what the offer that came closest failed on.
 */
export const NO_BID_REASONS = [
  'bad_request',
  'bad_impression',
  'too_late',
  'shed',
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
  'dsa_required',
  'dsa_rendering',
  'advertiser_in_pod',
  'no_ltv',
  'no_floor_rate',
  'below_floor',
  'below_deal_floor',
  'over_budget',
  'over_request_share',
  'too_costly',
] as const

export type NoBidReason = (typeof NO_BID_REASONS)[number]

export interface NoBid {
  readonly impId: string
  readonly reason: NoBidReason
  /** The field that was wrong, where one was. */
  readonly field?: string
  /** Why each campaign that was looked at did not bid, where the caller asked. */
  readonly campaigns?: ReadonlyMap<string, NoBidReason>
}

/**
 * Non-bid status codes of the community extension `seatnonbid`. 500 and above are ours: 500 anything of our own
 * targeting, 501 budget.
 */
const STATUS_CODES: Readonly<Record<NoBidReason, number>> = {
  bad_request: 100,
  bad_impression: 100,
  too_late: 15,
  shed: 503,
  seat_not_allowed: 200,
  dsa_required: 200,
  dsa_rendering: 200,
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
  over_request_share: 501,
  too_costly: 502,
}

const RANKS = new Map(NO_BID_REASONS.map((reason, rank) => [reason, rank]))

/** The reason that stands nearer to a bid. */
export function nearer(a: NoBidReason | undefined, b: NoBidReason): NoBidReason {
  return a !== undefined && (RANKS.get(a) ?? 0) >= (RANKS.get(b) ?? 0) ? a : b
}

/** `ext.seatnonbid`, for a caller who asked why. */
export function seatNonBid(seat: string, noBids: readonly NoBid[]): object[] {
  const nonbid = noBids.map(({ impId, reason, field, campaigns }) => ({
    impid: impId,
    statuscode: STATUS_CODES[reason],
    ext: {
      bidwarden: {
        reason,
        ...(field !== undefined && { field }),
        ...(campaigns && campaigns.size > 0 && { campaigns: Object.fromEntries(campaigns) }),
      },
    },
  }))
  return nonbid.length === 0 ? [] : [{ seat, nonbid }]
}

/** `nbr` of an answer without any bid: a code of the specification, or one of ours from 500 on. */
export function noBidReasonCode(noBids: readonly NoBid[]): number {
  const reason = noBids[0]?.reason
  if (reason === 'bad_request' || reason === 'bad_impression') return 2
  if (reason === 'too_late') return 15
  return reason !== undefined && STATUS_CODES[reason] > 500 ? STATUS_CODES[reason] : 500
}
