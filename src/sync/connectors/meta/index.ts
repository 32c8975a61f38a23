import { createHmac } from 'node:crypto'
import type { HttpRequest, HttpResponse } from '../../../http.ts'
import { type Answer, meta, PLATFORM_DEFAULTS } from '../../../platforms/index.ts'
import { type CreateReadConnector, WRITES } from '../read-connector.ts'
import { CALLS, CAMPAIGNS, listAdAccounts, readEntities } from './entities.ts'
import { INSIGHTS, readInsights } from './insights.ts'
import { isTooMuch } from './pages.ts'
import { REPORTS, SPEND } from './reports.ts'
import { permissions } from './requests.ts'
import { createCampaign, dailyBudget, setCampaignStatus, updateCampaign } from './write.ts'

const { url, version, rateLimit } = PLATFORM_DEFAULTS.meta

/** Meta ads. An account is an ad account, `act_…`. */
export const createMeta: CreateReadConnector = (baseUrls = {}, client) => {
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
    limits: [
      { bucket: CALLS, ...rateLimit },
      { bucket: INSIGHTS, ...rateLimit },
      { bucket: WRITES, ...rateLimit },
    ],
    reports: {
      campaigns: CAMPAIGNS,
      ...Object.fromEntries(Object.entries(REPORTS).map(([name, { spec }]) => [name, spec])),
    },
    baseUrls: urls,
    concurrencyPerAccount: 2,
    spend: SPEND,
    authorize: (request, accessToken) =>
      request.url.startsWith(`${graph}/`)
        ? meta.authorize(proven(request, accessToken, client?.clientSecret), accessToken)
        : request,
    read: readAnswer,
    // Headers are of the account or the app, whatever was asked: they count against what was just used.
    usedShare({ headers }) {
      const share = meta.usedShare(headers)
      return share === undefined ? undefined : { bucket: '', share }
    },
    accounts: () => listAdAccounts(graph),
    campaigns: (account, since) => readEntities(graph, account, since),
    report: (query) => readInsights(graph, query),
    write: {
      create: (account, campaign) => createCampaign(graph, account, campaign),
      update: (account, id, change) => updateCampaign(graph, account, id, change),
      setStatus: (_, id, status) => setCampaignStatus(graph, id, status),
      dailyBudget: (account, id) => dailyBudget(graph, account, id),
    },
  }
}

/** Shows that we know the app's secret without sending it: a stolen token is worth nothing without. */
function proven(request: HttpRequest, accessToken: string, secret: string | undefined): HttpRequest {
  if (secret === undefined) return request
  const proof = createHmac('sha256', secret).update(accessToken).digest('hex')
  const separator = request.url.includes('?') ? '&' : '?'
  return { ...request, url: `${request.url}${separator}appsecret_proof=${proof}` }
}

/** A question that is too much for them is a passing failure by its code, but repeating it does not help: asking less does. */
function readAnswer(response: HttpResponse, nowMs: number): Answer {
  const answer = meta.read(response, nowMs)
  return answer.is === 'transient' && isTooMuch(answer.detail)
    ? { is: 'refused', detail: answer.detail }
    : answer
}
