import { z } from 'zod'
import { type HttpRequest, type HttpResponse, retryAfterMs } from '../../http/http.ts'
import {
  ANY_NAME,
  appDataOf,
  type BatchAnswer,
  type Conversion,
  type ConversionConnector,
  type ConversionFault,
  country,
  currencyFault,
  DAY_MS,
  dedupIdOf,
  e164,
  email,
  hashed,
  hashedOften,
  hashedOnes,
  type Identifiers,
  identifiersOf,
  ipAddress,
  isLimited,
  itemCount,
  LASTING_TOKEN,
  lower,
  md5Ones,
  pageOf,
  plain,
  predictedLtvOf,
  present,
  qualityOf,
  REFUSED_FOR_CONTENT,
  refusedBatch,
  regionOf,
  SECRET,
  seconds,
  subjectOf,
  type UserData,
  unmapped,
  unreadable,
  untouched,
  withoutSpaces,
  zip,
} from '../conversions/index.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, numberAt, textAt } from '../platform/json.ts'

const id = z.string().regex(/^\w{1,64}$/)
const TikTokConversionCredentials = z.strictObject({
  pixel_code: id,
  access_token: SECRET,
  /** Sources of app, offline and CRM events; without one, TikTok gets no such events. */
  app_id: id.optional(),
  offline_event_set_id: id.optional(),
  crm_event_set_id: id.optional(),
  test_event_code: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
})
type TikTokConversionCredentials = z.output<typeof TikTokConversionCredentials>

const EVENTS = {
  purchase: 'Purchase',
  add_to_cart: 'AddToCart',
  lead: 'Lead',
  view_content: 'ViewContent',
  // TikTok has no standard event for page views.
  page_view: 'ViewContent',
  view_list: 'ViewContent',
  sign_up: 'CompleteRegistration',
  search: 'Search',
  begin_checkout: 'InitiateCheckout',
  add_payment_info: 'AddPaymentInfo',
  add_to_wishlist: 'AddToWishlist',
  subscribe: 'Subscribe',
  start_trial: 'StartTrial',
  contact: 'Contact',
  schedule: 'Schedule',
  find_location: 'FindLocation',
  customize: 'CustomizeProduct',
  submit_application: 'SubmitApplication',
} as const

/** The currencies in TikTok's own code for apps. */
const CURRENCIES = new Set(
  (
    'AED ARS AUD BDT BGN BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR IQD ISK JOD ' +
    'JPY KES KHR KRW KWD KZT LBP MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD TZS ' +
    'UAH USD VES VND ZAR'
  ).split(' '),
)

type Source = 'web' | 'app' | 'offline' | 'crm'
const SOURCES: Readonly<Record<string, Source>> = {
  website: 'web',
  app: 'app',
  physical_store: 'offline',
  phone_call: 'offline',
  chat: 'crm',
  email: 'crm',
  system_generated: 'crm',
  business_messaging: 'crm',
  other: 'crm',
}
const sourceOf = ({ actionSource }: Conversion): Source => SOURCES[actionSource] ?? 'crm'

/** How much each identifier adds to the match quality, by our estimate. */
const WEIGHTS = {
  email: 3,
  ttclid: 2.5,
  phone: 2,
  external_id: 1,
  ttp: 0.8,
  ip: 0.4,
  user_agent: 0.2,
  first_name: 0.1,
  last_name: 0.2,
  zip_code: 0.2,
}

function identifiers(user: UserData, defaultRegion: string | undefined): Identifiers {
  const region = regionOf(user, defaultRegion)
  return present({
    email: hashed(user.email, email),
    phone: hashed(user.phone, (text) => e164(text, region)),
    external_id: hashed(user.external_id, (text) => text),
    first_name: hashedOften(user.first_name, lower),
    last_name: hashedOften(user.last_name, lower),
    zip_code: hashed(user.zip, zip),
    city: plain(user.city, withoutSpaces),
    state: plain(user.state, withoutSpaces),
    country: plain(user.country, country),
    ttclid: untouched(user.ttclid),
    ttp: untouched(user.ttp),
    ip: plain(user.client_ip_address, ipAddress),
    user_agent: untouched(user.client_user_agent),
  })
}

function faultOf(
  conversion: Conversion,
  credentials: TikTokConversionCredentials | undefined,
): ConversionFault | undefined {
  const { platformEvent, actionSource, customData } = conversion
  const source = sourceOf(conversion)
  if (platformEvent === undefined) return unmapped('TikTok')
  if (SOURCES[actionSource] === undefined)
    return { field: 'action_source', reason: `TikTok takes ${Object.keys(SOURCES).join(', ')}` }
  if (credentials && sourceIdOf(source, credentials) === undefined) {
    const reason = `the connection to TikTok has no ${SOURCE_IDS[source]} for events of this source`
    return { field: 'action_source', reason }
  }
  return currencyFault('TikTok', customData, CURRENCIES)
}

function propertiesOf(conversion: Conversion): Record<string, unknown> {
  const { eventName, customData, parameters } = conversion
  const { contents, value, currency, order_id, search_string } = customData
  return present({
    content_type: contents && (eventName === 'view_list' ? 'product_group' : 'product'),
    ...parameters,
    value,
    currency: currency?.toUpperCase(),
    content_ids: contents?.map((item) => item.id),
    contents: contents?.map((item) =>
      present({ content_id: item.id, quantity: item.quantity ?? 1, price: item.item_price }),
    ),
    num_items: contents && itemCount(contents),
    order_id,
    // TikTok's documentation has both names.
    query: search_string,
    search_string,
    predicted_ltv: predictedLtvOf(conversion),
  })
}

function eventOf(conversion: Conversion): Record<string, unknown> {
  const { platformEvent, eventTimeMs, consent } = conversion
  const url = pageOf(conversion)
  const properties = propertiesOf(conversion)
  return present({
    event: platformEvent,
    event_time: seconds(eventTimeMs),
    event_id: dedupIdOf(conversion),
    user: identifiersOf(conversion),
    properties: Object.keys(properties).length > 0 ? properties : undefined,
    page: url === undefined ? undefined : { url },
    app: appOf(conversion),
    limited_data_use: isLimited(consent),
  })
}

const SOURCE_IDS = {
  web: 'pixel_code',
  app: 'app_id',
  offline: 'offline_event_set_id',
  crm: 'crm_event_set_id',
} as const satisfies Readonly<Record<Source, keyof TikTokConversionCredentials>>

const sourceIdOf = (source: Source, credentials: TikTokConversionCredentials): string | undefined =>
  credentials[SOURCE_IDS[source]]

/** The app by its id in the store, from the data of the device. */
function appOf(conversion: Conversion): Record<string, unknown> | undefined {
  if (sourceOf(conversion) !== 'app') return undefined
  const [, app_id = '', app_version = ''] = appDataOf(conversion)?.extinfo ?? []
  return app_id === '' ? undefined : present({ app_id, app_version: app_version || undefined })
}

/** Codes in TikTok's answers. */
const OK = 0
const PARTLY = 20001
const NO_PERMISSION = 40001
/** An invalid parameter. Related codes, such as 40000 for a price, concern the format of the request. */
const BAD_PARAMETER = 40002
const isBadParameter = (code: number): boolean => code >= 40000 && code < 40100
const TOO_MANY_CALLS = 40100
const BAD_TOKEN = 40105
/**
 * After how long a call is tried again when a daily limit is used up, in milliseconds: TikTok does not say when the day
 * begins.
 */
const HOUR_MS = 3_600_000

/** The code in the answer counts, not its HTTP status, which is 200 for most refusals. */
function read(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const body = jsonBody(response)
  const code = numberAt(body, 'code')
  if (code === undefined) return unreadable(response, batch, nowMs)
  const requestId = textAt(body, 'request_id')
  const words = textAt(body, 'message') ?? ''
  const detail = detailOf(`code ${code}: ${words}`)
  if (code === OK && response.status < 300)
    return { is: 'taken', verdicts: batch.map(() => ({ is: 'acknowledged' })), requestId }
  if (code === PARTLY && response.status < 300) {
    const named = indexesIn(`${words} ${JSON.stringify(at(body, 'data') ?? '')}`)
    return {
      is: 'taken',
      verdicts: batch.map((_, index) =>
        named.has(index)
          ? { is: 'rejected', code: String(code), detail }
          : // With none named, nobody can say which event TikTok has left out.
            { is: 'acknowledged', ...(named.size === 0 && { note: 'TikTok took some events of the call' }) },
      ),
      requestId,
    }
  }
  if (code === NO_PERMISSION) return { is: 'account_refused', code: String(code), detail }
  const indexes = indexesIn(words)
  // TikTok has a dozen codes for tokens and for limits, but the same wording for all of them.
  const subject = code === OK || code === PARTLY || indexes.size > 0 ? 'events' : subjectOf(words)
  if (code === BAD_TOKEN || subject === 'token') return { is: 'auth_lost', detail }
  if (code === TOO_MANY_CALLS || response.status === 429 || subject !== 'events') {
    const dayMs = subject === 'calls_of_a_day' ? HOUR_MS : undefined
    return { is: 'throttled', detail, retryAfterMs: retryAfterMs(response.headers, nowMs) ?? dayMs }
  }
  if (!isBadParameter(code) && !REFUSED_FOR_CONTENT.has(response.status)) return { is: 'transient', detail }
  return refusedBatch(batch, {
    code: String(code),
    detail,
    requestId,
    indexes,
    verdict: { is: 'rejected', code: String(code), detail },
    processedNothing: true,
  })
}

/** The events that TikTok names, as in `Batch.0.properties.contents.0.content_id: Not a valid string`. */
const indexesIn = (words: string): ReadonlySet<number> =>
  new Set([...words.matchAll(/\bBatch\.(\d{1,4})(?!\d)/g)].map((found) => Number(found[1])))

const headersOf = (access_token: string) => ({
  'access-token': access_token,
  'content-type': 'application/json',
})

export const tiktokConversions: ConversionConnector<TikTokConversionCredentials> = {
  platform: 'tiktok',
  credentials: TikTokConversionCredentials,
  apis: { business: { baseUrl: 'https://business-api.tiktok.com/open_api', version: 'v1.3' } },
  apiOf: () => 'business',
  ...LASTING_TOKEN,
  ...ANY_NAME,
  limits: {
    maxEventsPerCall: 1000,
    startEventsPerCall: 500,
    eventsPerMinute: 600,
    // TikTok publishes no limit; 1,000 events are about half of this.
    maxBodyBytes: 2 * 1024 * 1024,
    // TikTok publishes no limit; other senders use this one for Meta.
    maxFutureMs: 60_000,
    deduplicationMs: 2 * DAY_MS,
  },
  events: EVENTS,
  currencies: CURRENCIES,
  maxAgeMs: () => 28 * DAY_MS,
  identifiers,
  leftOut: (user) => [
    ...md5Ones(user, 'TikTok'),
    ...hashedOnes(user, ['city', 'state', 'country'], 'TikTok'),
  ],
  faultOf,
  groupOf: sourceOf,
  matchQuality: (conversion) => qualityOf(identifiersOf(conversion), WEIGHTS),

  send({ baseUrl, version }, credentials, batch): HttpRequest {
    const [first] = batch
    const event_source = first ? sourceOf(first) : 'web'
    const body = {
      event_source,
      event_source_id: sourceIdOf(event_source, credentials),
      test_event_code: credentials.test_event_code,
      data: batch.map(eventOf),
    }
    return {
      method: 'POST',
      url: `${baseUrl}/${version}/event/track/`,
      headers: headersOf(credentials.access_token),
      body: JSON.stringify(body),
    }
  },
  read,

  // A call without events: TikTok checks the token first and then refuses the call.
  test: ({ baseUrl, version }, { pixel_code, access_token }) => ({
    method: 'POST',
    url: `${baseUrl}/${version}/event/track/`,
    headers: headersOf(access_token),
    body: JSON.stringify({ event_source: 'web', event_source_id: pixel_code, data: [] }),
  }),
  readTest(response) {
    const body = jsonBody(response)
    const code = numberAt(body, 'code')
    if (response.status < 300 && (code === BAD_PARAMETER || code === OK))
      return { is: 'works', detail: 'TikTok takes the access token' }
    const words = textAt(body, 'message') ?? ''
    return { is: 'fails', detail: detailOf(`HTTP ${response.status}, code ${code ?? 'none'} ${words}`) }
  },
}
