import { z } from 'zod'
import { type HttpRequest, type HttpResponse, retryAfterMs } from '../../http/http.ts'
import {
  ANY_NAME,
  type BatchAnswer,
  type Conversion,
  type ConversionConnector,
  type ConversionFault,
  type ConversionTarget,
  consentFault,
  currencyFault,
  DAY_MS,
  e164,
  email,
  hashed,
  hashedOften,
  type Identifiers,
  identifiersOf,
  LASTING_TOKEN,
  lacksValue,
  lower,
  md5Ones,
  personFields,
  present,
  qualityOf,
  REFUSED_FOR_CONTENT,
  refusedBatch,
  regionOf,
  SECRET,
  subjectOf,
  type UserData,
  unmapped,
  unreadable,
  untouched,
} from '../conversions/index.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, listAt, numberAt, parsed, textAt } from '../platform/json.ts'
import { flatEventOf, nestedEventOf } from './wire.ts'

const id = z.string().regex(/^[\w-]{1,64}$/)
const SnapchatConversionCredentials = z.strictObject({
  pixel_id: id,
  access_token: SECRET,
  /** Source of app events; without it and `app_id`, Snapchat gets no app events. */
  snap_app_id: id.optional(),
  /** Id of the app in its store. */
  app_id: z
    .string()
    .regex(/^[\w.-]{1,200}$/)
    .optional(),
})
type Credentials = z.output<typeof SnapchatConversionCredentials>

const EVENTS = {
  purchase: 'PURCHASE',
  add_to_cart: 'ADD_CART',
  sign_up: 'SIGN_UP',
  // Snapchat has no event for leads.
  lead: 'SIGN_UP',
  page_view: 'PAGE_VIEW',
  view_content: 'VIEW_CONTENT',
  view_list: 'LIST_VIEW',
  search: 'SEARCH',
  begin_checkout: 'START_CHECKOUT',
  add_payment_info: 'ADD_BILLING',
  add_to_wishlist: 'ADD_TO_WISHLIST',
  subscribe: 'SUBSCRIBE',
  start_trial: 'START_TRIAL',
  schedule: 'RESERVE',
  login: 'LOGIN',
  share: 'SHARE',
  invite: 'INVITE',
  app_install: 'APP_INSTALL',
  app_open: 'APP_OPEN',
} as const

/** The currencies in Snapchat's own integration with another product. */
const CURRENCIES = new Set(
  (
    'AED ALL AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK DZD EGP EUR GBP GHS GIP HKD HRK HUF IDR ILS INR IQD ISK JOD JPY KES KRW ' +
    'KWD KZT LBP MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD TZS UAH USD VND XOF ZAR'
  ).split(' '),
)

/** How much each identifier adds to the match quality, by our estimate. */
const WEIGHTS = {
  em: 3,
  ph: 2,
  sc_click_id: 2,
  external_id: 0.8,
  sc_cookie1: 1,
  client_ip_address: 0.5,
  client_user_agent: 0.2,
  ln: 0.2,
  fn: 0.1,
  zp: 0.2,
}

function identifiers(user: UserData, defaultRegion: string | undefined): Identifiers {
  const region = regionOf(user, defaultRegion)
  return present(personFields(user), {
    em: hashed(user.email, email),
    ph: hashed(user.phone, (text) => e164(text, region).slice(1)),
    ct: hashedOften(user.city, lower),
    sc_click_id: untouched(user.sc_click_id),
    sc_cookie1: untouched(user.sc_cookie1),
  })
}

function faultOf(conversion: Conversion, credentials: Credentials | undefined): ConversionFault | undefined {
  const { platformEvent, actionSource, customData } = conversion
  const { em, ph, client_ip_address, client_user_agent } = conversion.identifiers
  if (platformEvent === undefined) return unmapped('Snapchat')
  const denied = consentFault('Snapchat', conversion)
  if (denied) return denied
  const missing = (['snap_app_id', 'app_id'] as const).find((name) => credentials?.[name] === undefined)
  if (credentials && actionSource === 'app' && missing !== undefined) {
    const reason = `the connection to Snapchat has no ${missing} for events of an app`
    return { field: 'action_source', reason }
  }
  const hasBrowser = client_ip_address !== undefined && client_user_agent !== undefined
  if (em === undefined && ph === undefined && !hasBrowser) {
    const reason = 'Snapchat needs an e-mail address, a phone number, or an IP address with a user agent'
    return { field: 'user_data', reason }
  }
  if (platformEvent === EVENTS.purchase && lacksValue(conversion)) {
    const field = customData.value === undefined ? 'custom_data.value' : 'custom_data.currency'
    return { field, reason: 'Snapchat needs a price and a currency for a purchase' }
  }
  return currencyFault('Snapchat', customData, CURRENCIES)
}

/** Statuses of an answer whose events were taken. */
const TAKEN = new Set(['VALID', 'SUCCESS'])

function read(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const { status, headers } = response
  const answer = parsed(response)
  if (answer.is === 'empty' && status === 401) return { is: 'auth_lost', detail: 'HTTP 401' }
  const body = answer.is === 'json' ? answer.body : undefined
  const said = textAt(body, 'status')
  if (typeof body !== 'object' || body === null) return unreadable(response, batch, nowMs)
  const words = wordsOf(body)
  const detail = detailOf(`HTTP ${status} ${said ?? ''}: ${words}`)
  if (status === 401) return { is: 'auth_lost', detail }
  if (status === 403 || status === 404) return { is: 'account_refused', code: String(status), detail }
  if (status === 429) return { is: 'throttled', detail, retryAfterMs: retryAfterMs(headers, nowMs) }
  if (status >= 500) return { is: 'transient', detail }
  if (said !== undefined && TAKEN.has(said) && status < 300)
    return { is: 'taken', verdicts: batch.map(() => ({ is: 'acknowledged' })), requestId: undefined }
  const index = numberAt(body, 'event')
  // Snapchat uses the status of an invalid event for problems of the token and of limits too; then no event is invalid.
  const subject = index === undefined ? subjectOf(words) : 'events'
  if (subject === 'token') return { is: 'auth_lost', detail }
  if (subject !== 'events') return { is: 'throttled', detail, retryAfterMs: retryAfterMs(headers, nowMs) }
  // A success with an unknown status proves nothing.
  if (said === undefined && !REFUSED_FOR_CONTENT.has(status)) return { is: 'transient', detail }
  const code = String(listAt(body, 'errors', 'codes')[0] ?? said ?? status)
  return refusedBatch(batch, {
    code,
    detail,
    requestId: undefined,
    indexes: index === undefined ? [] : [index],
    verdict: { is: 'rejected', code, detail },
    // The answer does not say what became of the other events: they are sent again with the same ids.
    processedNothing: false,
  })
}

function wordsOf(body: object): string {
  const messages = listAt(body, 'errors', 'error_msgs').filter((each) => typeof each === 'string')
  const reason = textAt(body, 'reason') ?? textAt(body, 'display_message')
  const oauth = [textAt(body, 'error'), textAt(body, 'error_description')]
  const said = [reason, ...oauth, ...messages].filter(Boolean)
  // Most answers say the same thing twice.
  return [...new Set(said)].join(' ')
}

function nested(
  target: ConversionTarget,
  credentials: Credentials,
  batch: readonly Conversion[],
): HttpRequest {
  const isApp = batch[0]?.actionSource === 'app'
  const source = (isApp ? credentials.snap_app_id : undefined) ?? credentials.pixel_id
  const data = batch.map((conversion) => nestedEventOf(conversion, isApp ? credentials.app_id : undefined))
  return {
    method: 'POST',
    url: `${target.baseUrl}/${target.version}/${source}/events?access_token=${encodeURIComponent(credentials.access_token)}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data }),
  }
}

/** The request before v3: a list of flat events. */
function flat(target: ConversionTarget, credentials: Credentials, batch: readonly Conversion[]): HttpRequest {
  const { pixel_id, snap_app_id, app_id, access_token } = credentials
  const isApp = batch[0]?.actionSource === 'app' && snap_app_id !== undefined
  const source = isApp ? { snap_app_id, app_id } : { pixel_id }
  const events = batch.map((conversion) => ({ ...flatEventOf(conversion), ...source }))
  return {
    method: 'POST',
    url: `${target.baseUrl}/${target.version}/conversion`,
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  }
}

export const snapchatConversions: ConversionConnector<Credentials> = {
  platform: 'snapchat',
  credentials: SnapchatConversionCredentials,
  // v2 is older and still supported: it is used if it is configured as the version.
  apis: { conversions: { baseUrl: 'https://tr.snapchat.com', version: 'v3' } },
  apiOf: () => 'conversions',
  ...LASTING_TOKEN,
  ...ANY_NAME,
  limits: {
    maxEventsPerCall: 2000,
    startEventsPerCall: 1000,
    eventsPerMinute: 500,
    maxBodyBytes: 2_000_000,
    // Snapchat publishes no limit; other senders use this one for Meta.
    maxFutureMs: 60_000,
    deduplicationMs: 2 * DAY_MS,
  },
  events: EVENTS,
  currencies: CURRENCIES,
  // Reports count events for 37 days; the optimisation uses the first seven.
  maxAgeMs: () => 37 * DAY_MS,
  identifiers,
  leftOut: (user) => md5Ones(user, 'Snapchat'),
  faultOf,
  groupOf: ({ actionSource }) => (actionSource === 'app' ? 'app' : 'pixel'),
  matchQuality: (conversion) => qualityOf(identifiersOf(conversion), WEIGHTS),

  send: (target, credentials, batch) => (target.version === 'v2' ? flat : nested)(target, credentials, batch),
  read,

  // Asks for statistics of validated events, which changes nothing.
  test: ({ baseUrl }, { pixel_id, access_token }) => ({
    method: 'GET',
    url: `${baseUrl}/v3/${pixel_id}/events/validate/stats?access_token=${encodeURIComponent(access_token)}`,
    headers: {},
  }),
  readTest(response) {
    const body = jsonBody(response)
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    if (response.status < 300 && isObject && at(body, 'error') === undefined && Object.keys(body).length > 0)
      return { is: 'works', detail: 'the pixel answers' }
    return { is: 'fails', detail: detailOf(`HTTP ${response.status} ${isObject ? wordsOf(body) : ''}`) }
  },
}
