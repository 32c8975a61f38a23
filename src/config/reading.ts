import { z } from 'zod'
import { CONNECTOR_TYPES, type ConnectorType, DEFAULT_BOUNDS } from '../connectors/index.ts'
import type { Micros } from '../money.ts'
import { parseKeys, type SyncOptions } from '../sync/index.ts'
import { address, currency, money, parsedJson, rateLimits, seconds, secret, text } from './fields.ts'

const MIB = 1024 ** 2
const whole = (byDefault: number, most: number) => z.coerce.number().int().min(1).max(most).default(byDefault)
const Type = z.enum(CONNECTOR_TYPES)
const Client = z.strictObject({ clientId: z.string().min(1), clientSecret: secret(1).unwrap() })

const keys = z.string().transform((text, ctx): Buffer[] => {
  try {
    return parseKeys(text)
  } catch {
    ctx.addIssue({
      code: 'custom',
      message: 'must be base64 of 32 bytes; several keys comma-separated, the newest first',
    })
    return z.NEVER
  }
})

/** The variables of reading. */
export const syncFields = {
  DATA_DIR: z.string().min(1).default('data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  ENCRYPTION_KEY: keys.optional(),
  OAUTH_CLIENTS: parsedJson.pipe(z.partialRecord(Type, Client)).optional(),
  OAUTH_CALLBACK_URLS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((url) => url.trim() !== ''))
    .pipe(z.array(address)),
  CONNECTOR_URLS: parsedJson.pipe(z.partialRecord(Type, z.record(z.string(), address))).optional(),
  CONNECTOR_RATE_LIMITS: rateLimits(Type),
  DV360_BUDGET: money('500'),
  DV360_CURRENCY: currency,
  CONNECTOR_MAX_CONCURRENT: z.coerce.number().int().min(1).max(1000).default(10),
  CONNECTOR_TIMEOUT_SECONDS: seconds(60),
  CONNECTOR_DOWNLOAD_SECONDS: seconds(DEFAULT_BOUNDS.downloadMs / 1000),
  CONNECTOR_DOWNLOAD_MIB: whole(DEFAULT_BOUNDS.downloadBytes / MIB, 4096),
  CONNECTOR_ANSWER_MIB: whole(DEFAULT_BOUNDS.answerBytes / MIB, 256),
  CONNECTOR_UNPACKED_MIB: whole(DEFAULT_BOUNDS.unpackedBytes / MIB, 1_048_576),
  CONNECTOR_RECORD_KIB: whole(DEFAULT_BOUNDS.recordBytes / 1024, 65_536),
  CONNECTOR_CALLS_PER_JOB: whole(DEFAULT_BOUNDS.calls, 1_000_000),
  CONNECTOR_DOWNLOAD_ROWS: whole(DEFAULT_BOUNDS.downloadRows, 100_000_000),
  CONNECTOR_CALL_COST: z.coerce.number().min(0).default(0),
  CONNECTOR_KEEP_REQUESTS_DAYS: z.coerce.number().int().min(1).max(36_500).default(90),
  CONNECTOR_KEEP_EVENTS_DAYS: z.coerce.number().int().min(1).max(36_500).default(7),
  // Late conversions are read again for a month. Rows that are deleted sooner would come back every day.
  CONNECTOR_KEEP_ROWS_DAYS: z.coerce.number().int().min(60).max(36_500).optional(),
  CONNECTOR_KEEP_FILES_MIB: whole(10_240, 1_048_576),
  NOTIFY_MAIL_FROM: text,
  NOTIFY_MAIL_TO: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    ),
  S3_ENDPOINT: address.optional(),
  S3_BUCKET: text,
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: text,
  S3_SECRET_ACCESS_KEY: secret(1),
  BIDWARDEN_URL: address.optional(),
  BIDWARDEN_KEY: text,
} as const

const Fields = z.object(syncFields)
/** These variables, and those of the whole service that reading uses. */
type SyncEnv = z.output<typeof Fields> & {
  readonly STORE?: string | undefined
  readonly REDIS_URL?: string | undefined
}

/** The configuration of reading, without what only the sandbox knows; undefined if reading is off. */
export type SyncConfig = Omit<SyncOptions, 'connectors' | 'keys' | 'tableLimits'> & {
  /** Undefined if the keys in the data directory are used, which mock mode creates. */
  readonly keys: readonly Buffer[] | undefined
  readonly dataDir: string
  /**
   * What campaigns of Display & Video 360 may be given per budget window. The other platforms have their bid budgets
   * for that.
   */
  readonly dv360: { readonly budget: Micros; readonly currency: string }

  /** Hosts that differ from the public ones. */
  readonly urls: Readonly<Partial<Record<ConnectorType, Readonly<Record<string, string>>>>>
}

/** One line for each variable that is missing or contradicts another. */
export function syncProblems(env: SyncEnv, mode: 'mock' | 'live'): string[] {
  const s3 = [env.S3_ENDPOINT, env.S3_BUCKET, env.S3_ACCESS_KEY_ID, env.S3_SECRET_ACCESS_KEY]
  const some = s3.some((value) => value !== undefined)
  const incomplete = some && s3.includes(undefined)
  const idle = env.STORE === 'sqlite' && env.REDIS_URL !== undefined && !isOn(env, mode)
  return [
    ...(incomplete
      ? ['S3: set S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or none of them']
      : []),
    ...(idle
      ? [
          'REDIS_URL: with STORE=sqlite Redis is used for events only, and there are none without ENCRYPTION_KEY',
        ]
      : []),
  ]
}

const isOn = ({ ENCRYPTION_KEY }: SyncEnv, mode: 'mock' | 'live'): boolean =>
  ENCRYPTION_KEY !== undefined || mode === 'mock'

/** Undefined, so off, in live mode without an encryption key; mock mode creates one. */
export function syncConfig(env: SyncEnv, mode: 'mock' | 'live'): SyncConfig | undefined {
  const { DATA_DIR: dataDir, DATABASE_URL: url } = env
  if (!isOn(env, mode)) return undefined
  return {
    store: url === undefined ? { is: 'sqlite', dataDir } : { is: 'postgres', url },
    files: fileStore(env),
    keys: env.ENCRYPTION_KEY,
    dataDir,
    streamUrl: env.REDIS_URL,
    dv360: { budget: env.DV360_BUDGET, currency: env.DV360_CURRENCY },
    clients: env.OAUTH_CLIENTS ?? {},
    callbacks: { urls: env.OAUTH_CALLBACK_URLS, loopback: mode === 'mock' },
    limits: env.CONNECTOR_RATE_LIMITS,
    maxConcurrent: env.CONNECTOR_MAX_CONCURRENT,
    publicFilesOnly: mode === 'live',
    bounds: {
      answerMs: env.CONNECTOR_TIMEOUT_SECONDS * 1000,
      answerBytes: env.CONNECTOR_ANSWER_MIB * MIB,
      downloadMs: env.CONNECTOR_DOWNLOAD_SECONDS * 1000,
      downloadBytes: env.CONNECTOR_DOWNLOAD_MIB * MIB,
      downloadRows: env.CONNECTOR_DOWNLOAD_ROWS,
      unpackedBytes: env.CONNECTOR_UNPACKED_MIB * MIB,
      recordBytes: env.CONNECTOR_RECORD_KIB * 1024,
      calls: env.CONNECTOR_CALLS_PER_JOB,
    },
    callCost: env.CONNECTOR_CALL_COST,
    keep: {
      requests: env.CONNECTOR_KEEP_REQUESTS_DAYS,
      events: env.CONNECTOR_KEEP_EVENTS_DAYS,
      rows: env.CONNECTOR_KEEP_ROWS_DAYS,
      fileBytes: env.CONNECTOR_KEEP_FILES_MIB * MIB,
    },
    notifyMail: { from: env.NOTIFY_MAIL_FROM, to: env.NOTIFY_MAIL_TO },
    urls: env.CONNECTOR_URLS ?? {},
  }
}

function fileStore(env: SyncEnv): SyncConfig['files'] {
  const { DATA_DIR: dataDir, S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region } = env
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) return { is: 'folder', dataDir }
  return { is: 's3', dataDir, endpoint, bucket, region, accessKeyId, secretAccessKey }
}
