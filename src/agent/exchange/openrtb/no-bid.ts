/**
 * Reasons for an impression without a bid, in the order of the checks. Of several reasons the last one is reported,
 * because the offer that came closest failed on it.
 */
export const NO_BID_REASONS = [
  'bad_request',
  'bad_impression',
  'too_late',
  'shed',
  'too_many_open_bids',
  'seat_not_allowed',
  'no_common_currency',
  'no_campaign',
  'too_many_imps',
  'private_auction',
  'outside_hours',
  'device_type',
  'domain',
  'bundle',
  'supply_chain',
  'rewarded',
  'placement',
  'mime',
  'protocol',
  'duration',
  'linearity',
  'api',
  'attribute_blocked',
  'banner_type_blocked',
  'language',
  'not_secure',
  'category_taxonomy',
  'category_blocked',
  'dsa_required',
  'dsa_rendering',
  'native_assets',
  'deal_terms',
  'app_blocked',
  'advertiser_blocked',
  'advertiser_in_pod',
  'no_ltv',
  'no_floor_rate',
  'below_floor',
  'below_deal_floor',
  'no_user_id',
  'frequency_capped',
  'paced',
  'stopped',
  'budget_unknown',
  'over_budget',
  'over_request_share',
  'too_costly',
] as const

export type NoBidReason = (typeof NO_BID_REASONS)[number]

export interface NoBid {
  readonly impId: string
  readonly reason: NoBidReason
  /** The wrong field, where there was one. */
  readonly field?: string
  /** Why each campaign that was looked at did not bid, where the caller asked for it. */
  readonly campaigns?: ReadonlyMap<string, NoBidReason>
}

/**
 * Non-bid status codes of the community extension `seatnonbid`. Codes from 500 on are our own: 500 for every kind of
 * targeting, 501 for budget.
 */
const STATUS_CODES: Readonly<Record<NoBidReason, number>> = {
  bad_request: 100,
  bad_impression: 100,
  too_late: 15,
  shed: 503,
  too_many_open_bids: 503,
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
  supply_chain: 500,
  rewarded: 500,
  placement: 500,
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
  no_user_id: 8,
  frequency_capped: 500,
  paced: 501,
  stopped: 501,
  budget_unknown: 501,
  over_budget: 501,
  over_request_share: 501,
  too_costly: 502,
}

const RANKS = new Map(NO_BID_REASONS.map((reason, rank) => [reason, rank]))

/** Returns the reason of the later check. */
export function nearer(a: NoBidReason | undefined, b: NoBidReason): NoBidReason {
  return a !== undefined && (RANKS.get(a) ?? 0) >= (RANKS.get(b) ?? 0) ? a : b
}

/**
 * Builds `ext.seatnonbid` for a caller that asked for reasons.
 * @param mayTell whether the caller may know of a campaign
 */
export function seatNonBid(
  seat: string,
  noBids: readonly NoBid[],
  mayTell: (campaignId: string) => boolean,
): object[] {
  const toldOf = (campaigns: NoBid['campaigns']) => {
    const told = [...(campaigns ?? [])].filter(([id]) => mayTell(id))
    return told.length > 0 && { campaigns: Object.fromEntries(told) }
  }
  const nonbid = noBids.map(({ impId, reason, field, campaigns }) => ({
    impid: impId,
    statuscode: STATUS_CODES[reason],
    ext: {
      bidwarden: {
        reason,
        ...(field !== undefined && { field }),
        ...toldOf(campaigns),
      },
    },
  }))
  return nonbid.length === 0 ? [] : [{ seat, nonbid }]
}

/** `nbr` of an answer without any bid: a code of the specification, or one of our own from 500 on. */
export function noBidReasonCode(noBids: readonly NoBid[]): number {
  const reason = noBids[0]?.reason
  if (reason === 'bad_request' || reason === 'bad_impression') return 2
  if (reason === 'too_late') return 15
  return reason !== undefined && STATUS_CODES[reason] > 500 ? STATUS_CODES[reason] : 500
}
