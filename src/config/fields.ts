import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { type ApiKey, hashKey, KEY_SCOPES, readMoney } from '../api/index.ts'
import { DEFAULT_MULTIPLIERS } from '../fallback/index.ts'
import { standardKey } from '../http/standard-webhooks.ts'
import { DuplicateMember, parseUnambiguous } from '../json/json.ts'
import { readTableLimits, type TableLimits } from '../metrics/tables.ts'
import { isCurrency } from '../money.ts'
import { NOTIFICATION_KINDS } from '../notify/index.ts'
import type { BreakerOptions, RateLimit } from '../shield/index.ts'
import { isLongEnough, MIN_SECRET_CHARS } from '../storage/index.ts'

export const money = (byDefault: string) => z.string().default(byDefault).transform(readMoney)

/** `name=rows,name=rows`. */
export const tableLimits = z
  .string()
  .default('')
  .transform((text, ctx): TableLimits => {
    const limits = readTableLimits(text)
    if (typeof limits !== 'string') return limits
    ctx.addIssue({ code: 'custom', message: limits })
    return z.NEVER
  })

export const currency = z.string().default('USD').refine(isCurrency, 'must be an ISO 4217 code')
export const seconds = (byDefault: number) => z.coerce.number().positive().default(byDefault)
const anyPort = z.coerce.number().int().min(0).max(65_535)
export const port = (byDefault: number) => anyPort.default(byDefault)
export const optionalPort = anyPort.optional()

/** `calls/seconds`, as in `100/60`. */
export const rateLimit = (byDefault: RateLimit) =>
  z
    .string()
    .default(`${byDefault.calls}/${byDefault.windowMs / 1000}`)
    .refine((text) => /^[1-9]\d{0,8}\/[1-9]\d{0,6}$/.test(text), 'must be calls/seconds, as in 100/60')
    .transform(parseRateLimit)

/** `NAME=calls/seconds+calls/seconds,NAME=…`. */
export const rateLimits = <N extends string>(name: z.ZodType<N>) =>
  z
    .string()
    .default('')
    .transform((text, ctx): Partial<Record<N, readonly RateLimit[]>> => {
      const limits: Partial<Record<N, readonly RateLimit[]>> = {}
      for (const entry of text.split(',').filter((one) => one.trim() !== '')) {
        const [whose, list = ''] = entry.trim().split('=')
        const known = name.safeParse(whose)
        if (known.success && /^[1-9]\d{0,8}\/[1-9]\d{0,6}(\+[1-9]\d{0,8}\/[1-9]\d{0,6})*$/.test(list)) {
          limits[known.data] = list.split('+').map(parseRateLimit)
        } else
          ctx.addIssue({
            code: 'custom',
            message: 'must be NAME=calls/seconds, as in DV360=50/60+10000/86400',
          })
      }
      return limits
    })

function parseRateLimit(text: string): RateLimit {
  const [calls = 0, windowSeconds = 0] = text.split('/').map(Number)
  return { calls, windowMs: windowSeconds * 1000 }
}

/** `failures/slowMs/resetSeconds/successes`. */
export const breaker = z
  .string()
  .default('3/500/30/2')
  .refine(
    (text) => /^[1-9]\d{0,5}(\/[1-9]\d{0,5}){3}$/.test(text),
    'must be failures/slowMs/resetSeconds/successes',
  )
  .transform((text): BreakerOptions => {
    const [failures = 0, slowMs = 0, resetSeconds = 0, successes = 0] = text.split('/').map(Number)
    return { failures, slowMs, resetMs: resetSeconds * 1000, successes }
  })

/** SHA-256 of the empty text: the hash of an unset variable. */
const OF_NOTHING = hashKey('').toString('hex')

/** `name:scope+scope:sha256` or `name@organisation:…`, comma-separated; `npm run key` makes the entries. */
export const apiKeys = z
  .string()
  .default('')
  .transform((text, ctx): ApiKey[] => {
    const entries = text.split(',').filter((entry) => entry.trim() !== '')
    return entries.flatMap((entry, i) => {
      const [whose = '', names = '', sha256 = ''] = entry.trim().split(':')
      const [, name, org] = /^([\w-]{1,32})(?:@([1-9]\d{0,8}))?$/.exec(whose) ?? []
      const scopes = KEY_SCOPES.filter((scope) => names.split('+').includes(scope))
      if (
        name !== undefined &&
        scopes.length === names.split('+').length &&
        /^[0-9a-f]{64}$/.test(sha256) &&
        sha256 !== OF_NOTHING
      ) {
        return [
          {
            name,
            org: org === undefined ? undefined : Number(org),
            scopes,
            sha256: Buffer.from(sha256, 'hex'),
          },
        ]
      }
      ctx.addIssue({
        code: 'custom',
        message: `entry ${i + 1} must be name:scope+scope:sha256, where name may end in @organisation (a number)`,
      })
      return []
    })
  })
  .refine(
    (keys) => new Set(keys.map(({ sha256 }) => sha256.toString('hex'))).size === keys.length,
    'must not have the same key twice',
  )

/** `name=factor`, comma-separated; platforms that are not named keep their defaults. */
export const multipliers = z
  .string()
  .default('')
  .transform((text, ctx): Record<string, number> => {
    const pairs = text.split(',').filter((pair) => pair.trim() !== '')
    const entries = pairs.map((pair): [string, number] => {
      const [, name = '', factor = ''] = /^\s*(\w{1,32})=(\d{1,3}(?:\.\d{1,6})?)\s*$/.exec(pair) ?? []
      if (name === '') ctx.addIssue({ code: 'custom', message: 'must be name=factor, as in x=0.75' })
      return [name, Number(factor)]
    })
    return { ...DEFAULT_MULTIPLIERS, ...Object.fromEntries(entries) }
  })

/** An address to which secrets may be sent: HTTPS, or plain HTTP on this machine. */
export const address = z
  .url()
  .refine(
    (url) => url.startsWith('https://') || isLoopback(new URL(url).hostname),
    'must be https, or http on this machine',
  )
  .transform(withoutLastSlashes)

function withoutLastSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}

/** Names of hosts without ports, comma-separated; in lower case, as addresses have them. */
export const hostNames = z
  .string()
  .default('')
  .transform((list) => list.split(',').flatMap((name) => name.trim().toLowerCase() || []))
  .pipe(z.array(z.string().regex(/^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/, 'must be names of hosts without ports')))

/** Address of a Redis server, Sentinels or a Cluster. */
export const redisUrl = z
  .string()
  .regex(
    /^(rediss?|redis-sentinel|redis-cluster):\/\/\S+$/,
    'must begin with redis://, rediss://, redis-sentinel:// or redis-cluster://',
  )
  .optional()
export const text = z.string().min(1).optional()

/** A secret made by others, trimmed; it is never shown. */
export const secret = (minChars: number) =>
  z
    .string()
    .refine((value) => value.trim().length >= minChars, `must have at least ${minChars} characters`)
    .optional()

/** A secret that we sign with. */
export const ownSecret = z
  .string()
  .refine(isLongEnough, `must have at least ${MIN_SECRET_CHARS} characters`)
  .optional()

/** Secrets of Standard Webhooks, comma-separated: `whsec_` and base64. They are never shown. */
export const webhookKeys = z
  .string()
  .transform((list, ctx): Buffer[] => {
    const keys = list
      .split(',')
      .map((one) => (one.trim().startsWith('whsec_') ? standardKey(one.trim()) : undefined))
    if (keys.every((key) => key !== undefined)) return keys
    ctx.addIssue({
      code: 'custom',
      message: 'must be whsec_ and base64 of at least 24 bytes; several secrets comma-separated',
    })
    return z.NEVER
  })
  .optional()

/** Kinds of notifications, comma-separated. */
export const notificationKinds = z
  .string()
  .default('sync_failed')
  .transform((list) => list.split(',').map((one) => one.trim()))
  .pipe(z.array(z.enum(NOTIFICATION_KINDS)))

/** Default limit of requests per second of a seat: far above what one process answers. */
export const MAX_SEAT_QPS = 50_000

const PRICE_KEY_BYTES = 32

/** A key made by an exchange, in base64, base64url or hexadecimal; it is never shown. */
const priceKey = z.string().transform((text, ctx): KeyObject => {
  const isHex = text.length === 2 * PRICE_KEY_BYTES && /^[0-9a-f]*$/i.test(text)
  const isBase64 = /^[A-Za-z0-9_-]{43}=?$|^[A-Za-z0-9+/]{43}=?$/.test(text)
  if (isHex || isBase64) return createSecretKey(Buffer.from(text, isHex ? 'hex' : 'base64'))
  ctx.addIssue({ code: 'custom', message: `must be ${PRICE_KEY_BYTES} bytes in base64 or hexadecimal` })
  return z.NEVER
})

/** How the exchange of a seat encrypts prices; only `keys` are needed. */
const EncryptedPrices = z.strictObject({
  keys: z
    .array(z.strictObject({ encryption: priceKey, integrity: priceKey }))
    .min(1)
    .max(3),
  unit: z.enum(['cpm', 'impression']).default('cpm'),
  macro: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,31}(?::[A-Z0-9_]{1,16})?$/)
    .default('AUCTION_PRICE'),
  currency: z.string().refine(isCurrency, 'must be an ISO 4217 code').optional(),
})

const Seat = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  billOn: z.enum(['billing', 'win']).default('billing'),
  holdSeconds: z.number().positive().max(86_400).default(300),
  requireKey: z.boolean().default(false),
  allowFrom: z.array(z.string()).default([]),
  maxRequestsPerSecond: z.number().positive().max(1_000_000).default(MAX_SEAT_QPS),
  org: z.number().int().min(1).max(999_999_999).optional(),
  encryptedPrices: EncryptedPrices.optional(),
})

export const parsedJson = z.string().transform((text, ctx): unknown => {
  try {
    return parseUnambiguous(text)
  } catch (error) {
    const message = error instanceof DuplicateMember ? 'must name each member once' : 'must be JSON'
    ctx.addIssue({ code: 'custom', message })
    return z.NEVER
  }
})

/** A JSON list of seats; only `id` is needed. */
export const seats = parsedJson
  .pipe(
    z
      .array(Seat)
      .max(100)
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'must not name a seat twice'),
  )
  .optional()

/** A JSON object: the value of one unit of each currency in units of our own. */
export const rates = parsedJson
  .pipe(z.record(z.string().refine(isCurrency), z.number().positive()))
  .optional()

export const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)
