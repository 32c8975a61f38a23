import type { BidderConfig } from './agent/index.ts'
import type { ApiKey } from './api/index.ts'
import { type Accounts, accountsOf, missingCredentials, namesAccount, noticeUrl } from './config-accounts.ts'
import { Env } from './config-env.ts'
import { isLoopback } from './config-fields.ts'
import { mistypedNames } from './config-names.ts'
import { type SyncConfig, syncConfig, syncProblems } from './config-sync.ts'
import type { PlatformSettings } from './connectors/index.ts'
import type { LogLevel } from './log.ts'
import type { Micros } from './money.ts'
import type { PlatformName } from './platforms/index.ts'
import type { RecordsSettings } from './records/index.ts'
import type { StoreSettings } from './shield/index.ts'

/** Everything the environment says, in our own words. The only file that reads it; every default is safe. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Processes that answer auctions beside this one; 0 where it answers them itself. */
  readonly workers: number
  readonly mode: 'mock' | 'live'
  readonly apiKeys: readonly ApiKey[]
  readonly logLevel: LogLevel
  readonly maxBid: Micros
  readonly alertRatio: number
  /** Campaigns whose budgets `/metrics` shows one by one, those that have used most. */
  readonly topCampaigns: number
  readonly multipliers: Readonly<Record<string, number>>
  readonly predictorUrl: string | undefined
  /** 0 for any free port. */
  readonly sandboxPort: number
  /** The sandbox takes so long to make a report. */
  readonly sandboxReportMs: number
  readonly budgetWindowMs: number
  /** Where budgets are kept. */
  readonly store: StoreSettings
  /** Where decisions, idempotency keys and notices are kept. */
  readonly records: RecordsSettings
  readonly platforms: Readonly<Record<PlatformName, PlatformConfig>>
  readonly versions: { readonly googleAds: string; readonly meta: string }
  /** Where the service is reached from outside. */
  readonly publicUrl: string
  /** Without a secret for notices the data directory keeps one. */
  readonly bidder: Omit<BidderConfig, 'noticeSecret'> & {
    readonly budget: Micros
    readonly noticeSecret: string | undefined
  }
  readonly advertiserDomain: string
  /** What bids are placed with in live mode; in mock mode the sandbox says. */
  readonly accounts: Accounts
  /** Undefined where nothing is read: live mode without a key to encrypt credentials with. */
  readonly sync: SyncConfig | undefined
}

export interface PlatformConfig extends PlatformSettings {
  readonly budget: Micros
}

/** Names every variable that is wrong or missing, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** The configuration of this process. @param more variables that count before those of the environment */
export const readConfig = (more: NodeJS.ProcessEnv = {}): Config => parseConfig({ ...process.env, ...more })

/** Reads an environment; throws {@link ConfigError}. An empty variable counts as not set, a mistyped one is refused. */
export function parseConfig(variables: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const mistyped = mistypedNames(set, Object.keys(Env.shape))
  const parsed = Env.safeParse(set)
  if (!parsed.success)
    throw wrong([
      ...mistyped,
      ...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ])
  const env = parsed.data

  const mode = (env.MOCK_MODE ?? !namesAccount(env)) ? 'mock' : 'live'
  const problems = [
    ...mistyped,
    ...(mode === 'live' ? missingCredentials(env) : []),
    ...syncProblems(env, mode),
  ]
  if (env.API_KEYS.length === 0 && (mode === 'live' || !isLoopback(env.HOST))) {
    const why = mode === 'live' ? 'in live mode' : `on ${env.HOST}, which other machines reach`
    problems.push(`API_KEYS: required ${why}; make one with npm run key`)
  }
  const store = storeSettings(env)
  // Bills go to any process; one that does not recognise them would lose them.
  if (store.is === 'redis' && env.NOTICE_SECRET === undefined)
    problems.push('NOTICE_SECRET: required with REDIS_URL, the same for every process')
  if (problems.length > 0) throw wrong(problems)

  const timeoutMs = env.PLATFORM_TIMEOUT_SECONDS * 1000
  const publicUrl = env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`
  return {
    port: env.PORT,
    host: env.HOST,
    workers: env.WORKERS,
    mode,
    apiKeys: env.API_KEYS,
    logLevel: env.LOG_LEVEL,
    maxBid: env.MAX_BID,
    alertRatio: env.BUDGET_ALERT_RATIO,
    topCampaigns: env.METRICS_TOP_CAMPAIGNS,
    multipliers: env.FALLBACK_MULTIPLIERS,
    predictorUrl: env.LTV_PREDICTOR_URL,
    sandboxPort: env.SANDBOX_PORT,
    sandboxReportMs: env.SANDBOX_REPORT_MS,
    budgetWindowMs: env.BUDGET_WINDOW_SECONDS * 1000,
    store,
    records: recordsSettings(env),
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
    publicUrl,
    bidder: bidderConfig(env, mode, noticeUrl(publicUrl)),
    advertiserDomain: env.TRADEDESK_ADVERTISER_DOMAIN ?? 'advertiser.example',
    accounts: accountsOf(env),
    sync: syncConfig(env, mode),
  }
}

function storeSettings({ STORE, REDIS_URL, REDIS_MIN_REPLICAS, DATA_DIR }: Env): StoreSettings {
  const store = STORE ?? (REDIS_URL === undefined ? 'sqlite' : 'redis')
  if (store === 'memory') {
    if (REDIS_URL !== undefined) throw wrong(['STORE: memory and REDIS_URL exclude each other'])
    return { is: 'memory' }
  }
  // Redis has the stream of events then, and no budgets.
  if (store === 'sqlite') return { is: 'sqlite', directory: DATA_DIR }
  if (REDIS_URL === undefined) throw wrong(['REDIS_URL: required for STORE=redis'])
  return { is: 'redis', url: REDIS_URL, minReplicas: REDIS_MIN_REPLICAS }
}

/** What is remembered of bids goes with the budgets: both end with the process, or neither. */
function recordsSettings(env: Env): RecordsSettings {
  if (env.STORE === 'memory') return { is: 'memory' }
  const { DATA_DIR: directory, RECORDS_MAX_AGE_SECONDS, RECORDS_MAX_BYTES: maxBytes } = env
  return { is: 'disk', directory, maxAgeMs: RECORDS_MAX_AGE_SECONDS * 1000, maxBytes }
}

/** Mock mode has a seat to try; in live mode there are only those that are named. */
function bidderConfig(env: Env, mode: Config['mode'], notices: string): Config['bidder'] {
  const named = env.OPENRTB_SEATS ?? (mode === 'mock' ? [EXAMPLE_SEAT] : [])
  return {
    seats: named.map(({ id, billOn, holdSeconds, requireKey, allowFrom }) => ({
      id,
      billOn,
      hold: { ttlMs: holdSeconds * 1000, onExpiry: 'release' },
      noticeUrl: notices,
      requireKey,
      allowFrom,
    })),
    budget: env.OPENRTB_BUDGET,
    currency: env.OPENRTB_CURRENCY,
    rates: ratesTo(env.OPENRTB_CURRENCY, env.OPENRTB_RATES ?? {}),
    networkMarginMs: env.OPENRTB_NETWORK_MARGIN_MS,
    maxRequestShare: env.OPENRTB_MAX_REQUEST_SHARE,
    shedAboveMs: env.OPENRTB_SHED_ABOVE_MS,
    maxPredictions: env.OPENRTB_MAX_PREDICTIONS,
    noticeSecret: env.NOTICE_SECRET,
  }
}

/** By configuration a currency's worth in units of ours; the bidder reckons in units that one of ours is worth. */
const ratesTo = (own: string, worth: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map([[own, 1], ...Object.entries(worth).map(([code, units]): [string, number] => [code, 1 / units])])

const EXAMPLE_SEAT = {
  id: 'example',
  billOn: 'billing',
  holdSeconds: 300,
  requireKey: false,
  allowFrom: [],
} as const

const wrong = (problems: readonly string[]) =>
  new ConfigError(`Cannot start:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
