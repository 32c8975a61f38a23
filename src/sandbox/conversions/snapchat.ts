import type { Clock } from '../../time/clock.ts'
import { DAY_MS, HOUR_MS } from '../days.ts'
import type { Call, JsonObject, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson } from '../protocol.ts'
import { firstUnhashed, isAmount, isCurrency, isText, objectIn } from './checks.ts'
import { type EventTaker, newTaker, type TakerAccount } from './taker.ts'
import { createTally } from './tally.ts'

const invalid = (reason: string, index?: number): SandboxReply => ({
  status: 400,
  body: {
    status: 'INVALID',
    reason,
    ...(index !== undefined && { event: index }),
    errors: { codes: ['E400'], error_msgs: [reason] },
  },
})

const ERRORS: Readonly<Record<string, SandboxReply>> = {
  invalid: invalid('Event is not valid', 0),
  invalid_without_event: invalid('Request is not valid'),
  // Some tokens that no longer work are answered like this.
  invalid_token: invalid('Invalid access token'),
  unauthorized: { status: 401, body: { status: 'INVALID', reason: 'Unauthorized' } },
  forbidden: { status: 403, body: { status: 'INVALID', reason: 'Forbidden' } },
  not_found: { status: 404, body: { status: 'INVALID', reason: 'Pixel not found' } },
  rate_limit: { status: 429, body: { status: 'INVALID', reason: 'Too many requests' } },
  server_error: { status: 500, body: { status: 'INVALID', reason: 'Internal error' } },
}
export const isSnapchatConversionErrorName = (name: string): boolean => Object.hasOwn(ERRORS, name)
const errorOf = (name: string): SandboxReply => ERRORS[name] ?? invalid('Request is not valid')

const HASHED = ['em', 'ph', 'fn', 'ln', 'ge', 'ct', 'st', 'zp', 'country', 'db', 'external_id']
const FLAT_HASHED = ['hashed_email', 'hashed_phone_number', 'hashed_ip_address']
/** The most events of one call. */
const MAX_EVENTS = 2_000
/** The longest body, in bytes. */
const MAX_BYTES = 2_000_000

/** What Snapchat checks of an event, in either version of the API. */
interface SnapEvent {
  readonly name: unknown
  readonly id: unknown
  readonly timeMs: number
  readonly source: unknown
  readonly order: unknown
  readonly price: unknown
  readonly currency: unknown
  /** The first field that should be hashed and is not. */
  readonly unhashed: string | undefined
  /** Whether it says enough of a person to find one. */
  readonly hasPerson: boolean
  /** Whether an app's event was sent to the app's id and names the app, and any other event to the pixel. */
  readonly isAtItsSource: boolean
}

/** An event of version 3. */
function nested(event: JsonObject, isOfApp: boolean): SnapEvent {
  const user = objectIn(event['user_data'])
  const { value, currency, order_id } = objectIn(event['custom_data'])
  const time = Number(event['event_time'])
  return {
    name: event['event_name'],
    id: event['event_id'],
    // Seconds and milliseconds are both taken.
    timeMs: time < 1e11 ? time * 1_000 : time,
    source: event['action_source'],
    order: order_id,
    price: value,
    currency,
    unhashed: firstUnhashed(user, HASHED),
    hasPerson: hasPerson(
      user['em'],
      user['ph'],
      user['madid'],
      user['client_ip_address'],
      user['client_user_agent'],
    ),
    isAtItsSource:
      event['action_source'] === 'MOBILE_APP'
        ? isOfApp && isText(objectIn(event['app_data'])['app_id'])
        : !isOfApp,
  }
}

/** An event of version 2. */
function flat(event: JsonObject, pixelId: string, snapAppId: string): SnapEvent {
  const { price, hashed_email, hashed_phone_number, hashed_mobile_ad_id, hashed_ip_address, user_agent } =
    event
  return {
    name: event['event_type'],
    id: event['client_dedup_id'],
    timeMs: Number(event['timestamp']),
    source: event['event_conversion_type'],
    order: event['transaction_id'],
    price: price === undefined ? undefined : Number(price),
    currency: event['currency'],
    unhashed: firstUnhashed(event, FLAT_HASHED),
    hasPerson: hasPerson(
      hashed_email,
      hashed_phone_number,
      hashed_mobile_ad_id,
      hashed_ip_address,
      user_agent,
    ),
    isAtItsSource:
      event['event_conversion_type'] === 'MOBILE_APP'
        ? event['snap_app_id'] === snapAppId && isText(event['app_id'])
        : event['pixel_id'] === pixelId,
  }
}

const hasPerson = (email: unknown, phone: unknown, device: unknown, ip: unknown, agent: unknown): boolean =>
  email !== undefined || phone !== undefined || device !== undefined || (isText(ip) && isText(agent))

/**
 * Snapchat's Conversions API, v3 and v2. It names the first bad event. The events before that one are taken; Snapchat's
 * documentation does not say whether they are.
 */
export function createSnapchatConversions(
  clock: Clock,
  { id, accessToken }: TakerAccount,
  snapAppId: string,
): EventTaker {
  const tally = createTally(48 * HOUR_MS)
  const orders = createTally(30 * DAY_MS)
  const taker: EventTaker = { ...newTaker(), tally, handle, errorNamed: errorOf }

  function handle({ method, path, query, headers, body }: Call): SandboxReply {
    const token = bearerToken(headers) ?? query.get('access_token')
    if (taker.isRevoked || token !== accessToken) return errorOf('unauthorized')
    const asked = /^\/v3\/([\w-]+)\/events(\/validate\/stats)?$/.exec(path)
    const isOfApp = asked?.[1] === snapAppId
    if (asked && asked[1] !== id && !isOfApp) return errorOf('not_found')
    if (asked?.[2] !== undefined && method === 'GET')
      return { status: 200, body: { status: 'VALID', stats: [] } }
    if (method !== 'POST' || (!asked && path !== '/v2/conversion')) return errorOf('not_found')
    if (Buffer.byteLength(body) > MAX_BYTES)
      return { status: 413, body: { status: 'INVALID', reason: 'Too large' } }
    const sent = parseJson(body)
    const events = asked ? objectIn(sent)['data'] : Array.isArray(sent) ? sent : [sent]
    if (!Array.isArray(events) || events.length === 0 || events.length > MAX_EVENTS)
      return errorOf('invalid_without_event')
    return received(events, asked ? (event) => nested(event, isOfApp) : (event) => flat(event, id, snapAppId))
  }

  function received(events: readonly unknown[], seenOf: (event: JsonObject) => SnapEvent): SandboxReply {
    const nowMs = clock.nowMs()
    let taken = 0
    for (const [index, event] of events.entries()) {
      const seen = isObject(event) ? seenOf(event) : undefined
      const problem = seen ? problemOf(seen, nowMs) : 'Not an object'
      const wanted = taker.refusals.of(seen?.id)
      if (!isObject(event) || !seen || problem !== undefined || wanted) {
        tally.refused()
        tally.called(taken)
        return invalid(problem ?? 'Not accepted', wanted?.isNamed === false ? undefined : index)
      }
      take(event, seen, nowMs)
      taken += 1
    }
    tally.called(taken)
    return { status: 200, body: { status: 'VALID', reason: 'Events have been processed successfully.' } }
  }

  /** Counts an event. A purchase is also recognised by the id of its order, and for longer. */
  function take(event: JsonObject, { name, id: eventId, order }: SnapEvent, nowMs: number): void {
    const isOrder = name === 'PURCHASE' && isText(order)
    if (isOrder && orders.knows(order, nowMs)) tally.repeat(event)
    else tally.take(`${name} ${eventId}`, event, nowMs)
    if (isOrder) orders.take(order, {}, nowMs)
  }

  return taker
}

function problemOf(seen: SnapEvent, nowMs: number): string | undefined {
  if (!isText(seen.name)) return 'Missing event name'
  if (!isText(seen.id)) return 'Missing event id'
  if (!['WEB', 'MOBILE_APP', 'OFFLINE'].includes(String(seen.source))) return 'Invalid action source'
  if (!seen.isAtItsSource) return 'Event does not belong to this source'
  const ageMs = nowMs - seen.timeMs
  if (!(ageMs <= 37 * DAY_MS + 1_000 && -ageMs <= 60_000)) return 'Event time is out of range'
  if (seen.unhashed !== undefined) return `Unhashed ${seen.unhashed}`
  if (!seen.hasPerson) return 'Not enough user data'
  if (seen.name === 'PURCHASE' && (seen.price === undefined || seen.currency === undefined))
    return 'PURCHASE needs price and currency'
  if (seen.price !== undefined && !(isAmount(seen.price) && isCurrency(seen.currency))) return 'Invalid price'
  return undefined
}
