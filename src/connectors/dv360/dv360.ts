import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google/auth.ts'
import { GOOGLE_OAUTH } from '../google/oauth.ts'
import type { CreateConnector, ReportQuery, ReportResult } from '../platform/connector.ts'
import { type Talk, TalkRefused, WRITES } from '../platform/steps.ts'
import { dv360 } from './api.ts'
import { REPORTS_BUCKET, readFigures } from './bid-manager.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { ENTITIES, ENTITY_REPORT, listAccounts, readChanges, readEntities } from './entities.ts'
import { LEVELS, SDF, SPEND } from './reports.ts'
import { readSdf } from './sdf.ts'

/** Assumed time to make a report, in milliseconds. Google says "multiple minutes to over an hour". */
const REPORT_MS = 300_000
/** Assumed time to make structured data files, in milliseconds. Google gives none; this is a guess. */
const FILES_MS = 120_000

const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }

/**
 * Display & Video 360. An account is an advertiser. Settings: `partner_id`, for a grant that can open a partner's
 * advertisers but not list partners; `campaign_goal`, the goal of new campaigns in the platform's words.
 */
export const createDv360: CreateConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, ...dv360.hosts, ...baseUrls }

  function* report(query: ReportQuery): Talk<ReportResult> {
    const { account, reportType, resume, cursor, caveats } = query
    if (reportType === 'line_item_changes') {
      const since = typeof cursor === 'string' && cursor !== '' ? cursor : undefined
      return yield* readChanges(urls.displayVideo, account, since, caveats)
    }
    if (reportType === 'sdf') {
      yield* readSdf(urls.displayVideo, account.accountId, resume)
      return NOTHING
    }
    const level = LEVELS[reportType]
    if (!level) throw new TalkRefused(`there is no report ${reportType}`)
    yield* readFigures(urls.bidManager, query, level)
    return NOTHING
  }

  return {
    type: 'DV360',
    auth: googleAuth(urls, [GOOGLE_OAUTH.scopes.displayVideo, GOOGLE_OAUTH.scopes.bidManager]),
    features: ['campaigns', 'reports', 'sdf', 'write_campaigns'],
    limits: [
      ...dv360.limits.entities.map((limit) => ({ bucket: ENTITIES, ...limit })),
      ...dv360.limits.reports.map((limit) => ({ bucket: REPORTS_BUCKET, ...limit })),
      ...dv360.limits.writes.map((limit) => ({ bucket: WRITES, ...limit })),
    ],
    reports: {
      campaigns: ENTITY_REPORT,
      line_item_changes: { ...ENTITY_REPORT, key: ['id'] },
      ...Object.fromEntries(Object.entries(LEVELS).map(([name, { spec }]) => [name, spec])),
      sdf: SDF,
    },
    baseUrls: urls,
    fileHosts: dv360.fileHosts,
    concurrencyPerAccount: 2,
    makingMs: (reportType) =>
      Object.hasOwn(LEVELS, reportType) ? REPORT_MS : reportType === 'sdf' ? FILES_MS : 0,
    spend: SPEND,
    authorize: (request, accessToken) => bearer(request, accessToken, [urls.displayVideo, urls.bidManager]),
    read: dv360.read,
    usedShare: () => undefined,
    accounts: (settings) => listAccounts(urls.displayVideo, settings),
    campaigns: (account, { caveats }) => readEntities(urls.displayVideo, account, caveats),
    report,
    write: {
      create: (account, campaign) => createCampaign(urls.displayVideo, account, campaign),
      update: (account, id, change) => updateCampaign(urls.displayVideo, account, id, change),
      setStatus: (account, id, status) => setCampaignStatus(urls.displayVideo, account, id, status),
      dailyBudget: (account, id) => dailyBudget(urls.displayVideo, account, id),
    },
  }
}
