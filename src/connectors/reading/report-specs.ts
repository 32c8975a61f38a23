import type { ReportSpec, SpendReport } from '../platform/connector.ts'
import { costOf } from './figures.ts'

/** A report of figures by day. `key` and `fields` are our names of its columns. */
export const dailyReport = (
  key: readonly string[],
  fields: readonly string[],
  days: Pick<ReportSpec, 'lookbackDays' | 'historyMonths' | 'maxDays'>,
): ReportSpec => ({ fields, key, dated: true, ...days })

/** A report of what there is now, such as campaigns: its rows have no dates. */
export const undatedReport = (key: readonly string[], fields: readonly string[]): ReportSpec => ({
  fields,
  key,
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
})

/** Spend as `campaign_performance` has it, for platforms whose campaigns carry the budget. */
export const spendOfCampaigns = (
  days: Pick<SpendReport, 'settledAfterDays' | 'overDelivery'>,
): SpendReport => ({
  reportType: 'campaign_performance',
  campaignField: 'campaign_id',
  micros: costOf,
  ...days,
})
