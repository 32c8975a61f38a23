import { z } from 'zod'
import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google/auth.ts'
import { GOOGLE_OAUTH } from '../google/oauth.ts'
import type { AccountRef, CreateConnector, ReportQuery, ReportResult, Since } from '../platform/connector.ts'
import { type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { slicesOf } from '../reading/dates.ts'
import { GOOGLE_ADS_API, googleAds } from './api.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { CALLS, doorTo, listAccounts } from './customers.ts'
import {
  AD_GROUP_COLUMNS,
  CAMPAIGN_COLUMNS,
  CAMPAIGNS,
  type GoogleAdsColumn,
  REPORTS,
  SPEND,
} from './reports.ts'
import { entitiesQuery, figuresQuery, withoutAdGroupsQuery } from './requests.ts'
import { costOfAll, rowOf, searched } from './rows.ts'

const Resume = z.object({ doneThrough: z.string() })
const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }

/**
 * Google Ads. Settings: `login_customer_id`, the manager through which the account is opened, if it is not to be
 * searched for; `contains_eu_political_advertising`, for new campaigns.
 */
export const createGoogleAds: CreateConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, googleAds: GOOGLE_ADS_API.url, ...baseUrls }
  const host = urls.googleAds

  function* campaigns(account: AccountRef, { caveats }: Since): Talk<ReportResult> {
    const door = yield* doorTo(host, account, CALLS)
    for (const [level, columns] of [
      ['campaign', CAMPAIGN_COLUMNS],
      ['ad_group', AD_GROUP_COLUMNS],
    ] as const) {
      const question = entitiesQuery(level, Object.values(columns))
      yield* searched(door, question, CALLS, () => rowOf(caveats, columns, { level }))
    }
    return NOTHING
  }

  function* report(query: ReportQuery): Talk<ReportResult> {
    const { account, reportType, range, fields, resume, caveats } = query
    const asked = REPORTS[reportType]
    if (!asked || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
    const columns: Record<string, GoogleAdsColumn> = {}
    for (const [name, column] of Object.entries(asked.columns))
      if (asked.spec.key.includes(name) || fields.includes(name)) columns[name] = column

    const doneThrough = Resume.safeParse(resume).data?.doneThrough ?? ''
    const slices = slicesOf(range, asked.sliceDays)
    const door = yield* doorTo(host, account, CALLS)
    for (const [index, slice] of slices.entries()) {
      if (slice.end <= doneThrough) continue
      const question = figuresQuery(asked.from, Object.values(columns), slice)
      yield* searched(door, question, CALLS, () => rowOf(caveats, columns))
      if (index === slices.length - 1) break
      yield { is: 'remember', state: { doneThrough: slice.end } }
      yield { is: 'progress', share: (index + 1) / slices.length }
    }
    if (asked.from === 'ad_group') {
      const cost = yield* costOfAll(door, withoutAdGroupsQuery(range), CALLS, caveats)
      if (cost > 0)
        caveats.add(
          `campaigns of Performance Max have no ad groups: what they cost from ${range.start} to ${range.end}, ${(cost / 1_000_000).toFixed(2)}, is in no row here; campaign_performance has it`,
        )
    }
    return NOTHING
  }

  const { rateLimit } = GOOGLE_ADS_API
  return {
    type: 'GOOGLE_ADS',
    auth: googleAuth(urls, [GOOGLE_OAUTH.scopes.googleAds]),
    features: ['campaigns', 'reports', 'write_campaigns'],
    limits: [
      { bucket: CALLS, ...rateLimit },
      // Operations per day with basic access.
      { bucket: CALLS, calls: 15_000, windowMs: 86_400_000 },
      { bucket: WRITES, ...rateLimit },
    ],
    reports: {
      campaigns: CAMPAIGNS,
      ...Object.fromEntries(Object.entries(REPORTS).map(([name, { spec }]) => [name, spec])),
    },
    baseUrls: urls,
    concurrencyPerAccount: 2,
    spend: SPEND,
    authorize: (request, accessToken) => bearer(request, accessToken, [host]),
    read: googleAds.read,
    usedShare: () => undefined,
    accounts: () => listAccounts(host),
    campaigns,
    report,
    write: {
      create: (account, campaign) => createCampaign(host, account, campaign),
      *update(account, id, change) {
        const door = yield* doorTo(host, account, WRITES)
        return { id: (yield* updateCampaign(door, account, id, change)).id }
      },
      *setStatus(account, id, status) {
        const door = yield* doorTo(host, account, WRITES)
        return { id: (yield* setCampaignStatus(door, id, status)).id }
      },
      *dailyBudget(account, id) {
        const door = yield* doorTo(host, account, WRITES)
        return yield* dailyBudget(door, id)
      },
    },
  }
}
