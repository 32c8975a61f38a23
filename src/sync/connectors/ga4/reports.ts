import type { ReportSpec } from '../read-connector.ts'

/** Our names for what Analytics calls dimensions. */
export const DIMENSIONS: Readonly<Record<string, string>> = {
  date: 'date',
  source: 'sessionSource',
  medium: 'sessionMedium',
  campaign_id: 'sessionCampaignId',
  campaign_name: 'sessionCampaignName',
  landing_page: 'landingPage',
  event_name: 'eventName',
}

/** Our names for what Analytics calls metrics. Revenue is in the currency of the property. */
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

/** Analytics may credit a key event to a session for this long after it. */
const LOOKBACK_DAYS = 12

// Every dimension is part of the key: leaving one out would add up other rows.
const report = (dimensions: readonly string[], metrics: readonly string[]): ReportSpec => ({
  fields: [...metrics, ...dimensions],
  key: dimensions,
  dated: true,
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
