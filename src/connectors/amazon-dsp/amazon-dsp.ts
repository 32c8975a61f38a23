import type { AccountRef, Auth, CreateConnector, ReportQuery, ReportResult } from '../platform/connector.ts'
import { type Talk, TalkRefused } from '../platform/steps.ts'
import { amazon } from './api.ts'
import { advertiserOf, ENTITIES, listAccounts, readEntities } from './entities.ts'
import { REPORTS, readFigures } from './figures.ts'
import { ENTITIES_REPORT, LEVELS } from './reports.ts'

type Region = keyof typeof amazon.regions
/** Assumed time to make a report, in milliseconds. Amazon gives none; this is a guess. */
const REPORT_MS = 300_000
const REGIONS: readonly Region[] = ['NA', 'EU', 'FE']
const HOSTS = Object.fromEntries(
  REGIONS.flatMap((region) =>
    Object.entries(amazon.regions[region]).map(([name, url]) => [`${name}${region}`, url]),
  ),
)

/**
 * Amazon's demand-side platform. An account is an advertiser with its profile. Setting: `region`, one of NA, EU and FE;
 * NA by default.
 */
export const createAmazonDsp: CreateConnector = (baseUrls = {}, client) => {
  const urls: Readonly<Record<string, string>> = { ...HOSTS, ...baseUrls }
  const hostOf = (name: 'api' | 'authorize' | 'token', region: Region) => urls[`${name}${region}`] ?? ''
  const apis = REGIONS.map((region) => hostOf('api', region))

  const apiOf = (settings: AccountRef['settings']): string => {
    const region = regionOf(settings)
    if (region === undefined) throw new TalkRefused(`settings.region: is none of ${REGIONS.join(', ')}`)
    return hostOf('api', region)
  }

  /** Authorization by region. A refresh token has no end and does not change; Amazon has no call to revoke it. */
  const authFor = (settings: AccountRef['settings']): Auth => {
    const region = regionOf(settings) ?? 'NA'
    return {
      is: 'oauth2',
      authorizeUrl: hostOf('authorize', region),
      tokenUrl: hostOf('token', region),
      revokeUrl: undefined,
      scopes: amazon.scopes,
      scopeSeparator: ' ',
      pkce: true,
      extra: {},
      refresh: 'refresh_token',
    }
  }

  function* report(query: ReportQuery): Talk<ReportResult> {
    const { account, reportType } = query
    const level = LEVELS[reportType]
    if (!level) throw new TalkRefused(`there is no report ${reportType}`)
    yield* readFigures(advertiserOf(apiOf(account.settings), account), query, level)
    return { cursor: undefined, finalThrough: undefined, caveats: [] }
  }

  return {
    type: 'AMAZON_DSP',
    auth: authFor({}),
    authFor,
    features: ['campaigns', 'reports'],
    limits: [
      ...amazon.limits.entities.map((limit) => ({ bucket: ENTITIES, ...limit })),
      ...amazon.limits.reports.map((limit) => ({ bucket: REPORTS, ...limit })),
    ],
    reports: {
      campaigns: ENTITIES_REPORT,
      ...Object.fromEntries(Object.entries(LEVELS).map(([name, { spec }]) => [name, spec])),
    },
    baseUrls: urls,
    fileHosts: amazon.fileHosts,
    concurrencyPerAccount: 1,
    makingMs: (reportType) => (Object.hasOwn(LEVELS, reportType) ? REPORT_MS : 0),
    authorize(request, accessToken) {
      // Finished reports are stored elsewhere, under signed addresses that need no token.
      if (!apis.some((host) => request.url.startsWith(`${host}/`))) return request
      const headers = {
        ...request.headers,
        authorization: `Bearer ${accessToken}`,
        ...(client && { 'Amazon-Advertising-API-ClientId': client.clientId }),
      }
      return { ...request, headers }
    },
    read: amazon.read,
    usedShare: () => undefined,
    *accounts(settings) {
      return yield* listAccounts(apiOf(settings))
    },
    *campaigns(account, since) {
      return yield* readEntities(advertiserOf(apiOf(account.settings), account), since)
    },
    report,
    write: undefined,
  }
}

/** Region of the settings; undefined for an unknown one. */
function regionOf(settings: AccountRef['settings']): Region | undefined {
  const named = settings['region'] ?? 'NA'
  return REGIONS.find((region) => region === named)
}
