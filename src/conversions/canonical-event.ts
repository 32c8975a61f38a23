import { z } from '@hono/zod-openapi'
import { nameShown } from '../api/index.ts'
import { EXTINFO_PARTS, isPlaceholder, isPlaceholderOfId } from '../connectors/index.ts'
import { isCurrency } from '../money.ts'
import { CONVERSION_PLATFORMS } from './conversions.ts'
import { hasEmail, isPhoneText } from './personal-text.ts'
import '../json/plain-words.ts'

/** Most events of one request. */
export const MAX_EVENTS = 1_000
/** A number below this is a time in seconds: as milliseconds it would lie in 1973 or earlier. */
const MAX_SECONDS = 100_000_000_000
/**
 * Printable ASCII, which every platform accepts. It must not end with a blank, since some ways of transport drop it.
 */
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
/** Names of events. No blank at the end, since a name without it would be another event. */
export const EVENT_NAME = /^[A-Za-z0-9](?:[\w .:-]{0,62}[\w.:-])?$/
export const EVENT_NAME_FAULT = 'must be 1 to 64 letters, digits, spaces or _.:-'
const text = (most: number) => z.string().max(most)
const wholeText = (most: number) =>
  text(most).refine(
    (said) => said.isWellFormed() && !/\p{Cc}/u.test(said),
    'must be text without control characters',
  )
const id = (most: number) =>
  z.string().min(1).max(most).regex(PRINTABLE, 'must be printable ASCII without blanks around it')
/** As a path segment, `.` and `..` are resolved to another path, so such an event could not be asked for. */
const isAskable = (said: string): boolean => said !== '.' && said !== '..'
/** The id or name of an event in a request that asks for one; stored ones have no other characters. */
export const EventIdText = id(128).refine(isAskable, 'must not be . or ..')
export const EventNameText = id(64)
/**
 * Whether an id is a real one. Programs write a placeholder such as `null` if they have none, which would make all
 * their events one.
 */
export const isRealId = (said: string): boolean => !isPlaceholderOfId(said)
export const PLACEHOLDER_FAULT = 'is a placeholder for a missing value; leave it out, or send a value'
/** Ids are stored and sent unencrypted, so they must not contain an e-mail address or a phone number. */
const isImpersonal = (said: string): boolean =>
  !hasEmail(said) && !(said.startsWith('+') && isPhoneText(said))
const PERSONAL_FAULT = 'must be no e-mail address or phone number: ids are stored and sent as they are'
const ItemId = id(128).refine(isRealId, PLACEHOLDER_FAULT).refine(isImpersonal, PERSONAL_FAULT)
const amount = z.number().min(0).max(1e12)

const EventTime = z
  .union([z.number(), z.string().max(40)])
  .transform((said, ctx): number => {
    const ms = typeof said === 'number' ? (Math.abs(said) < MAX_SECONDS ? said * 1_000 : said) : isoMs(said)
    if (Number.isFinite(ms) && ms >= 0 && ms < 1e14) return Math.round(ms)
    ctx.addIssue({ code: 'custom', message: 'must be ISO 8601, or Unix seconds or milliseconds' })
    return z.NEVER
  })
  .openapi({
    type: ['string', 'number'],
    description: 'ISO 8601 with a time zone, or Unix seconds or milliseconds.',
    example: '2026-11-20T11:00:00Z',
  })

/** A time zone is required: without one the same text means another moment on another machine. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:Z|([+-])(\d\d):?(\d\d))$/
const MINUTE_MS = 60_000
/** The time zones that exist, in minutes: from 12 hours behind UTC to 14 hours ahead. */
const ZONES = { from: -12 * 60, to: 14 * 60 }

/**
 * Unix time in ms; NaN for a time that does not exist, such as 31 September, 24:00, or a time zone outside {@link
 * ZONES}.
 */
function isoMs(said: string): number {
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, ahead = '0', past = '0'] =
    ISO.exec(said) ?? []
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const isThere = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  const isOnClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 && Number(past) < 60
  const zone = (Number(ahead) * 60 + Number(past)) * (sign === '-' ? -1 : 1)
  if (!isThere || !isOnClock || zone < ZONES.from || zone > ZONES.to) return Number.NaN
  const minutes = Number(hour) * 60 + Number(minute) - zone
  return date.getTime() + minutes * MINUTE_MS + Number(`${second}${fraction}`) * 1_000
}

const UserDataInput = z.strictObject({
  email: text(320).optional(),
  phone: text(64).optional(),
  first_name: text(200).optional(),
  last_name: text(200).optional(),
  city: text(200).optional(),
  state: text(100).optional(),
  zip: text(32).optional(),
  country: text(64).optional(),
  external_id: text(256).optional(),
  client_ip_address: text(64).optional(),
  client_user_agent: text(1_024).optional(),
  fbc: text(512).optional(),
  fbp: text(256).optional(),
  gclid: text(512).optional(),
  gbraid: text(512).optional(),
  wbraid: text(512).optional(),
  ttclid: text(1_024).optional(),
  ttp: text(256).optional(),
  sc_click_id: text(512).optional(),
  sc_cookie1: text(256).optional(),
})

const Content = z.strictObject({
  id: ItemId,
  quantity: z.int().min(1).max(1_000_000).describe('How many of the item.').optional(),
  item_price: amount.describe('Price of one, in units of the currency.').optional(),
})

const CustomDataInput = z.strictObject({
  value: amount.describe('In units of the currency.').optional(),
  currency: z
    .string()
    .max(3)
    .transform((code) => code.toUpperCase())
    .refine(isCurrency, 'must be an ISO 4217 code such as USD')
    .openapi({ type: 'string', example: 'USD' })
    .optional(),
  order_id: ItemId.optional(),
  contents: z.array(Content).max(200).optional(),
  search_string: wholeText(500).optional(),
  predicted_ltv: amount.describe('Lifetime value of the customer, in units of the currency.').optional(),
})

/** Facts about the device of an app event, by the field names of Meta's and Snapchat's documentation. */
const AppDataInput = z.strictObject({
  advertiser_tracking_enabled: z.boolean().describe('Whether the device may be tracked.'),
  application_tracking_enabled: z.boolean().describe('Whether the app may track.'),
  extinfo: z
    .array(wholeText(200))
    .length(EXTINFO_PARTS)
    .refine(([kind = '']) => kind === 'i2' || kind === 'a2', 'must begin with i2 (iOS) or a2 (Android)')
    .refine(
      (parts) => (parts[4] ?? '').trim() !== '',
      'must have the version of the system as its fifth text',
    )
    .describe(
      'i2 or a2, package, short version, long version, version of the system, model, locale, time zone, carrier, width, height, ' +
        'density, cores, storage, free storage, zone of the device; what is not known is an empty text.',
    ),
})

const Choice = z.enum(['granted', 'denied'])

/** The most entries of a list of platforms; the same one may be listed twice. */
const MAX_PLATFORMS = 20

/** Removes a user name and password in front of the host: they are secrets and have no place in an event. */
function withoutUser(address: string): string {
  const url = URL.parse(address)
  if (!url || (url.username === '' && url.password === '')) return address
  ;[url.username, url.password] = ['', '']
  return url.href
}

/** One conversion as a caller sends it. */
export const CanonicalEvent = z
  .strictObject({
    event_id: EventIdText.refine(isRealId, PLACEHOLDER_FAULT).refine(isImpersonal, PERSONAL_FAULT),
    event_name: z
      .string()
      .regex(EVENT_NAME, EVENT_NAME_FAULT)
      .refine((said) => !isPlaceholder(said), PLACEHOLDER_FAULT),
    event_time: EventTime,
    action_source: z.enum([
      'website',
      'app',
      'email',
      'phone_call',
      'chat',
      'physical_store',
      'system_generated',
      'business_messaging',
      'other',
    ]),
    event_source_url: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .regex(/^\S*$/, 'must be an address without blanks')
      .refine((said) => !/\p{C}/u.test(said), 'must be an address of characters that can be seen')
      .transform(withoutUser)
      .optional(),
    platforms: z.array(z.enum(CONVERSION_PLATFORMS)).min(1).max(MAX_PLATFORMS).optional(),
    user_data: UserDataInput.optional(),
    custom_data: CustomDataInput.optional(),
    app_data: AppDataInput.optional(),
    consent: z
      .strictObject({ ad_user_data: Choice.optional(), ad_personalization: Choice.optional() })
      .optional(),
    bid_id: ItemId.optional(),
  })
  .openapi('ConversionEvent')
export type CanonicalEvent = z.output<typeof CanonicalEvent>

/** What is wrong with an event. It never repeats a value of the event. */
export interface EventFault {
  readonly field: string
  readonly reason: string
}

export type ParsedEvent =
  | { readonly is: 'event'; readonly event: CanonicalEvent }
  | { readonly is: 'refused'; readonly fault: EventFault }

/** Parses one event. The reason of a fault never repeats a value, since it may be personal data. */
export function parseEvent(value: unknown): ParsedEvent {
  const result = CanonicalEvent.safeParse(value)
  if (result.success) return { is: 'event', event: result.data }
  const [issue] = result.error.issues
  if (!issue) return { is: 'refused', fault: { field: '', reason: 'is not valid' } }
  const isUnknown = issue.code === 'unrecognized_keys'
  // The name of an unknown member may be anything, for example an e-mail address.
  const path = isUnknown ? [...issue.path, nameShown(issue.keys[0])] : issue.path
  const field = path.map(String).join('.').slice(0, 200)
  return { is: 'refused', fault: { field, reason: isUnknown ? 'is not a known field' : issue.message } }
}

/** The id of an event that is refused, as far as it can be read. */
export function idOf(value: unknown): string | null {
  const said: unknown =
    value !== null && typeof value === 'object' ? Reflect.get(value, 'event_id') : undefined
  return typeof said === 'string' ? said.slice(0, 128) : null
}

export const EXAMPLE_EVENT = {
  event_id: 'ord-1',
  event_name: 'purchase',
  event_time: '2026-11-20T11:00:00Z',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  platforms: ['meta'],
  user_data: {
    email: 'ann@x.example',
    phone: '+1 650 555 1212',
    country: 'US',
    client_ip_address: '203.0.113.7',
    client_user_agent: 'Mozilla/5.0',
  },
  custom_data: {
    value: 49.9,
    currency: 'USD',
    order_id: 'ord-1',
    contents: [{ id: 'sku-1', quantity: 2, item_price: 24.95 }],
  },
  consent: { ad_user_data: 'granted', ad_personalization: 'granted' },
} as const
