import { z } from 'zod'
import type { HttpRequest, HttpResponse } from '../../http/http.ts'
import {
  ANY_NAME,
  appDataOf,
  type BatchAnswer,
  type Conversion,
  type ConversionConnector,
  type ConversionFault,
  type CustomData,
  cityLetters,
  clickTimeMs,
  consentFault,
  currencyFault,
  DAY_MS,
  dedupIdOf,
  e164,
  email,
  FBC,
  FBP,
  hashedOften,
  hashedOrMd5,
  type Identifiers,
  identifiersOf,
  indexesOf,
  isLimited,
  itemCount,
  LASTING_TOKEN,
  lacksValue,
  MAX_CLICK_AGE_MS,
  pageOf,
  personFields,
  predictedLtvOf,
  present,
  qualityOf,
  refusedBatch,
  regionOf,
  SECRET,
  seconds,
  type UserData,
  unmapped,
  unreadable,
} from '../conversions/index.ts'
import { GRAPH_THROTTLES, GRAPH_TOKEN_DEAD, isGraphPermission, wantsAppSecret } from '../graph/errors.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, numberAt, parsed, textAt } from '../platform/json.ts'
import { meta } from './api.ts'

const MetaConversionCredentials = z.strictObject({
  pixel_id: z.string().regex(/^\w{1,64}$/),
  access_token: SECRET,
  /** The dataset that Meta has linked to the app, to which app events are sent. */
  app_dataset_id: z
    .string()
    .regex(/^\w{1,64}$/)
    .optional(),
  /** Events with this code show up in Meta's Events Manager at once. They are counted all the same. */
  test_event_code: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
})
type MetaConversionCredentials = z.output<typeof MetaConversionCredentials>

const EVENTS = {
  purchase: 'Purchase',
  add_to_cart: 'AddToCart',
  lead: 'Lead',
  page_view: 'PageView',
  view_content: 'ViewContent',
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
  // Meta has no standard events for these; under any other name an event is a custom one.
  login: 'Login',
  share: 'Share',
  invite: 'Invite',
} as const

const ACTION_SOURCES = new Set([
  'email',
  'website',
  'app',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'other',
])

/** Weights of the identifiers in the estimate of match quality: how reliably Meta finds a person by each. */
const WEIGHTS = {
  em: 3,
  ph: 2,
  fbc: 2,
  external_id: 1,
  fbp: 0.8,
  client_ip_address: 0.4,
  client_user_agent: 0.2,
  ln: 0.3,
  fn: 0.2,
  zp: 0.2,
  ct: 0.1,
  st: 0.1,
  country: 0.1,
}
/** Meta finds nobody by these alone, and refuses the whole call. */
const TOO_LITTLE = new Set(['client_user_agent', 'country', 'st', 'ct', 'zp'])

/** Greatest age of an event that Meta accepts, in milliseconds; events of a shop may be older. */
const MAX_AGE_MS = 7 * DAY_MS
const MAX_STORE_AGE_MS = 62 * DAY_MS
const maxAgeMs = (actionSource: string): number =>
  actionSource === 'physical_store' ? MAX_STORE_AGE_MS : MAX_AGE_MS

function identifiers(user: UserData, defaultRegion: string | undefined): Identifiers {
  const region = regionOf(user, defaultRegion)
  const { fbc, fbp } = user
  return present(personFields(user), {
    em: hashedOrMd5(user.email, email),
    ph: hashedOrMd5(user.phone, (text) => e164(text, region).slice(1)),
    ct: hashedOften(user.city, cityLetters),
    // Because of one malformed value, Meta would refuse all events of the call.
    fbc: fbc !== undefined && FBC.test(fbc) ? fbc : undefined,
    fbp: fbp !== undefined && FBP.test(fbp) ? fbp : undefined,
  })
}

const isPurchaseWithoutValue = (conversion: Conversion): boolean =>
  conversion.platformEvent === EVENTS.purchase && lacksValue(conversion)

/** Why an app event cannot be sent: Meta requires the app's own dataset and the data of the device. */
function faultOfApp(
  { actionSource, appData }: Conversion,
  credentials: MetaConversionCredentials | undefined,
): ConversionFault | undefined {
  if (actionSource !== 'app') return undefined
  if (credentials && credentials.app_dataset_id === undefined)
    return {
      field: 'action_source',
      reason: 'the connection to Meta has no app_dataset_id for events of an app',
    }
  return appData === undefined
    ? { field: 'app_data', reason: 'Meta needs it for events of an app' }
    : undefined
}

function faultOf(
  conversion: Conversion,
  credentials: MetaConversionCredentials | undefined,
): ConversionFault | undefined {
  const { actionSource, customData, eventSourceUrl, platformEvent } = conversion
  if (platformEvent === undefined) return unmapped('Meta')
  if (!ACTION_SOURCES.has(actionSource))
    return { field: 'action_source', reason: `Meta takes ${[...ACTION_SOURCES].join(', ')}` }
  const denied = consentFault('Meta', conversion) ?? faultOfApp(conversion, credentials)
  if (denied) return denied
  if (actionSource === 'website' && eventSourceUrl === undefined)
    return { field: 'event_source_url', reason: 'Meta needs it for events of a website' }
  if (actionSource === 'website' && conversion.identifiers['client_user_agent'] === undefined)
    return { field: 'user_data.client_user_agent', reason: 'Meta needs it for events of a website' }
  if (Object.keys(conversion.identifiers).every((name) => TOO_LITTLE.has(name)))
    return { field: 'user_data', reason: 'Meta needs an identifier of the person' }
  if (isPurchaseWithoutValue(conversion)) {
    const field = customData.value === undefined ? 'custom_data.value' : 'custom_data.currency'
    return { field, reason: 'Meta needs a value and a currency for a purchase' }
  }
  return currencyFault('Meta', customData, undefined)
}

function customDataOf(conversion: Conversion): Record<string, unknown> {
  const { eventName, customData, parameters } = conversion
  const { contents, value, currency, order_id, search_string }: CustomData = customData
  return present({
    content_type: contents && (eventName === 'view_list' ? 'product_group' : 'product'),
    ...parameters,
    value,
    currency: currency?.toUpperCase(),
    content_ids: contents?.map(({ id }) => id),
    contents: contents?.map(({ id, quantity = 1, item_price }) => present({ id, quantity, item_price })),
    num_items: contents && itemCount(contents),
    order_id,
    search_string,
    predicted_ltv: predictedLtvOf(conversion),
  })
}

function userDataOf(conversion: Conversion): Identifiers {
  const known = identifiersOf(conversion)
  const { fbc, ...others } = known
  return conversion.eventTimeMs - clickTimeMs(String(fbc)) > MAX_CLICK_AGE_MS ? others : known
}

/** Meta accepts `true` and then reports it as out of range, because its campaigns use only 0 and 1. */
function deviceOf(conversion: Conversion) {
  const appData = appDataOf(conversion)
  if (appData === undefined) return undefined
  const { advertiser_tracking_enabled, application_tracking_enabled, extinfo } = appData
  return {
    advertiser_tracking_enabled: Number(advertiser_tracking_enabled),
    application_tracking_enabled: Number(application_tracking_enabled),
    extinfo,
  }
}

function eventOf(conversion: Conversion): Record<string, unknown> {
  const { platformEvent, eventTimeMs, actionSource, consent } = conversion
  const custom = customDataOf(conversion)
  const limited = isLimited(consent)
  return present({
    event_name: platformEvent,
    event_time: seconds(eventTimeMs),
    event_id: dedupIdOf(conversion),
    action_source: actionSource,
    event_source_url: pageOf(conversion),
    user_data: userDataOf(conversion),
    custom_data: Object.keys(custom).length > 0 ? custom : undefined,
    app_data: actionSource === 'app' ? deviceOf(conversion) : undefined,
    // An empty list means no limits; the zeros let Meta determine the country and state itself.
    ...(limited === true && {
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    }),
    ...(limited === false && { data_processing_options: [] }),
  })
}

const authorized = (access_token: string) => ({ authorization: `Bearer ${access_token}` })

/** Error codes of Meta for an invalid event, and below them the subcodes that say what is wrong. */
const BAD_PARAMETER = new Set([100, 105])
const TOO_OLD = 2804003
const NO_VALUE = 2804009
const BAD_CLICK_ID = 2804001
const UNKNOWN_PIXEL = 33

function read(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const answer = parsed(response)
  if (answer.is !== 'json') return unreadable(response, batch, nowMs)
  const error = at(answer.body, 'error')
  const code = numberAt(error, 'code')
  if (code !== undefined) return refusalOf(code, error, { response, batch, nowMs })
  const received = numberAt(answer.body, 'events_received')
  if (response.status >= 300 || received === undefined) return unreadable(response, batch, nowMs)
  if (received !== batch.length)
    return { is: 'transient', detail: `Meta received ${received} of ${batch.length} events` }
  return {
    is: 'taken',
    verdicts: batch.map(() => ({ is: 'acknowledged' })),
    requestId: textAt(answer.body, 'fbtrace_id'),
  }
}

interface Asked {
  readonly response: HttpResponse
  readonly batch: readonly Conversion[]
  readonly nowMs: number
}

function refusalOf(code: number, error: unknown, { response, batch, nowMs }: Asked): BatchAnswer {
  const subcode = numberAt(error, 'error_subcode')
  const name = subcode === undefined ? `${code}` : `${code}/${subcode}`
  const words = [textAt(error, 'message'), textAt(error, 'error_user_msg')].filter(Boolean).join(' ')
  const detail = detailOf(`code ${name}: ${words}`)
  if (GRAPH_THROTTLES.has(code)) {
    const told = meta.read(response, nowMs)
    return { is: 'throttled', detail, retryAfterMs: told.is === 'throttled' ? told.retryAfterMs : undefined }
  }
  if (GRAPH_TOKEN_DEAD.has(code)) return { is: 'auth_lost', detail }
  if (isGraphPermission(code) || wantsAppSecret(error) || (code === 100 && subcode === UNKNOWN_PIXEL))
    return { is: 'account_refused', code: name, detail }
  if (!BAD_PARAMETER.has(code) || at(error, 'is_transient') === true || response.status >= 500)
    return { is: 'transient', detail }
  return refusedBatch(batch, {
    code: name,
    detail,
    requestId: textAt(error, 'fbtrace_id'),
    indexes: indexesFor(subcode, words, batch, nowMs),
    verdict:
      subcode === BAD_CLICK_ID && batch.some(({ identifiers }) => identifiers['fbc'] !== undefined)
        ? { is: 'without', member: 'fbc', code: name, detail }
        : { is: 'rejected', code: name, detail },
    processedNothing: true,
  })
}

/** The events that a refusal is about: Meta seldom names them, but some reasons can be checked. */
function indexesFor(
  subcode: number | undefined,
  words: string,
  batch: readonly Conversion[],
  nowMs: number,
): number[] {
  // Written as `data[2]` or `$['data'][2]`.
  const named = /data['"]?\]?\[(\d{1,4})\]/.exec(words)?.[1]
  if (named !== undefined) return [Number(named)]
  if (subcode === TOO_OLD)
    return indexesOf(batch, (one) => nowMs - one.eventTimeMs > maxAgeMs(one.actionSource))
  if (subcode === NO_VALUE) return indexesOf(batch, isPurchaseWithoutValue)
  const withClick = indexesOf(batch, ({ identifiers }) => identifiers['fbc'] !== undefined)
  return subcode === BAD_CLICK_ID && withClick.length === 1 ? withClick : []
}

export const metaConversions: ConversionConnector<MetaConversionCredentials> = {
  platform: 'meta',
  credentials: MetaConversionCredentials,
  apis: { graph: { baseUrl: 'https://graph.facebook.com', version: 'v26.0' } },
  apiOf: () => 'graph',
  ...LASTING_TOKEN,
  ...ANY_NAME,
  limits: {
    maxEventsPerCall: 1000,
    startEventsPerCall: 1000,
    eventsPerMinute: 1000,
    // Meta publishes no limit; 1,000 events are about half of this.
    maxBodyBytes: 2 * 1024 * 1024,
    // Meta publishes no limit; other senders have found this one.
    maxFutureMs: 60_000,
    deduplicationMs: 2 * DAY_MS,
  },
  events: EVENTS,
  currencies: undefined,
  maxAgeMs,
  identifiers,
  leftOut: () => [],
  faultOf,
  groupOf: ({ actionSource }) => (actionSource === 'app' ? 'app' : 'pixel'),
  matchQuality: (conversion) => qualityOf(identifiersOf(conversion), WEIGHTS),

  send({ baseUrl, version }, credentials, batch): HttpRequest {
    const { pixel_id, app_dataset_id, access_token, test_event_code } = credentials
    const isApp = batch[0]?.actionSource === 'app'
    const source = (isApp ? app_dataset_id : undefined) ?? pixel_id
    return {
      method: 'POST',
      url: `${baseUrl}/${version}/${source}/events`,
      headers: { ...authorized(access_token), 'content-type': 'application/json' },
      body: JSON.stringify({ data: batch.map(eventOf), test_event_code }),
    }
  },
  read,

  test: ({ baseUrl, version }, { pixel_id, access_token }) => ({
    method: 'GET',
    url: `${baseUrl}/${version}/${pixel_id}?fields=id`,
    headers: authorized(access_token),
  }),
  readTest(response) {
    const body = jsonBody(response)
    const id = textAt(body, 'id')
    if (response.status < 300 && id !== undefined) return { is: 'works', detail: `the pixel ${id} answers` }
    const words = textAt(body, 'error', 'message') ?? ''
    return { is: 'fails', detail: detailOf(`HTTP ${response.status} ${words}`) }
  },
}
