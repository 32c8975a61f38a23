import type { HttpRequest } from '../../../http.ts'
import { PLATFORM_DEFAULTS, TRADE_DESK_READS, tradeDesk } from '../../../platforms/index.ts'
import { type CreateReadConnector, WRITES } from '../read-connector.ts'
import { listAdvertisers } from './accounts.ts'
import { CAMPAIGNS, readEntities } from './entities.ts'
import { REPORT_CALLS, readReport } from './my-reports.ts'
import { CALLS } from './pages.ts'
import { REPORTS, SPEND } from './reports.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './write.ts'

const [OWN_HOSTS = '', ...STORES] = TRADE_DESK_READS.fileHosts

/**
 * The Trade Desk. An account is an advertiser; the key is a long-lived token. Settings: `partner_id` where the token sees
 * several partners and one is meant; `report_template_ids`, the MyReports template of each report.
 */
export const createTradeDesk: CreateReadConnector = (baseUrls = {}) => {
  const urls = { api: PLATFORM_DEFAULTS.tradedesk.url, ...baseUrls }
  const isOnApi = (url: string) => url.startsWith(`${urls.api}/`)
  const { origin } = new URL(urls.api)
  const isFileHost = (url: string) =>
    new URL(url).origin === origin || isBelow(url, OWN_HOSTS) || STORES.some((host) => isBelow(url, host))
  const { rateLimit } = PLATFORM_DEFAULTS.tradedesk

  return {
    type: 'TTD',
    auth: { is: 'api_key' },
    features: ['campaigns', 'reports', 'write_campaigns'],
    limits: [
      // They publish no numbers; these are ours.
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
    concurrencyPerAccount: TRADE_DESK_READS.concurrency,
    spend: SPEND,
    // Finished reports lie in a store elsewhere, which must not see the token.
    authorize: (request: HttpRequest, token) =>
      isOnApi(request.url) || isBelow(request.url, OWN_HOSTS) ? tradeDesk.authorize(request, token) : request,
    read: tradeDesk.read,
    usedShare: () => undefined,
    accounts: (settings) => listAdvertisers(urls.api, settings),
    campaigns: (account, since) => readEntities(urls.api, account, since),
    report: (query) => readReport({ api: urls.api, isFileHost }, query),
    write: {
      create: (account, campaign) => createCampaign(urls.api, account, campaign),
      update: (account, id, change) => updateCampaign(urls.api, account, id, change),
      setStatus: (_, id, status) => setCampaignStatus(urls.api, id, status),
      dailyBudget: (_, id) => dailyBudget(urls.api, id),
    },
  }
}

/** @param domain with its leading dot */
function isBelow(url: string, domain: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' && hostname.endsWith(domain)
}
