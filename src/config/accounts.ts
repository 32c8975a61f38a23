import type {
  GoogleAdsAccount,
  GoogleAuth,
  MetaAccount,
  PlatformName,
  TradeDeskAccount,
} from '../connectors/index.ts'
import type { Environment } from './environment.ts'

/** A platform without credentials has no account. */
export interface Accounts {
  readonly google_ads: GoogleAdsAccount | undefined
  readonly meta: MetaAccount | undefined
  readonly tradedesk: TradeDeskAccount | undefined
}

/** Id of the account within its platform, by which calls are counted together; `none` without credentials. */
export function accountId(platform: PlatformName, accounts: Accounts): string {
  const { google_ads, meta, tradedesk } = accounts
  const ids = { google_ads: google_ads?.customerId, meta: meta?.businessId, tradedesk: tradedesk?.partnerId }
  return ids[platform] ?? 'none'
}

/** Variables of which any one, when set, selects live mode. */
const CREDENTIALS = [
  'GOOGLE_ADS_API_KEY',
  'GOOGLE_ADS_REFRESH_TOKEN',
  'GOOGLE_ADS_CUSTOMER_ID',
  'META_ACCESS_TOKEN',
  'META_BUSINESS_ID',
  'TRADEDESK_API_KEY',
  'TRADEDESK_PARTNER_ID',
] as const satisfies readonly (keyof Environment)[]

/** Whether the variables of any platform select live mode. */
export const namesAccount = (env: Environment): boolean => CREDENTIALS.some((name) => env[name] !== undefined)

/** The variables that each platform requires once any of its variables is set. */
export const REQUIRED_VARIABLES = {
  google_ads: ['GOOGLE_ADS_API_KEY', 'GOOGLE_ADS_CUSTOMER_ID'],
  meta: ['META_ACCESS_TOKEN', 'META_BUSINESS_ID'],
  tradedesk: [
    'TRADEDESK_API_KEY',
    'TRADEDESK_PARTNER_ID',
    'TRADEDESK_BID_URL',
    'TRADEDESK_ADVERTISER_DOMAIN',
    'PUBLIC_URL',
  ],
} as const satisfies Record<PlatformName, readonly (keyof Environment)[]>

const REFRESH = ['GOOGLE_ADS_CLIENT_ID', 'GOOGLE_ADS_CLIENT_SECRET', 'GOOGLE_ADS_REFRESH_TOKEN'] as const

/** One line for each platform with missing credentials; for every platform when none has any. */
export function missingCredentials(env: Environment): string[] {
  const named = CREDENTIALS.filter((name) => env[name] !== undefined)
  return Object.entries(REQUIRED_VARIABLES).flatMap(([platform, required]) => {
    const prefix = platform.toUpperCase()
    if (named.length > 0 && !named.some((name) => name.startsWith(prefix))) return []
    const refreshes = platform === 'google_ads' && env.GOOGLE_ADS_REFRESH_TOKEN !== undefined
    const needed: readonly (keyof Environment)[] = refreshes
      ? [...REFRESH, 'GOOGLE_ADS_CUSTOMER_ID']
      : required
    const missing = needed.filter((name) => env[name] === undefined)
    return missing.length > 0 ? [`${platform}: set ${missing.join(', ')}, or MOCK_MODE=true`] : []
  })
}

export function accountsOf(env: Environment): Accounts {
  return { google_ads: googleAdsAccount(env), meta: metaAccount(env), tradedesk: tradeDeskAccount(env) }
}

function googleAdsAccount(env: Environment): GoogleAdsAccount | undefined {
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

function googleAuth(env: Environment): GoogleAuth | undefined {
  const { GOOGLE_ADS_CLIENT_ID: clientId, GOOGLE_ADS_CLIENT_SECRET: clientSecret } = env
  const { GOOGLE_ADS_REFRESH_TOKEN: refreshToken, GOOGLE_ADS_API_KEY: accessToken } = env
  if (clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined) {
    return { is: 'refresh_token', clientId, clientSecret, refreshToken }
  }
  return accessToken === undefined ? undefined : { is: 'access_token', accessToken }
}

function metaAccount(env: Environment): MetaAccount | undefined {
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

function tradeDeskAccount(env: Environment): TradeDeskAccount | undefined {
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

/** Base address of the notices (win, bill, loss) that exchanges send. */
export const noticeUrl = (publicUrl: string): string => `${publicUrl}/openrtb2/notice`
