import type { Clock } from '../../time/clock.ts'
import { DAY_MS, HOUR_MS } from '../days.ts'
import type { Call, JsonObject, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson, Refusal } from '../protocol.ts'
import { isAmount, isCurrency, isHashed, isText, objectIn } from './checks.ts'
import { type EventTaker, newTaker, type TakerAccount } from './taker.ts'
import { createTally } from './tally.ts'

const MESSAGES: Readonly<Record<string, string>> = {
  '1': 'An unknown error occurred',
  '2': 'Service temporarily unavailable',
  '3': '(#3) Application does not have the capability to make this API call.',
  '4': '(#4) Application request limit reached',
  '4_1504022': '(#4) There have been too many calls for this app',
  '10': '(#10) Application does not have permission for this action',
  '17': '(#17) User request limit reached',
  '100': '(#100) Invalid parameter',
  '100_33': 'Unsupported post request. Object with this ID does not exist',
  '100_2804001': '(#100) Invalid click id',
  '100_2804003': 'Event timestamp too old',
  '100_2804009': 'Purchase events need a value and a currency',
  '100_2804050': 'This event has too little customer information',
  '100_2804066': 'Invalid event type for messaging',
  '105': '(#105) Too many parameters',
  '190': 'Invalid OAuth access token',
  '190_460': 'Error validating access token: The session has been invalidated.',
  '190_463': 'Error validating access token: Session has expired.',
  '200': '(#200) Permissions error',
  '294': '(#294) Managing advertisements requires an extended permission',
  '341': 'Application limit reached',
  '368': 'The action attempted has been deemed abusive or is otherwise disallowed',
  '613': '(#613) Calls to this api have exceeded the rate limit.',
  '5000': 'Unknown error code',
  '21009': 'Temporary failure',
  '80003': '(#80003) There have been too many calls to this account.',
  '80004': '(#80004) There have been too many calls to this ad-account.',
}
export const isMetaConversionErrorName = (name: string): boolean => Object.hasOwn(MESSAGES, name)

const STATUSES: Readonly<Record<string, number>> = {
  '1': 500,
  '2': 503,
  '190': 401,
  '200': 403,
  '10': 403,
  '3': 403,
}

/** Minutes until a business may call again, as its usage header says. */
const REGAIN_MINUTES = 5
const BUSINESS_USAGE = JSON.stringify({
  '1': [{ type: 'ads_management', call_count: 100, estimated_time_to_regain_access: REGAIN_MINUTES }],
})

function errorOf(name: string, more: JsonObject = {}): SandboxReply {
  const [code = '1', subcode] = name.split('_')
  const error = {
    message: MESSAGES[name] ?? MESSAGES[code] ?? 'An unknown error occurred',
    type: 'OAuthException',
    code: Number(code),
    ...(subcode !== undefined && { error_subcode: Number(subcode) }),
    is_transient: code === '2',
    ...more,
    fbtrace_id: 'AsandboxTrace',
  }
  const isOfBusiness = code.startsWith('800')
  return {
    status: STATUSES[code] ?? 400,
    body: { error },
    ...(isOfBusiness && { headers: { 'x-business-use-case-usage': BUSINESS_USAGE } }),
  }
}

function refuse(name: string, more?: JsonObject): never {
  throw new Refusal(errorOf(name, more))
}

const ACTION_SOURCES = new Set(
  'email website app phone_call chat physical_store system_generated business_messaging other'.split(' '),
)
const HASHED = 'em ph fn ln ge db ct st zp country external_id'.split(' ')
/** Fields that alone do not identify a person. */
const WEAK = new Set(['client_user_agent', 'country', 'st', 'ct', 'zp', 'ge', 'db'])
const FBC = /^fb\.\d{1,3}\.(\d{13})\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]{2}|\.[A-Za-z0-9_-]{8})?$/
/** The most events of one call. */
const MAX_EVENTS = 1_000
/** How far in the future an event may be, in milliseconds. */
const FUTURE_MS = 60_000

/** Meta's Conversions API: an invalid event makes it refuse the whole call. */
export function createMetaConversions(
  clock: Clock,
  { id, accessToken }: TakerAccount,
  appDatasetId: string,
): EventTaker {
  const tally = createTally(48 * HOUR_MS)
  const taker: EventTaker = { ...newTaker(), tally, handle, errorNamed: (name) => errorOf(name) }

  function handle(call: Call): SandboxReply {
    const { method, path, query, headers, body } = call
    const asked = /^\/v\d+\.\d\/(\w+)(\/events)?$/.exec(path)
    const sent = method === 'POST' ? parseJson(body) : {}
    const json = isObject(sent) ? sent : refuse('100')
    const token = bearerToken(headers) ?? query.get('access_token') ?? json['access_token']
    if (taker.isRevoked) return errorOf('190_460')
    if (token !== accessToken) return errorOf('190')
    if (!asked || (asked[1] !== id && asked[1] !== appDatasetId)) return errorOf('100_33')
    const source = asked[1]
    if (method === 'GET' && asked[2] === undefined) return { status: 200, body: { id: source } }
    if (method !== 'POST' || asked[2] === undefined) return errorOf('100_33')
    return received(json['data'], source === appDatasetId)
  }

  /** @param isOfApp whether the events were sent to the app's dataset */
  function received(data: unknown, isOfApp: boolean): SandboxReply {
    if (!Array.isArray(data) || data.length === 0 || data.length > MAX_EVENTS)
      return errorOf('100', { error_user_msg: 'data must be a list of 1 to 1000 events' })
    const nowMs = clock.nowMs()
    try {
      for (const [index, event] of data.entries()) {
        check(event, index, nowMs)
        checkApp(event, isOfApp)
      }
    } catch (error) {
      tally.refused()
      throw error
    }
    for (const event of data) tally.take(`${event.event_name} ${event.event_id}`, event, nowMs)
    tally.called(data.length)
    return { status: 200, body: { events_received: data.length, messages: [], fbtrace_id: 'AsandboxTrace' } }
  }

  function check(event: unknown, index: number, nowMs: number): void {
    if (!isObject(event)) refuse('100')
    const { event_name, event_time, action_source, event_id } = event
    const wanted = taker.refusals.of(event_id)
    if (wanted) refuse('100', wanted.isNamed ? { error_user_msg: `data[${index}] is not accepted` } : {})
    if (!isText(event_name) || !isText(event_id) || !ACTION_SOURCES.has(String(action_source))) refuse('100')
    if (typeof event_time !== 'number' || !Number.isInteger(event_time)) refuse('100')
    const ageMs = nowMs - event_time * 1_000
    const mostMs = (action_source === 'physical_store' ? 62 : 7) * DAY_MS
    if (ageMs > mostMs + 1_000 || -ageMs > FUTURE_MS) refuse('100_2804003')
    if (action_source === 'business_messaging' && event_name === 'Lead') refuse('100_2804066')
    checkUser(event, nowMs)
    const { value, currency } = objectIn(event['custom_data'])
    if (event_name === 'Purchase' && (value === undefined || currency === undefined)) refuse('100_2804009')
    if (value !== undefined && (!isAmount(value) || !isCurrency(currency))) refuse('100')
  }

  return taker
}

/** Checks an event of an app: it must come to the app's dataset, and describe the device. */
function checkApp(event: JsonObject, isOfApp: boolean): void {
  if (event['action_source'] !== 'app') return
  const { advertiser_tracking_enabled, application_tracking_enabled, extinfo } = objectIn(event['app_data'])
  const isKnown = Array.isArray(extinfo) && extinfo.length === 16 && ['i2', 'a2'].includes(extinfo[0])
  const isAsked = [advertiser_tracking_enabled, application_tracking_enabled].every(
    (said) => said === true || said === false || said === 0 || said === 1,
  )
  if (!isOfApp || !isKnown || !isAsked) refuse('100', { error_user_msg: 'app_data is not valid' })
}

function checkUser(event: JsonObject, nowMs: number): void {
  const user = objectIn(event['user_data'])
  const { fbc, client_user_agent } = user
  if (
    event['action_source'] === 'website' &&
    !(isText(client_user_agent) && isText(event['event_source_url']))
  )
    refuse('100')
  if (HASHED.some((name) => user[name] !== undefined && !isHashedOrMd5(user[name]))) refuse('100')
  if (Object.keys(user).every((name) => WEAK.has(name))) refuse('100_2804050')
  if (fbc === undefined) return
  const clickedMs = Number(FBC.exec(String(fbc))?.[1])
  if (!(nowMs - clickedMs <= 90 * DAY_MS)) refuse('100_2804001')
}

const isHashedOrMd5 = (value: unknown): boolean =>
  isHashed(value) || (typeof value === 'string' && /^[0-9a-f]{32}$/.test(value))
