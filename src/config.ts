import { z } from 'zod'
import type { ApiKey } from './agent/index.ts'
import {
  address,
  apiKeys,
  breaker,
  currency,
  isLoopback,
  money,
  multipliers,
  port,
  rateLimit,
  seconds,
  text,
} from './config-fields.ts'
import type {
  GoogleAdsAccount,
  GoogleAuth,
  MetaAccount,
  PlatformSettings,
  TradeDeskAccount,
} from './connectors/index.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import type { Micros } from './money.ts'
import type { PlatformName } from './platforms/index.ts'

/** Everything the environment says, in our own words. The only file that reads it; every default is safe. */
export interface Config {
  readonly port: number
  readonly host: string
  readonly mode: 'mock' | 'live'
  readonly apiKeys: readonly ApiKey[]
  readonly logLevel: LogLevel
  readonly maxBid: Micros
  readonly alertRatio: number
  readonly multipliers: Readonly<Record<string, number>>
  readonly predictorUrl: string | undefined
  /** 0 for any free port. */
  readonly sandboxPort: number
  readonly budgetWindowMs: number
  readonly platforms: Readonly<Record<PlatformName, PlatformConfig>>
  readonly versions: { readonly googleAds: string; readonly meta: string }
  /** Where the service is reached from outside; undefined for the address it listens on. */
  readonly publicUrl: string | undefined
  readonly advertiserDomain: string
  /** What bids are placed with in live mode; in mock mode the sandbox says. */
  readonly accounts: Accounts
}

export interface PlatformConfig extends PlatformSettings {
  readonly budget: Micros
}

/** A platform without credentials has no account. */
export interface Accounts {
  readonly google_ads: GoogleAdsAccount | undefined
  readonly meta: MetaAccount | undefined
  readonly tradedesk: TradeDeskAccount | undefined
}

/** Names every variable that is wrong or missing, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const Env = z.object({
  PORT: port(8003),
  HOST: z.string().default('127.0.0.1'),
  MOCK_MODE: z.stringbool().optional(),
  API_KEYS: apiKeys,
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  MAX_BID: money('1000'),
  BUDGET_WINDOW_SECONDS: seconds(600),
  BUDGET_ALERT_RATIO: z.coerce.number().min(0).max(1).default(0.8),
  FALLBACK_MULTIPLIERS: multipliers,
  LTV_PREDICTOR_URL: address.optional(),
  SANDBOX_PORT: port(0),
  PUBLIC_URL: address.optional(),
  PLATFORM_TIMEOUT_SECONDS: seconds(5),

  GOOGLE_ADS_BUDGET: money('500'),
  GOOGLE_ADS_CURRENCY: currency,
  GOOGLE_ADS_RATE_LIMIT: rateLimit('100/60'),
  GOOGLE_ADS_BREAKER: breaker,
  GOOGLE_ADS_API_VERSION: z
    .string()
    .regex(/^v\d+$/)
    .default('v26'),
  GOOGLE_ADS_URL: address.default('https://googleads.googleapis.com'),
  GOOGLE_OAUTH_URL: address.default('https://oauth2.googleapis.com/token'),
  GOOGLE_ADS_API_KEY: text,
  GOOGLE_ADS_CUSTOMER_ID: text,
  GOOGLE_ADS_LOGIN_CUSTOMER_ID: text,
  GOOGLE_ADS_DEVELOPER_TOKEN: text,
  GOOGLE_ADS_CLIENT_ID: text,
  GOOGLE_ADS_CLIENT_SECRET: text,
  GOOGLE_ADS_REFRESH_TOKEN: text,

  META_BUDGET: money('400'),
  META_CURRENCY: currency,
  META_RATE_LIMIT: rateLimit('200/3600'),
  META_BREAKER: breaker,
  META_API_VERSION: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default('v26.0'),
  META_URL: address.default('https://graph.facebook.com'),
  META_ACCESS_TOKEN: text,
  META_BUSINESS_ID: text,
  META_APP_SECRET: text,

  TRADEDESK_BUDGET: money('600'),
  TRADEDESK_CURRENCY: currency,
  TRADEDESK_RATE_LIMIT: rateLimit('300/60'),
  TRADEDESK_BREAKER: breaker,
  TRADEDESK_URL: address.default('https://api.thetradedesk.com'),
  TRADEDESK_BID_URL: address.optional(),
  TRADEDESK_ADVERTISER_DOMAIN: text,
  TRADEDESK_API_KEY: text,
  TRADEDESK_PARTNER_ID: text,
})
type Env = z.output<typeof Env>

/** The configuration of this process. */
export const readConfig = (): Config => parseConfig(process.env)

/** Reads an environment; throws {@link ConfigError}. An empty variable counts as not set. */
export function parseConfig(variables: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const parsed = Env.safeParse(set)
  if (!parsed.success)
    throw wrong(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`))
  const env = parsed.data

  const mode = (env.MOCK_MODE ?? !CREDENTIALS.some((name) => env[name] !== undefined)) ? 'mock' : 'live'
  const problems = mode === 'live' ? missingCredentials(env) : []
  if (env.API_KEYS.length === 0 && (mode === 'live' || !isLoopback(env.HOST))) {
    const why = mode === 'live' ? 'in live mode' : `on ${env.HOST}, which other machines reach`
    problems.push(`API_KEYS: required ${why}; make one with npm run key`)
  }
  if (problems.length > 0) throw wrong(problems)

  const timeoutMs = env.PLATFORM_TIMEOUT_SECONDS * 1000
  return {
    port: env.PORT,
    host: env.HOST,
    mode,
    apiKeys: env.API_KEYS,
    logLevel: env.LOG_LEVEL,
    maxBid: env.MAX_BID,
    alertRatio: env.BUDGET_ALERT_RATIO,
    multipliers: env.FALLBACK_MULTIPLIERS,
    predictorUrl: env.LTV_PREDICTOR_URL,
    sandboxPort: env.SANDBOX_PORT,
    budgetWindowMs: env.BUDGET_WINDOW_SECONDS * 1000,
    platforms: {
      google_ads: {
        budget: env.GOOGLE_ADS_BUDGET,
        currency: env.GOOGLE_ADS_CURRENCY,
        rateLimit: env.GOOGLE_ADS_RATE_LIMIT,
        breaker: env.GOOGLE_ADS_BREAKER,
        timeoutMs,
      },
      meta: {
        budget: env.META_BUDGET,
        currency: env.META_CURRENCY,
        rateLimit: env.META_RATE_LIMIT,
        breaker: env.META_BREAKER,
        timeoutMs,
      },
      tradedesk: {
        budget: env.TRADEDESK_BUDGET,
        currency: env.TRADEDESK_CURRENCY,
        rateLimit: env.TRADEDESK_RATE_LIMIT,
        breaker: env.TRADEDESK_BREAKER,
        timeoutMs,
      },
    },
    versions: { googleAds: env.GOOGLE_ADS_API_VERSION, meta: env.META_API_VERSION },
    publicUrl: env.PUBLIC_URL,
    advertiserDomain: env.TRADEDESK_ADVERTISER_DOMAIN ?? 'advertiser.example',
    accounts: accountsOf(env),
  }
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
function missingCredentials(env: Env): string[] {
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

function accountsOf(env: Env): Accounts {
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

const wrong = (problems: readonly string[]) =>
  new ConfigError(`Cannot start:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
