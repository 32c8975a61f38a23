import { z } from 'zod'
import type { HttpResponse } from '../../../http.ts'
import {
  type Answer,
  GOOGLE_OAUTH,
  googleAds,
  googleAdsErrors,
  PLATFORM_DEFAULTS,
} from '../../../platforms/index.ts'
import { slicesOf } from '../dates.ts'
import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google-auth.ts'
import {
  type AccountRef,
  ask,
  type CreateReadConnector,
  type ReadTalk,
  type ReportQuery,
  type ReportResult,
  type Since,
  TalkRefused,
  WRITES,
} from '../read-connector.ts'
import { CALLS, doorTo, listAccounts } from './customers.ts'
import { AD_GROUP_COLUMNS, CAMPAIGN_COLUMNS, CAMPAIGNS, type Column, REPORTS, SPEND } from './reports.ts'
import { entitiesQuery, figuresQuery, searchStream } from './requests.ts'
import { readResults, resultsOf } from './rows.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './write.ts'

const Resume = z.object({ doneThrough: z.string() })
const ACCOUNT_CLOSED = 'authorizationError.CUSTOMER_NOT_ENABLED'
const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }

/**
 * Google Ads. Settings: `login_customer_id`, the manager an account is opened through, where it is not to be looked for;
 * `contains_eu_political_advertising` for new campaigns.
 */
export const createGoogleAds: CreateReadConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, googleAds: PLATFORM_DEFAULTS.google_ads.url, ...baseUrls }
  const host = urls.googleAds

  function* campaigns(account: AccountRef, { caveats }: Since): ReadTalk<ReportResult> {
    const door = yield* doorTo(host, account, CALLS)
    for (const [level, columns] of [
      ['campaign', CAMPAIGN_COLUMNS],
      ['ad_group', AD_GROUP_COLUMNS],
    ] as const) {
      const body = yield* ask(searchStream(door, entitiesQuery(level, Object.values(columns))), CALLS)
      yield { is: 'rows', rows: readResults(caveats, resultsOf(body), columns, { level }) }
    }
    return NOTHING
  }

  function* report(query: ReportQuery): ReadTalk<ReportResult> {
    const { account, reportType, range, fields, resume, caveats } = query
    const asked = REPORTS[reportType]
    if (!asked || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
    const columns: Record<string, Column> = {}
    for (const [name, column] of Object.entries(asked.columns))
      if (asked.spec.key.includes(name) || fields.includes(name)) columns[name] = column

    const doneThrough = Resume.safeParse(resume).data?.doneThrough ?? ''
    const slices = slicesOf(range, asked.sliceDays)
    const door = yield* doorTo(host, account, CALLS)
    for (const [index, slice] of slices.entries()) {
      if (slice.end <= doneThrough) continue
      const question = figuresQuery(asked.from, Object.values(columns), slice)
      const body = yield* ask(searchStream(door, question), CALLS)
      yield { is: 'rows', rows: readResults(caveats, resultsOf(body), columns) }
      if (index === slices.length - 1) break
      yield { is: 'remember', state: { doneThrough: slice.end } }
      yield { is: 'progress', share: (index + 1) / slices.length }
    }
    return NOTHING
  }

  const { rateLimit } = PLATFORM_DEFAULTS.google_ads
  return {
    type: 'GOOGLE_ADS',
    auth: googleAuth(urls, [GOOGLE_OAUTH.scopes.googleAds]),
    features: ['campaigns', 'reports', 'write_campaigns'],
    limits: [
      { bucket: CALLS, ...rateLimit },
      // Operations a day with basic access.
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
    read: readAnswer,
    usedShare: () => undefined,
    accounts: () => listAccounts(host),
    campaigns,
    report,
    write: {
      create: (account, campaign) => createCampaign(host, account, campaign),
      update: (account, id, change) => updateCampaign(host, account, id, change),
      setStatus: (account, id, status) => setCampaignStatus(host, account, id, status),
      dailyBudget: (account, id) => dailyBudget(host, account, id),
    },
  }
}

/** One account of several that was closed does not mean that the grant is lost. */
function readAnswer(response: HttpResponse, nowMs: number): Answer {
  const answer = googleAds.read(response, nowMs)
  const isClosed =
    answer.is === 'auth_lost' && googleAdsErrors(response).every((name) => name === ACCOUNT_CLOSED)
  return isClosed && googleAdsErrors(response).length > 0 ? { is: 'refused', detail: answer.detail } : answer
}
