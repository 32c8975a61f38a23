import { z } from 'zod'
import { DEFAULT_ORG } from '../api/index.ts'
import { GOOGLE_TOKEN_URL, PLATFORM_DEFAULTS } from '../connectors/index.ts'
import { LOG_LEVELS } from '../log.ts'
import { MIN_HUB_CHARS } from '../sync/index.ts'
import { approvalFields } from './approvals.ts'
import { conversionFields } from './conversions.ts'
import {
  address,
  apiKeys,
  breaker,
  currency,
  hostNames,
  money,
  multipliers,
  notificationKinds,
  optionalPort,
  ownSecret,
  port,
  rateLimit,
  rates,
  redisUrl,
  seats,
  seconds,
  secret,
  tableLimits,
  text,
  webhookKeys,
} from './fields.ts'
import { oidcFields } from './oidc.ts'
import { syncFields } from './reading.ts'

const { google_ads: google, meta, tradedesk } = PLATFORM_DEFAULTS

/** Every variable of the environment that is read, with its default. */
export const Environment = z.object({
  PORT: port(8003),
  HOST: z.string().default('127.0.0.1'),
  GRPC_PORT: optionalPort,
  WORKERS: z.coerce.number().int().min(0).max(256).default(0),
  MOCK_MODE: z.stringbool().optional(),
  API_KEYS: apiKeys,
  API_RATE_LIMIT: rateLimit({ calls: 100_000, windowMs: 10_000 }),
  API_MAX_AT_ONCE: z.coerce.number().int().min(1).max(1_000_000).default(1_000),
  OPERATOR_ORG: z.coerce.number().int().min(1).max(999_999_999).default(DEFAULT_ORG),
  TABLE_LIMITS: tableLimits,
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  MAX_BID: money('1000'),
  ...approvalFields,
  BUDGET_WINDOW_SECONDS: seconds(600),
  BUDGET_ALERT_RATIO: z.coerce.number().min(0).max(1).default(0.8),
  FALLBACK_MULTIPLIERS: multipliers,
  LTV_PREDICTOR_URL: address.optional(),
  SANDBOX_PORT: port(0),
  SANDBOX_REPORT_MS: z.coerce.number().int().min(0).max(86_400_000).default(400),
  PUBLIC_URL: address.optional(),
  MCP_HOSTS: hostNames,
  ...oidcFields,
  PLATFORM_TIMEOUT_SECONDS: seconds(5),
  STORE: z.enum(['memory', 'sqlite', 'redis']).optional(),
  REDIS_URL: redisUrl,
  REDIS_MIN_REPLICAS: z.coerce.number().int().min(0).max(10).default(0),
  LEDGER_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1 << 20)
    .default(1 << 30),
  RECORDS_MAX_AGE_SECONDS: z.coerce
    .number()
    .int()
    .min(3_600)
    .default(30 * 86_400),
  RECORDS_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1 << 20)
    .default(1 << 30),
  AUDIT_MAX_ROWS: z.coerce.number().int().min(100).max(1_000_000).default(50_000),
  AUDIT_MAX_AGE_DAYS: z.coerce.number().int().min(1).max(36_500).default(400),

  OPENRTB_SEATS: seats,
  OPENRTB_BUDGET: money('500'),
  OPENRTB_MAX_OVERSPEND_PROBABILITY: z.coerce.number().min(0).max(0.01).default(1e-6),
  OPENRTB_WORST_CASE: z.coerce.number().min(1).max(100).default(3),
  OPENRTB_CURRENCY: currency,
  OPENRTB_RATES: rates,
  OPENRTB_NETWORK_MARGIN_MS: z.coerce.number().min(0).default(20),
  OPENRTB_MAX_REQUEST_SHARE: z.coerce.number().positive().max(1).default(0.1),
  OPENRTB_SHED_ABOVE_MS: z.coerce.number().positive().optional(),
  METRICS_TOP_CAMPAIGNS: z.coerce.number().int().min(0).max(1_000).default(20),
  OPENRTB_MAX_PREDICTIONS: z.coerce.number().int().min(1).max(100_000_000).default(1_000_000),
  OPENRTB_PREDICTIONS_MIB: z.coerce.number().int().min(1).max(8_192).optional(),
  TCF_VENDOR_ID: z.coerce.number().int().min(1).max(65_535).optional(),
  NOTICE_SECRET: ownSecret,

  NOTIFY_URL: address.optional(),
  NOTIFY_SECRET: webhookKeys,
  NOTIFY_EVENTS: notificationKinds,

  GOOGLE_ADS_BUDGET: money('500'),
  GOOGLE_ADS_CURRENCY: currency,
  GOOGLE_ADS_RATE_LIMIT: rateLimit(google.rateLimit),
  GOOGLE_ADS_BREAKER: breaker,
  GOOGLE_ADS_API_VERSION: z
    .string()
    .regex(/^v\d+$/)
    .default(google.version),
  GOOGLE_ADS_URL: address.default(google.url),
  GOOGLE_OAUTH_URL: address.default(GOOGLE_TOKEN_URL),
  GOOGLE_ADS_API_KEY: text,
  GOOGLE_ADS_CUSTOMER_ID: text,
  GOOGLE_ADS_LOGIN_CUSTOMER_ID: text,
  GOOGLE_ADS_DEVELOPER_TOKEN: text,
  GOOGLE_ADS_CLIENT_ID: text,
  GOOGLE_ADS_CLIENT_SECRET: secret(1),
  GOOGLE_ADS_REFRESH_TOKEN: text,

  META_BUDGET: money('400'),
  META_CURRENCY: currency,
  META_RATE_LIMIT: rateLimit(meta.rateLimit),
  META_BREAKER: breaker,
  META_API_VERSION: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default(meta.version),
  META_URL: address.default(meta.url),
  META_ACCESS_TOKEN: text,
  META_BUSINESS_ID: text,
  META_APP_SECRET: secret(MIN_HUB_CHARS),

  TRADEDESK_BUDGET: money('600'),
  TRADEDESK_CURRENCY: currency,
  TRADEDESK_RATE_LIMIT: rateLimit(tradedesk.rateLimit),
  TRADEDESK_BREAKER: breaker,
  TRADEDESK_URL: address.default(tradedesk.url),
  TRADEDESK_BID_URL: address.optional(),
  TRADEDESK_ADVERTISER_DOMAIN: text,
  TRADEDESK_API_KEY: text,
  TRADEDESK_PARTNER_ID: text,

  ...syncFields,
  ...conversionFields,
})
export type Environment = z.output<typeof Environment>
