import type { ApprovalRule, BidderConfig, OidcSettings } from '../agent/index.ts'
import type { ApiKey, CallerLimit } from '../api/index.ts'
import { MAX_CHANGE_BYTES } from '../audit/index.ts'
import type { PlatformName, PlatformSettings } from '../connectors/index.ts'
import type { LogLevel } from '../log.ts'
import type { TableLimits } from '../metrics/tables.ts'
import type { Micros } from '../money.ts'
import type { NotifySettings } from '../notify/index.ts'
import { boundedTo, type StoreSettings } from '../shield/index.ts'
import type { RecordsSettings } from '../storage/index.ts'
import {
  type Accounts,
  accountsOf,
  missingCredentials,
  namesAccount,
  noticeUrl,
  REQUIRED_VARIABLES,
} from './accounts.ts'
import { approvalProblems } from './approvals.ts'
import { type ConversionConfig, conversionConfig } from './conversions.ts'
import { Environment } from './environment.ts'
import { isLoopback, MAX_SEAT_QPS } from './fields.ts'
import { doubtfulNames, mistypedNames } from './names.ts'
import { oidcProblems, oidcSettings } from './oidc.ts'
import { type SyncConfig, syncConfig, syncProblems } from './reading.ts'
import '../json/plain-words.ts'

/** The typed configuration, read from the environment. Every default is safe. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Port for calls by gRPC, at the same host; undefined where there are none. */
  readonly grpcPort: number | undefined
  /** Number of worker processes that answer auctions; 0 if this process answers them itself. */
  readonly workers: number
  readonly mode: 'mock' | 'live'
  readonly apiKeys: readonly ApiKey[]
  /** Settings of signing in without an API key; undefined if nobody can. */
  readonly oidc: OidcSettings | undefined
  /** Limit on the calls of one API key, or of one address if no keys are configured. */
  readonly callerLimit: CallerLimit
  /** The operator's organisation; keys without an organisation are the operator's too. */
  readonly operatorOrg: number
  /** Organisations of keys and seats other than the operator's. */
  readonly orgs: readonly number[]
  /** Limits on the tables that callers, exchanges and platforms can make longer. */
  readonly tables: TableLimits
  readonly logLevel: LogLevel
  /** A line for each unknown variable that may be meant for one of ours. */
  readonly doubtfulNames: readonly string[]
  /** The highest bid that is placed at a platform. */
  readonly maxBid: Micros
  /** What needs an approval, and how long one is waited for. */
  readonly approvals: { readonly rules: readonly ApprovalRule[]; readonly waitMs: number }
  /** Share of a limit, from 0 to 1, from which its use is warned of. */
  readonly alertRatio: number
  /** Number of campaigns with metrics of their own in `/metrics`: those that have used most of their budgets. */
  readonly topCampaigns: number
  /** By platform: what the median of past values is multiplied with where a bid has no prediction. */
  readonly multipliers: Readonly<Record<string, number>>
  /** Asked for the predictions that bids lack; undefined if there is none. */
  readonly predictorUrl: string | undefined
  /** 0 chooses a free port. */
  readonly sandboxPort: number
  /** Milliseconds that the sandbox takes to make a report. */
  readonly sandboxReportMs: number
  /** Length of the sliding window of the configured budgets. */
  readonly budgetWindowMs: number
  /** Where budgets are kept. */
  readonly store: StoreSettings
  /** Where decisions, idempotency keys and notices are kept. */
  readonly records: RecordsSettings
  readonly platforms: Readonly<Record<PlatformName, PlatformConfig>>
  readonly versions: { readonly googleAds: string; readonly meta: string }
  /** Public address of the service. */
  readonly publicUrl: string
  /** Host names under which agents may call `/mcp`, besides those of this machine. */
  readonly mcpHosts: readonly string[]
  /** Whether only this machine reaches the service: mock mode on loopback without a public address. */
  readonly isLocalTrial: boolean
  /** `noticeSecret` is undefined if the secret in the data directory is used. */
  readonly bidder: Omit<BidderConfig, 'noticeSecret'> & {
    /** How many times a limit spend could reach if exchanges billed all open bids of bounded budgets; 1 and more. */
    readonly worstCase: number
    readonly budget: Micros
    readonly noticeSecret: string | undefined
  }
  /** Undefined if no notifications are sent. */
  readonly notify: NotifySettings | undefined
  readonly advertiserDomain: string
  /** Accounts on which bids are placed in live mode; in mock mode they are the sandbox's. */
  readonly accounts: Accounts
  /** Undefined if reading is off: in live mode without a key to encrypt credentials with. */
  readonly sync: SyncConfig | undefined
  readonly conversions: ConversionConfig
}

export interface PlatformConfig extends PlatformSettings {
  readonly budget: Micros
}

/** Its message has one line for each variable that is wrong or missing. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * The configuration of this process.
 * @param more variables that take precedence over the environment
 */
export const readConfig = (more: NodeJS.ProcessEnv = {}): Config => parseConfig({ ...process.env, ...more })

/** Settings of a demo. The sandbox's accounts of Display & Video 360 are in euros. */
const OF_DEMO = { MOCK_MODE: 'true', DV360_CURRENCY: 'EUR' }

/** Variables of the environment that a demo uses. Others could connect it to real stores, accounts, keys or people. */
const KEPT_IN_DEMO = ['PORT', 'WORKERS', 'SANDBOX_PORT', 'LOG_LEVEL'] as const

/**
 * The configuration of a demo: mock mode, on this machine only, whatever else the environment says.
 * @param more variables that take precedence over the environment
 * @param dataDir folder of its data
 */
export function readDemoConfig(more: NodeJS.ProcessEnv, dataDir: string): Config {
  const variables: NodeJS.ProcessEnv = { LOG_LEVEL: 'warn', ...process.env, ...more }
  const kept = Object.fromEntries(KEPT_IN_DEMO.map((name) => [name, variables[name]]))
  return parseConfig({ ...kept, ...OF_DEMO, DATA_DIR: dataDir })
}

/** Reads an environment; throws {@link ConfigError}. An empty variable counts as not set, a mistyped one is refused. */
export function parseConfig(variables: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const mistyped = mistypedNames(set, Object.keys(Environment.shape))
  const parsed = Environment.safeParse(set)
  if (!parsed.success)
    throw wrong([
      ...mistyped,
      ...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ])
  const env = parsed.data

  const mode = (env.MOCK_MODE ?? !namesAccount(env)) ? 'mock' : 'live'
  const store = storeSettings(env)
  const problems = [...mistyped, ...problemsOf(env, mode, store)]
  if (problems.length > 0) throw wrong(problems)

  const publicUrl = env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`
  return {
    port: env.PORT,
    host: env.HOST,
    grpcPort: env.GRPC_PORT,
    workers: env.WORKERS,
    mode,
    apiKeys: env.API_KEYS,
    oidc: oidcSettings(env),
    callerLimit: {
      ...env.API_RATE_LIMIT,
      atOnce: env.API_MAX_AT_ONCE,
      callers: env.TABLE_LIMITS.callers,
    },
    operatorOrg: env.OPERATOR_ORG,
    orgs: orgsOf(env),
    tables: env.TABLE_LIMITS,
    logLevel: env.LOG_LEVEL,
    doubtfulNames: doubtfulNames(set),
    maxBid: env.MAX_BID,
    approvals: { rules: env.APPROVALS, waitMs: env.APPROVALS_WAIT_SECONDS * 1000 },
    alertRatio: env.BUDGET_ALERT_RATIO,
    topCampaigns: env.METRICS_TOP_CAMPAIGNS,
    multipliers: env.FALLBACK_MULTIPLIERS,
    predictorUrl: env.LTV_PREDICTOR_URL,
    sandboxPort: env.SANDBOX_PORT,
    sandboxReportMs: env.SANDBOX_REPORT_MS,
    budgetWindowMs: env.BUDGET_WINDOW_SECONDS * 1000,
    store,
    records: recordsSettings(env),
    platforms: platformsOf(env),
    versions: { googleAds: env.GOOGLE_ADS_API_VERSION, meta: env.META_API_VERSION },
    publicUrl,
    mcpHosts: [new URL(publicUrl).hostname, ...env.MCP_HOSTS],
    isLocalTrial: mode === 'mock' && env.PUBLIC_URL === undefined && isLoopback(env.HOST),
    bidder: bidderConfig(env, mode, noticeUrl(publicUrl)),
    notify: notifySettings(env),
    advertiserDomain: env.TRADEDESK_ADVERTISER_DOMAIN ?? 'advertiser.example',
    accounts: accountsOf(env),
    sync: syncConfig(env, mode),
    conversions: conversionConfig(env),
  }
}

/** One line for each variable that is missing or contradicts another. */
function problemsOf(env: Environment, mode: Config['mode'], store: StoreSettings): string[] {
  const problems = [...(mode === 'live' ? missingCredentials(env) : []), ...syncProblems(env, mode)]
  if (
    env.API_KEYS.length === 0 &&
    env.OIDC_ISSUER === undefined &&
    (mode === 'live' || !isLoopback(env.HOST))
  ) {
    const why = mode === 'live' ? 'in live mode' : `on ${env.HOST}, which other machines reach`
    problems.push(`API_KEYS: required ${why}; npm run -s key -- me admin makes one that may do everything`)
  }
  problems.push(...oidcProblems(env), ...approvalProblems(env), ...currencyProblems(env))
  // Bills go to any process; one that does not recognise them would lose them.
  if (store.is === 'redis' && env.NOTICE_SECRET === undefined)
    problems.push('NOTICE_SECRET: required with REDIS_URL, the same for every process')
  if (env.NOTIFY_URL !== undefined && env.NOTIFY_SECRET === undefined)
    problems.push('NOTIFY_SECRET: required with NOTIFY_URL; echo whsec_$(openssl rand -base64 32) makes one')
  return problems
}

function platformsOf(env: Environment): Config['platforms'] {
  const timeoutMs = env.PLATFORM_TIMEOUT_SECONDS * 1000
  return {
    google_ads: {
      credentialVariables: REQUIRED_VARIABLES.google_ads,
      budget: env.GOOGLE_ADS_BUDGET,
      currency: env.GOOGLE_ADS_CURRENCY,
      rateLimit: env.GOOGLE_ADS_RATE_LIMIT,
      breaker: env.GOOGLE_ADS_BREAKER,
      timeoutMs,
    },
    meta: {
      credentialVariables: REQUIRED_VARIABLES.meta,
      budget: env.META_BUDGET,
      currency: env.META_CURRENCY,
      rateLimit: env.META_RATE_LIMIT,
      breaker: env.META_BREAKER,
      timeoutMs,
    },
    tradedesk: {
      credentialVariables: REQUIRED_VARIABLES.tradedesk,
      budget: env.TRADEDESK_BUDGET,
      currency: env.TRADEDESK_CURRENCY,
      rateLimit: env.TRADEDESK_RATE_LIMIT,
      breaker: env.TRADEDESK_BREAKER,
      timeoutMs,
    },
  }
}

function storeSettings(env: Environment): StoreSettings {
  const { STORE, REDIS_URL, REDIS_MIN_REPLICAS, DATA_DIR: directory, LEDGER_MAX_BYTES: maxBytes } = env
  const store = STORE ?? (REDIS_URL === undefined ? 'sqlite' : 'redis')
  if (store === 'memory') {
    if (REDIS_URL !== undefined) throw wrong(['STORE: memory and REDIS_URL exclude each other'])
    return { is: 'memory' }
  }
  // If REDIS_URL is set as well, Redis has only the stream of events.
  if (store === 'sqlite') return { is: 'sqlite', directory, maxBytes }
  if (REDIS_URL === undefined) throw wrong(['REDIS_URL: required for STORE=redis'])
  return { is: 'redis', url: REDIS_URL, minReplicas: REDIS_MIN_REPLICAS }
}

function notifySettings({
  NOTIFY_URL: url,
  NOTIFY_SECRET: keys,
  NOTIFY_EVENTS,
}: Environment): Config['notify'] {
  return url === undefined || keys === undefined ? undefined : { url, keys, kinds: new Set(NOTIFY_EVENTS) }
}

/** Records of bids are kept on disk unless budgets are in memory: both survive a restart, or neither does. */
function recordsSettings(env: Environment): RecordsSettings {
  if (env.STORE === 'memory') return { is: 'memory' }
  const { DATA_DIR: directory, RECORDS_MAX_AGE_SECONDS, RECORDS_MAX_BYTES: maxBytes } = env
  // Changes take at most a quarter of the records, each being as long as it may be.
  const maxRows = Math.min(env.AUDIT_MAX_ROWS, Math.floor(maxBytes / 4 / MAX_CHANGE_BYTES))
  const changes = { maxRows, maxAgeMs: env.AUDIT_MAX_AGE_DAYS * 86_400_000 }
  return { is: 'disk', directory, maxAgeMs: RECORDS_MAX_AGE_SECONDS * 1000, maxBytes, changes }
}

/** In mock mode there is an example seat; in live mode only configured seats. */
function bidderConfig(env: Environment, mode: Config['mode'], notices: string): Config['bidder'] {
  const mib = env.OPENRTB_PREDICTIONS_MIB
  const named = env.OPENRTB_SEATS ?? (mode === 'mock' ? [EXAMPLE_SEAT] : [])
  return {
    seats: named.map(({ holdSeconds, org, ...seat }) => ({
      ...seat,
      hold: { ttlMs: holdSeconds * 1000, onExpiry: 'release' },
      noticeUrl: notices,
      org: org === env.OPERATOR_ORG ? undefined : org,
    })),
    budget: env.OPENRTB_BUDGET,
    holdMode: boundedTo(env.OPENRTB_MAX_OVERSPEND_PROBABILITY),
    worstCase: env.OPENRTB_WORST_CASE,
    currency: env.OPENRTB_CURRENCY,
    rates: ratesTo(env.OPENRTB_CURRENCY, env.OPENRTB_RATES ?? {}),
    networkMarginMs: env.OPENRTB_NETWORK_MARGIN_MS,
    maxRequestShare: env.OPENRTB_MAX_REQUEST_SHARE,
    shedAboveMs: env.OPENRTB_SHED_ABOVE_MS,
    maxPredictions: env.OPENRTB_MAX_PREDICTIONS,
    maxPredictionBytes: mib === undefined ? undefined : mib * 1024 ** 2,
    maxOpenBids: env.TABLE_LIMITS.open_bids,
    tcfVendorId: env.TCF_VENDOR_ID,
    noticeSecret: env.NOTICE_SECRET,
  }
}

/** Problems of seats whose encrypted prices are in a currency without a rate: every price would count as the full bid. */
function currencyProblems({
  OPENRTB_SEATS = [],
  OPENRTB_CURRENCY,
  OPENRTB_RATES = {},
}: Environment): string[] {
  return OPENRTB_SEATS.flatMap(({ id, encryptedPrices }) => {
    const code = encryptedPrices?.currency
    if (code === undefined || code === OPENRTB_CURRENCY || code in OPENRTB_RATES) return []
    return [`OPENRTB_SEATS: the prices of seat ${id} are in ${code}, for which OPENRTB_RATES has no rate`]
  })
}

/** Inverts the configured rates (own units for one foreign unit) into foreign units for one own unit. */
const ratesTo = (own: string, rates: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map([[own, 1], ...Object.entries(rates).map(([code, units]): [string, number] => [code, 1 / units])])

const EXAMPLE_SEAT = {
  id: 'example',
  billOn: 'billing',
  holdSeconds: 300,
  requireKey: false,
  allowFrom: [],
  maxRequestsPerSecond: MAX_SEAT_QPS,
  org: undefined,
  encryptedPrices: undefined,
} as const

/** Organisations in the configuration, without the operator's. */
function orgsOf({ API_KEYS, OPENRTB_SEATS = [], OIDC_GROUPS = {}, OPERATOR_ORG }: Environment): number[] {
  const named = [...API_KEYS, ...OPENRTB_SEATS, ...Object.values(OIDC_GROUPS)].flatMap(({ org }) => org ?? [])
  return [...new Set(named)].filter((org) => org !== OPERATOR_ORG).sort((a, b) => a - b)
}

const wrong = (problems: readonly string[]) =>
  new ConfigError(`Cannot start:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
