import type { ReportSpec } from '../platform/connector.ts'
import { dailyReport } from '../reading/report-specs.ts'

/** Dimensions of Analytics by our names. */
export const DIMENSIONS: Readonly<Record<string, string>> = {
  date: 'date',
  source: 'sessionSource',
  medium: 'sessionMedium',
  campaign_id: 'sessionCampaignId',
  campaign_name: 'sessionCampaignName',
  landing_page: 'landingPage',
  event_name: 'eventName',
}

/** Metrics of Analytics by our names. Revenue is in the property's currency. */
export const METRICS: Readonly<Record<string, string>> = {
  sessions: 'sessions',
  engaged_sessions: 'engagedSessions',
  total_users: 'totalUsers',
  new_users: 'newUsers',
  key_events: 'keyEvents',
  purchases: 'ecommercePurchases',
  purchase_revenue: 'purchaseRevenue',
  event_count: 'eventCount',
}

/** Metrics that are not added up: somebody may be in several rows. */
export const NOT_ADDED = ['total_users']

/** Days for which figures may still change: Analytics may credit a key event to an earlier session. */
const LOOKBACK_DAYS = 12

// All dimensions are part of the key; without one of them different rows would be merged.
const report = (dimensions: readonly string[], metrics: readonly string[]): ReportSpec =>
  dailyReport(dimensions, [...metrics, ...dimensions], {
    lookbackDays: LOOKBACK_DAYS,
    historyMonths: undefined,
    maxDays: undefined,
  })

const SESSION_METRICS = [
  'sessions',
  'engaged_sessions',
  'total_users',
  'new_users',
  'key_events',
  'purchases',
  'purchase_revenue',
]

export const REPORTS: Readonly<Record<string, ReportSpec>> = {
  campaign_performance: report(['date', 'source', 'medium', 'campaign_id', 'campaign_name'], SESSION_METRICS),
  landing_pages: report(['date', 'landing_page'], SESSION_METRICS),
  events: report(['date', 'event_name'], ['event_count', 'total_users', 'purchase_revenue']),
}
