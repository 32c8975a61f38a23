import type { HttpRequest } from '../../http/http.ts'
import type { CreateConnector } from '../platform/connector.ts'
import { WRITES } from '../platform/steps.ts'
import { listAdvertisers } from './accounts.ts'
import { TRADE_DESK_API, TRADE_DESK_READS, tradeDesk } from './api.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { CAMPAIGNS, readEntities } from './entities.ts'
import { REPORT_CALLS, readReport } from './my-reports.ts'
import { CALLS } from './pages.ts'
import { REPORTS, SPEND } from './reports.ts'

/** Assumed time to make a report, in milliseconds. The Trade Desk gives none; this is a guess. */
const REPORT_MS = 600_000
const [OWN_HOSTS] = TRADE_DESK_READS.fileHosts

/**
 * The Trade Desk. An account is an advertiser; the key is a long-lived token. Settings: `partner_id`, where the token
 * sees several partners; `report_template_ids`, the MyReports template of each report.
 */
export const createTradeDesk: CreateConnector = (baseUrls = {}) => {
  const urls = { api: TRADE_DESK_API.url, ...baseUrls }
  const isOnApi = (url: string) => url.startsWith(`${urls.api}/`)
  const { rateLimit } = TRADE_DESK_API

  return {
    type: 'TTD',
    auth: { is: 'api_key' },
    features: ['campaigns', 'reports', 'write_campaigns'],
    limits: [
      // The platform publishes no limits; these are ours.
      { bucket: CALLS, calls: 100, windowMs: 60_000 },
      { bucket: CALLS, calls: 50_000, windowMs: 86_400_000 },
      { bucket: REPORT_CALLS, ...rateLimit },
      { bucket: WRITES, ...rateLimit },
    ],
    reports: {
      campaigns: CAMPAIGNS,
      ...Object.fromEntries(Object.entries(REPORTS).map(([name, { spec }]) => [name, spec])),
    },
    baseUrls: urls,
    fileHosts: TRADE_DESK_READS.fileHosts,
    concurrencyPerAccount: TRADE_DESK_READS.concurrency,
    makingMs: (reportType) => (Object.hasOwn(REPORTS, reportType) ? REPORT_MS : 0),
    spend: SPEND,
    // Finished reports are stored elsewhere, and that store must not get the token.
    authorize: (request: HttpRequest, token) =>
      isOnApi(request.url) || isBelow(request.url, OWN_HOSTS) ? tradeDesk.authorize(request, token) : request,
    read: tradeDesk.read,
    usedShare: () => undefined,
    accounts: (settings) => listAdvertisers(urls.api, settings),
    campaigns: (account, since) => readEntities(urls.api, account, since),
    report: (query) => readReport(urls.api, query),
    write: {
      create: (account, campaign) => createCampaign(urls.api, account, campaign),
      update: (account, id, change) => updateCampaign(urls.api, account, id, change),
      setStatus: (_, id, status) => setCampaignStatus(urls.api, id, status),
      dailyBudget: (account, id) => dailyBudget(urls.api, account, id),
    },
  }
}

/** @param domain with its leading dot */
function isBelow(url: string, domain: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' && hostname.endsWith(domain)
}
