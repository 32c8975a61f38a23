import { z } from '@hono/zod-openapi'
import { listOf, TimeZone } from '../../../api/index.ts'
import type { Micros } from '../../../money.ts'
import type { LimitSpec } from '../../../shield/index.ts'
import { Money } from '../../bids/request.ts'
import { MAX_SIDE } from './imp.ts'
import { BILLING_URL_MACRO } from './macros.ts'
import { readVast } from './vast.ts'

/** Body of `PUT /v1/campaigns/{id}`: budget, price, targeting, schedule and creatives. Money is in currency units. */

const Name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')

function isVast(document: string): boolean {
  try {
    readVast(document, BILLING_URL_MACRO)
    return true
  } catch {
    return false
  }
}

/** Highest CPM, in micros: keeps every product of a price and a multiplier far below the largest exact integer. */
const MAX_CPM = 1_000_000_000_000
const Cpm = Money.refine((cpm) => cpm <= MAX_CPM, 'must not exceed 1000000')
const Domain = z
  .string()
  .regex(/^([A-Za-z0-9_-]+\.)+[A-Za-z0-9-]{2,}$/, 'must be a domain such as example.com')
  .toLowerCase()
const Url = z.url({ protocol: /^https?$/, message: 'must be an http or https address' })
/** Longest list of codes such as attributes, in entries. */
const MAX_CODES = 50
const MAX_TRACKERS = 100
const MAX_COUNTRIES = 250
const Mimes = z
  .array(z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, 'must be a media type such as video/mp4'))
  .min(1)
  .max(MAX_CODES)
const Codes = z.array(z.int().min(0)).max(MAX_CODES).default([])
const Side = z.int().min(1).max(MAX_SIDE)
const Size = z.strictObject({ w: Side, h: Side })
const MINUTE_S = 60
const DAY_S = 86_400
const YEAR_S = 31_536_000

const LimitInput = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sliding'),
    windowSeconds: z
      .int()
      .min(MINUTE_S)
      .max(YEAR_S)
      .default(10 * MINUTE_S),
    max: Money,
  }),
  z.strictObject({ kind: z.literal('day'), timezone: TimeZone.default('UTC'), max: Money }),
  z.strictObject({ kind: z.literal('lifetime'), max: Money }),
])

const AnyCreative = {
  /** Id of the creative that the exchange has approved (`crid` of the bid). */
  id: z.string().min(1).max(128),
  /** Creative attributes (AdCOM list), matched against `battr`. */
  attributes: Codes,
  /**
   * API frameworks (AdCOM list) that the ad needs; the slot must support all of them. Those that a VAST document or
   * MRAID markup shows are added, unless another version of the same is named.
   */
  apis: Codes,
  /** Language of the ad as a BCP 47 tag. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'must be a language tag such as en or pt-BR')
    .optional(),
  /** Whether everything is loaded over HTTPS; found in the markup where it is not given. */
  secure: z.boolean().optional(),
}

const Banner = z.strictObject({
  ...AnyCreative,
  type: z.literal('banner'),
  sizes: z.array(Size).min(1).max(50),
  markup: z.string().min(1).max(100_000),
  mimes: Mimes.default(['text/html']),
  /** Banner type: 1 text, 2 image, 3 JavaScript, 4 iframe; matched against `btype`. */
  bannerType: z.int().min(1).max(4).optional(),
})

const Stream = {
  ...AnyCreative,
  /**
   * The VAST document itself. Blank space and a byte order mark around it are removed, because players fail on them.
   */
  vast: z
    .string()
    .trim()
    .max(100_000)
    .refine(isVast, 'must be a VAST document, and well-formed XML')
    .optional(),
  /** Address of a VAST document; the bid carries a wrapper around it. */
  vastUrl: Url.optional(),
  durationSeconds: z.number().positive().max(3600),
  mimes: Mimes,
  /** Protocol (AdCOM list of creative subtypes); read from the document where it is not given. */
  protocol: z.int().min(1).optional(),
}

const Video = z.strictObject({
  ...Stream,
  type: z.literal('video'),
  /** Linearity (AdCOM): 1 linear, 2 overlay. */
  linearity: z.union([z.literal(1), z.literal(2)]).default(1),
  w: Side.optional(),
  h: Side.optional(),
})
const Audio = z.strictObject({ ...Stream, type: z.literal('audio') })

const Native = z.strictObject({
  ...AnyCreative,
  type: z.literal('native'),
  title: z.string().min(1).max(1000),
  link: Url,
  images: z
    .array(
      z.strictObject({ type: z.int().min(1), url: Url, w: Side, h: Side, mime: Mimes.element.optional() }),
    )
    .max(MAX_CODES)
    .default([]),
  data: z
    .array(z.strictObject({ type: z.int().min(1), value: z.string().min(1).max(1000) }))
    .max(MAX_CODES)
    .default([]),
  impressionTrackers: z.array(Url).max(MAX_TRACKERS).default([]),
})

export const CreativeSpec = z
  .discriminatedUnion('type', [Banner, Video, Audio, Native])
  .refine(
    (creative) =>
      !('durationSeconds' in creative) || (creative.vast === undefined) !== (creative.vastUrl === undefined),
    {
      path: ['vast'],
      message: 'give either vast or vastUrl',
    },
  )
export type CreativeSpec = z.output<typeof CreativeSpec>

const allowDeny = (entry: z.ZodType<string>) =>
  z.strictObject({
    allow: listOf(entry, 100_000).default([]),
    deny: listOf(entry, 100_000).default([]),
  })

/**
 * Transparency data of the Digital Services Act: who shows and who pays for the ad. Sent as `ext.dsa` of the bid where
 * the exchange accepts it.
 */
const Dsa = z.strictObject({
  /** On whose behalf the ad is shown. */
  behalf: z.string().min(1).max(100),
  /** Who paid for the ad; required even where it is the same as `behalf`. */
  paid: z.string().min(1).max(100),
  /** Parties that applied parameters of the user, and which: 1 profiling, 2 basic advertising, 3 precise location. */
  transparency: z
    .array(z.strictObject({ domain: Domain, dsaparams: z.array(z.int().min(1).max(1_000)).max(20) }))
    .max(20)
    .default([]),
  /** 1 if the ad itself shows this data, 0 if not. */
  adrender: z.union([z.literal(0), z.literal(1)]).default(0),
})

const Hour = z.int().min(0).max(24)
const Instant = z.iso.datetime({ offset: true })
const MAX_FLIGHT_MS = 366 * 86_400_000

const Pacing = z
  .strictObject({
    /**
     * How the budget is spread: `asap` spends it as fast as there is traffic, `even` alike over the period, `ahead` more
     * at the beginning (1.4 times an even pace) than at the end (0.6 times).
     */
    mode: z.enum(['asap', 'even', 'ahead']).default('asap'),
    /**
     * The time in which the campaign bids at all; its smallest `lifetime` limit is spread over it. Without it the smallest
     * `day` limit is spread over each day of its time zone.
     */
    flight: z
      .strictObject({ start: Instant, end: Instant })
      .refine(({ start, end }) => Date.parse(start) < Date.parse(end), {
        path: ['end'],
        message: 'must be after start',
      })
      .refine(({ start, end }) => Date.parse(end) - Date.parse(start) <= MAX_FLIGHT_MS, {
        path: ['end'],
        message: 'must be at most 366 days after start',
      })
      .optional(),
  })
  .prefault({})

/** How often one user may see the campaign. */
const FrequencyCap = z.strictObject({
  impressions: z.int().min(1).max(100),
  windowSeconds: z
    .int()
    .min(MINUTE_S)
    .max(30 * DAY_S),
  /** What to do where no id of the user is given, or privacy forbids to read it: not bid, or bid without a cap. */
  withoutId: z.enum(['skip', 'bid']).default('skip'),
})

const kindOf = ({ flight }: z.output<typeof Pacing>) => (flight ? 'lifetime' : 'day')

export const CampaignSpec = z
  .strictObject({
    seat: Name,
    status: z.enum(['active', 'paused']).default('active'),
    /** Limits of the campaign's own budget; those of the platform and the global budget apply as well. */
    limits: z.array(LimitInput).max(10).default([]),
    advertiserDomain: Domain,
    categories: z.array(z.string().min(1).max(32)).max(100).default([]),
    /** Taxonomy of `categories`; 1 is IAB Content Category 1.0. */
    categoryTaxonomy: z.int().min(1).default(1),
    /** Store id of the advertised app, matched against `bapp`. */
    appBundle: z.string().min(1).max(256).optional(),
    dsa: Dsa.optional(),
    price: z
      .strictObject({
        /** CPM, in currency units, for each unit of predicted lifetime value. */
        cpmPerLtv: z.number().min(0).max(1_000_000),
        minCpm: Cpm.default(0 as Micros),
        maxCpm: Cpm,
      })
      .refine(({ minCpm, maxCpm }) => minCpm <= maxCpm, {
        path: ['minCpm'],
        message: 'must not exceed maxCpm',
      }),
    targeting: z
      .strictObject({
        countries: z
          .array(z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 3166 code of three capitals such as USA'))
          .max(MAX_COUNTRIES)
          .default([]),
        deviceTypes: z.array(z.int().min(1)).max(MAX_CODES).default([]),
        domains: allowDeny(Domain).prefault({}),
        bundles: allowDeny(z.string().min(1).max(256)).prefault({}),
        /** If not empty, the campaign bids only for these deals. */
        deals: z.array(z.string().min(1).max(256)).max(1000).default([]),
        /**
         * Whether to bid on rewarded impressions (`rwdd`): on all impressions alike, only on rewarded ones, or on none
         * of them.
         */
        rewarded: z.enum(['any', 'only', 'none']).default('any'),
        /**
         * If not empty, videos bid only in these placements (`plcmt`, AdCOM's list): 1 in stream, 2 with content, 3
         * interstitial, 4 alone.
         */
        placements: z.array(z.int().min(1)).max(100).default([]),
        /** If true, bids only where a supply chain (`schain`) is present and says that it is complete. */
        completeSupplyChain: z.boolean().default(false),
      })
      .prefault({}),
    activeHours: z
      .strictObject({
        timezone: TimeZone,
        /** Weekdays: 1 Monday to 7 Sunday. */
        days: z.array(z.int().min(1).max(7)).min(1).max(MAX_CODES).default([1, 2, 3, 4, 5, 6, 7]),
        /**
         * Hours of the day: from the full hour `from` up to the full hour `to`; across midnight where `from` is later.
         */
        from: Hour.default(0),
        to: Hour.default(24),
      })
      .refine(({ from, to }) => from !== to, { path: ['to'], message: 'must differ from from' })
      .optional(),
    pacing: Pacing,
    frequencyCap: FrequencyCap.optional(),
    /**
     * Whether prices are lowered where the winner pays what it bid (`at` 1), to what has the highest expected gain; `off` bids all
     * that an impression is worth.
     */
    shading: z.enum(['on', 'off']).default('on'),
    /**
     * If true, bids for all impressions of a page or for none, and only where the exchange says that it offers all of
     * them.
     */
    roadblock: z.boolean().default(false),
    creatives: listOf(CreativeSpec, 100, 1),
  })
  .refine(({ roadblock, targeting }) => !roadblock || targeting.deals.length === 0, {
    path: ['roadblock'],
    message: 'cannot be combined with deals',
  })
  .refine(
    ({ pacing, limits }) => pacing.mode === 'asap' || limits.some(({ kind }) => kind === kindOf(pacing)),
    {
      path: ['pacing', 'mode'],
      message: 'needs a limit to spread: of kind day, or with a flight of kind lifetime',
    },
  )

export type CampaignSpec = z.output<typeof CampaignSpec>

/** Limits of the campaign's scope in the form of the shield (micros). */
export function limitsOf(spec: CampaignSpec): LimitSpec[] {
  return spec.limits.map((limit): LimitSpec => {
    if (limit.kind !== 'sliding') return limit
    return { kind: 'sliding', windowMs: limit.windowSeconds * 1000, max: limit.max }
  })
}
