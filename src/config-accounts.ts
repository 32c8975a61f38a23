import type { Env } from './config-env.ts'
import type { GoogleAdsAccount, GoogleAuth, MetaAccount, TradeDeskAccount } from './connectors/index.ts'
import type { PlatformName } from './platforms/index.ts'

/** A platform without credentials has no account. */
export interface Accounts {
  readonly google_ads: GoogleAdsAccount | undefined
  readonly meta: MetaAccount | undefined
  readonly tradedesk: TradeDeskAccount | undefined
}

/** Names an account within its platform; what it is called for counts together. `none` where there are no credentials. */
export function accountId(platform: PlatformName, accounts: Accounts): string {
  const { google_ads, meta, tradedesk } = accounts
  const ids = { google_ads: google_ads?.customerId, meta: meta?.businessId, tradedesk: tradedesk?.partnerId }
  return ids[platform] ?? 'none'
}

/** One of these set means that the platform is to be used for real. */
const CREDENTIALS = [
  'GOOGLE_ADS_API_KEY',
  'GOOGLE_ADS_REFRESH_TOKEN',
  'GOOGLE_ADS_CUSTOMER_ID',
  'META_ACCESS_TOKEN',
  'META_BUSINESS_ID',
  'TRADEDESK_API_KEY',
  'TRADEDESK_PARTNER_ID',
] as const satisfies readonly (keyof Env)[]

/** Whether any platform is to be used for real. */
export const namesAccount = (env: Env): boolean => CREDENTIALS.some((name) => env[name] !== undefined)

/** What each platform needs once any of its variables is set. */
const REQUIRED = {
  google_ads: ['GOOGLE_ADS_API_KEY', 'GOOGLE_ADS_CUSTOMER_ID'],
  meta: ['META_ACCESS_TOKEN', 'META_BUSINESS_ID'],
  tradedesk: [
    'TRADEDESK_API_KEY',
    'TRADEDESK_PARTNER_ID',
    'TRADEDESK_BID_URL',
    'TRADEDESK_ADVERTISER_DOMAIN',
    'PUBLIC_URL',
  ],
} as const satisfies Record<PlatformName, readonly (keyof Env)[]>

const REFRESH = ['GOOGLE_ADS_CLIENT_ID', 'GOOGLE_ADS_CLIENT_SECRET', 'GOOGLE_ADS_REFRESH_TOKEN'] as const

/** A line per platform that is named but incomplete; one per platform when none is named at all. */
export function missingCredentials(env: Env): string[] {
  const named = CREDENTIALS.filter((name) => env[name] !== undefined)
  return Object.entries(REQUIRED).flatMap(([platform, required]) => {
    const prefix = platform.toUpperCase()
    if (named.length > 0 && !named.some((name) => name.startsWith(prefix))) return []
    const refreshes = platform === 'google_ads' && env.GOOGLE_ADS_REFRESH_TOKEN !== undefined
    const needed: readonly (keyof Env)[] = refreshes ? [...REFRESH, 'GOOGLE_ADS_CUSTOMER_ID'] : required
    const missing = needed.filter((name) => env[name] === undefined)
    return missing.length > 0 ? [`${platform}: set ${missing.join(', ')}, or MOCK_MODE=true`] : []
  })
}

export function accountsOf(env: Env): Accounts {
  return { google_ads: googleAdsAccount(env), meta: metaAccount(env), tradedesk: tradeDeskAccount(env) }
}

function googleAdsAccount(env: Env): GoogleAdsAccount | undefined {
  const auth = googleAuth(env)
  if (!auth || env.GOOGLE_ADS_CUSTOMER_ID === undefined) return undefined
  return {
    url: env.GOOGLE_ADS_URL,
    oauthUrl: env.GOOGLE_OAUTH_URL,
    version: env.GOOGLE_ADS_API_VERSION,
    customerId: env.GOOGLE_ADS_CUSTOMER_ID.replaceAll('-', ''),
    loginCustomerId: env.GOOGLE_ADS_LOGIN_CUSTOMER_ID?.replaceAll('-', ''),
    developerToken: env.GOOGLE_ADS_DEVELOPER_TOKEN,
    auth,
  }
}

function googleAuth(env: Env): GoogleAuth | undefined {
  const { GOOGLE_ADS_CLIENT_ID: clientId, GOOGLE_ADS_CLIENT_SECRET: clientSecret } = env
  const { GOOGLE_ADS_REFRESH_TOKEN: refreshToken, GOOGLE_ADS_API_KEY: accessToken } = env
  if (clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined) {
    return { is: 'refresh_token', clientId, clientSecret, refreshToken }
  }
  return accessToken === undefined ? undefined : { is: 'access_token', accessToken }
}

function metaAccount(env: Env): MetaAccount | undefined {
  const { META_ACCESS_TOKEN: accessToken, META_BUSINESS_ID: businessId } = env
  if (accessToken === undefined || businessId === undefined) return undefined
  return {
    url: env.META_URL,
    version: env.META_API_VERSION,
    accessToken,
    businessId,
    appSecret: env.META_APP_SECRET,
  }
}

function tradeDeskAccount(env: Env): TradeDeskAccount | undefined {
  const {
    TRADEDESK_API_KEY: apiKey,
    TRADEDESK_PARTNER_ID: partnerId,
    TRADEDESK_BID_URL: bidUrl,
    PUBLIC_URL,
  } = env
  const { TRADEDESK_ADVERTISER_DOMAIN: advertiserDomain } = env
  if (!apiKey || !partnerId || !bidUrl || !advertiserDomain || !PUBLIC_URL) return undefined
  return {
    url: env.TRADEDESK_URL,
    bidUrl,
    apiKey,
    partnerId,
    noticeUrl: noticeUrl(PUBLIC_URL),
    advertiserDomain,
  }
}

/** Exchanges report wins, bills and losses below it. */
export const noticeUrl = (publicUrl: string): string => `${publicUrl}/openrtb2/notice`
