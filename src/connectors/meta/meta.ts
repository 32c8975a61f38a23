import { createHmac } from 'node:crypto'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'
import type { Answer } from '../platform/answer.ts'
import type { CreateConnector } from '../platform/connector.ts'
import { EVERY_CALL } from '../platform/steps.ts'
import { META_API, meta } from './api.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './campaigns.ts'
import { CAMPAIGNS, listAdAccounts, readEntities } from './entities.ts'
import { readInsights, runsFor } from './insights.ts'
import { isFailedReport, isTooMuch } from './pages.ts'
import { REPORTS, SPEND } from './reports.ts'
import { permissions } from './requests.ts'

/** Assumed time to make a report, in milliseconds. Meta gives none; this is a guess. */
const REPORT_MS = 60_000
const { url, version, rateLimit } = META_API

/** Meta ads. An account is an ad account, `act_…`. */
export const createMeta: CreateConnector = (baseUrls = {}, client) => {
  const urls = { graph: url, dialog: 'https://www.facebook.com', ...baseUrls }
  const { graph, dialog } = urls

  return {
    type: 'META',
    auth: {
      is: 'oauth2',
      authorizeUrl: `${dialog}/${version}/dialog/oauth`,
      tokenUrl: `${graph}/${version}/oauth/access_token`,
      revokeUrl: undefined,
      revokeRequest: permissions(graph),
      readError: readAnswer,
      scopes: ['ads_management', 'ads_read', 'business_management'],
      scopeSeparator: ',',
      pkce: false,
      extra: {},
      refresh: 'exchange',
    },
    features: ['campaigns', 'reports', 'webhooks', 'write_campaigns'],
    limits: [{ bucket: EVERY_CALL, ...rateLimit, yields: true }],
    reports: {
      campaigns: CAMPAIGNS,
      ...Object.fromEntries(Object.entries(REPORTS).map(([name, { spec }]) => [name, spec])),
    },
    baseUrls: urls,
    concurrencyPerAccount: 2,
    makingMs: (reportType, range) => (Object.hasOwn(REPORTS, reportType) ? REPORT_MS * runsFor(range) : 0),
    spend: SPEND,
    authorize: (request, accessToken) =>
      request.url.startsWith(`${graph}/`)
        ? meta.authorize(proven(request, accessToken, client?.clientSecret), accessToken)
        : request,
    read: readAnswer,
    usedShare: meta.usedShare,
    accounts: () => listAdAccounts(graph),
    campaigns: (account, since) => readEntities(graph, account, since),
    report: (query) => readInsights(graph, query),
    write: {
      create: (account, campaign) => createCampaign(graph, account, campaign),
      update: (account, id, change) => updateCampaign({ graph }, account, id, change),
      setStatus: (_, id, status) => setCampaignStatus({ graph }, id, status),
      dailyBudget: (account, id) => dailyBudget({ graph }, account, id),
    },
  }
}

/** Adds a proof that we know the app's secret without sending it. A stolen token is useless without it. */
function proven(request: HttpRequest, accessToken: string, secret: string | undefined): HttpRequest {
  if (secret === undefined) return request
  const proof = createHmac('sha256', secret).update(accessToken).digest('hex')
  const separator = request.url.includes('?') ? '&' : '?'
  return { ...request, url: `${request.url}${separator}appsecret_proof=${proof}` }
}

/**
 * Classes an answer. By Meta's code, a query that is too large is a passing failure, but repeating it does not help: it
 * has to be made smaller. A report that could not be made has to be ordered again, not asked for again.
 */
function readAnswer(response: HttpResponse, nowMs: number): Answer {
  const answer = meta.read(response, nowMs)
  if (answer.is !== 'transient' && answer.is !== 'failed') return answer
  const { detail } = answer
  return isTooMuch(detail) || isFailedReport(detail) ? { is: 'refused', detail } : answer
}
