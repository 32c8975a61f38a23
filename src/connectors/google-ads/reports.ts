import type { ReportSpec } from '../platform/connector.ts'
import { dailyReport, spendOfCampaigns, undatedReport } from '../reading/report-specs.ts'

/** One of our columns: the field of the query language that it is read from, and its kind. */
export interface GoogleAdsColumn {
  readonly field: string
  /**
   * `id` must be present. `count` and `share` are zero when absent, because protobuf omits zero fields. `amount` is
   * null when absent.
   */
  readonly is: 'id' | 'text' | 'flag' | 'count' | 'share' | 'amount'
}

const column = (field: string, is: GoogleAdsColumn['is']): GoogleAdsColumn => ({ field, is })

const METRICS = {
  impressions: column('metrics.impressions', 'count'),
  clicks: column('metrics.clicks', 'count'),
  cost_micros: column('metrics.cost_micros', 'count'),
  conversions: column('metrics.conversions', 'share'),
  conversions_value: column('metrics.conversions_value', 'share'),
  all_conversions: column('metrics.all_conversions', 'share'),
  view_through_conversions: column('metrics.view_through_conversions', 'count'),
}
const CAMPAIGN_NAMES = {
  campaign_name: column('campaign.name', 'text'),
  campaign_status: column('campaign.status', 'text'),
}

export interface GoogleAdsReport {
  readonly from: 'campaign' | 'ad_group'
  readonly spec: ReportSpec
  readonly columns: Readonly<Record<string, GoogleAdsColumn>>
  /** Days per query, because an answer is read whole. */
  readonly sliceDays: number
}

/** Days for which figures may still grow: most accounts count conversions up to 30 days after a click. */
const LOOKBACK_DAYS = 30
/** Months for which the platform keeps figures. */
const HISTORY_MONTHS = 37

const report = (
  from: GoogleAdsReport['from'],
  sliceDays: number,
  key: Readonly<Record<string, GoogleAdsColumn>>,
  columns: Readonly<Record<string, GoogleAdsColumn>>,
): GoogleAdsReport => ({
  from,
  sliceDays,
  columns: { ...key, ...columns },
  spec: dailyReport(Object.keys(key), Object.keys(columns), {
    lookbackDays: LOOKBACK_DAYS,
    historyMonths: HISTORY_MONTHS,
    maxDays: 366,
  }),
})

const DATE = column('segments.date', 'id')
const CAMPAIGN_ID = column('campaign.id', 'id')

export const REPORTS: Readonly<Record<string, GoogleAdsReport>> = {
  campaign_performance: report(
    'campaign',
    31,
    { date: DATE, campaign_id: CAMPAIGN_ID },
    { ...METRICS, ...CAMPAIGN_NAMES },
  ),
  ad_group_performance: report(
    'ad_group',
    7,
    { date: DATE, ad_group_id: column('ad_group.id', 'id') },
    {
      ...METRICS,
      campaign_id: CAMPAIGN_ID,
      ad_group_name: column('ad_group.name', 'text'),
      ad_group_status: column('ad_group.status', 'text'),
      ...CAMPAIGN_NAMES,
    },
  ),
}

/** Invalid clicks are removed within some days. A day may cost twice its budget, a month 30.4 times. */
export const SPEND = spendOfCampaigns({ settledAfterDays: 3, overDelivery: 2 })

/** Columns of campaigns. A shared budget limits other campaigns too. */
export const CAMPAIGN_COLUMNS: Readonly<Record<string, GoogleAdsColumn>> = {
  id: CAMPAIGN_ID,
  name: column('campaign.name', 'text'),
  status: column('campaign.status', 'text'),
  type: column('campaign.advertising_channel_type', 'text'),
  bidding_strategy_type: column('campaign.bidding_strategy_type', 'text'),
  daily_budget_micros: column('campaign_budget.amount_micros', 'amount'),
  budget_is_shared: column('campaign_budget.explicitly_shared', 'flag'),
}
export const AD_GROUP_COLUMNS: Readonly<Record<string, GoogleAdsColumn>> = {
  id: column('ad_group.id', 'id'),
  name: column('ad_group.name', 'text'),
  status: column('ad_group.status', 'text'),
  type: column('ad_group.type', 'text'),
  parent_id: CAMPAIGN_ID,
  cpc_bid_micros: column('ad_group.cpc_bid_micros', 'amount'),
}

export const CAMPAIGNS = undatedReport(
  ['level', 'id'],
  [
    ...new Set(
      [...Object.keys(CAMPAIGN_COLUMNS), ...Object.keys(AD_GROUP_COLUMNS)].filter((name) => name !== 'id'),
    ),
  ],
)
