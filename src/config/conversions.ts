import { z } from 'zod'
import { conversionConnectors, isRegion, WHATSAPP_API_NAME } from '../connectors/index.ts'
import { CONVERSION_PLATFORMS, type LtvFeed, MESSAGE_PLATFORM } from '../conversions/index.ts'
import { address, parsedJson } from './fields.ts'

const Platform = z.enum([...CONVERSION_PLATFORMS, MESSAGE_PLATFORM])
const Api = z.strictObject({
  baseUrl: address.optional(),
  version: z
    .string()
    .regex(/^v\d+(\.\d+)?$/)
    .optional(),
})

const apisOf = (platform: z.output<typeof Platform>): readonly string[] =>
  platform === MESSAGE_PLATFORM ? [WHATSAPP_API_NAME] : Object.keys(conversionConnectors[platform].apis)

/** By platform and API. An unknown name is refused: everything would silently go to the platform itself. */
const Apis = z.partialRecord(Platform, z.record(z.string(), Api)).superRefine((apis, ctx) => {
  for (const platform of Platform.options)
    for (const name of Object.keys(apis[platform] ?? {}))
      if (!apisOf(platform).includes(name))
        ctx.addIssue({
          code: 'custom',
          path: [platform, name],
          message: `is no API of ${platform}; there is ${apisOf(platform).join(', ')}`,
        })
})

/** The variables of conversions. */
export const conversionFields = {
  CONVERSION_APIS: parsedJson.pipe(Apis).optional(),
  CONVERSION_EVENTS_PER_MINUTE: parsedJson
    .pipe(z.partialRecord(Platform, z.int().min(1).max(1_000_000_000)))
    .optional(),
  CONVERSION_DEFAULT_REGION: z
    .string()
    .refine(isRegion, 'must be the ISO 3166 code of a country that has phone numbers, such as US')
    .optional(),
  // Snapchat recognises an order id for 30 days and takes events up to 37 days old. Ids that are forgotten sooner could
  // be counted twice.
  CONVERSION_KEEP_DAYS: z.coerce.number().int().min(37).max(36_500).default(40),
  CONVERSION_LTV_FEED: z.enum(['off', 'value', 'predicted_ltv']).default('off'),
} as const

const Fields = z.object(conversionFields)
type Fields = z.output<typeof Fields>

/** How conversions are sent. */
export interface ConversionConfig {
  /** Addresses and versions of APIs that differ from the platforms' own, by platform and API. */
  readonly apis: NonNullable<Fields['CONVERSION_APIS']>
  /**
   * In live mode, the addresses at which bids reach the same platforms: conversions use them too, unless {@link apis}
   * has another.
   */
  readonly liveUrls: {
    readonly googleToken: string
    /** By platform and API, joined by a dot. */
    readonly apis: ReadonlyMap<string, string>
  }
  /** Limits that differ from the platforms' own. */
  readonly eventsPerMinute: NonNullable<Fields['CONVERSION_EVENTS_PER_MINUTE']>
  readonly defaultRegion: string | undefined
  readonly keepDays: number
  /** Which value of a conversion feeds the history of lifetime values; undefined: none. */
  readonly ltvFeed: LtvFeed
}

type AddressesOfBids = { readonly [name in 'GOOGLE_ADS_URL' | 'GOOGLE_OAUTH_URL' | 'META_URL']: string }

export const conversionConfig = (env: Fields & AddressesOfBids): ConversionConfig => ({
  apis: env.CONVERSION_APIS ?? {},
  liveUrls: {
    googleToken: env.GOOGLE_OAUTH_URL,
    apis: new Map([
      ['google.google_ads', env.GOOGLE_ADS_URL],
      ['meta.graph', env.META_URL],
      [`${MESSAGE_PLATFORM}.${WHATSAPP_API_NAME}`, env.META_URL],
    ]),
  },
  eventsPerMinute: env.CONVERSION_EVENTS_PER_MINUTE ?? {},
  defaultRegion: env.CONVERSION_DEFAULT_REGION,
  keepDays: env.CONVERSION_KEEP_DAYS,
  ltvFeed: env.CONVERSION_LTV_FEED === 'off' ? undefined : env.CONVERSION_LTV_FEED,
})
