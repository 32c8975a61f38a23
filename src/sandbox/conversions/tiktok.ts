import type { Clock } from '../../time/clock.ts'
import { DAY_MS, HOUR_MS } from '../days.ts'
import { type Call, isObject, type JsonObject, parseJson, Refusal, type SandboxReply } from '../protocol.ts'
import { firstUnhashed, isAmount, isCurrency, isText, objectIn } from './checks.ts'
import { type EventTaker, newTaker, type TakerAccount } from './taker.ts'
import { createTally } from './tally.ts'

const MESSAGES: Readonly<Record<string, string>> = {
  '20001': 'Partial success',
  '40001': 'No permission to operate event source',
  '40002': 'Invalid parameter',
  '40100': 'Too many requests. Please retry in some time',
  '40105': 'Access token is incorrect or has been revoked.',
  '50000': 'System error',
}
export const isTikTokConversionErrorName = (name: string): boolean => Object.hasOwn(MESSAGES, name)

/** The HTTP status is 200 for errors as well. */
const answerOf = (code: number, message: string): SandboxReply => ({
  status: 200,
  body: { code, message, request_id: 'sandbox-tiktok', data: {} },
})
const errorOf = (code: string, message = MESSAGES[code] ?? 'System error'): SandboxReply =>
  answerOf(Number(code), message)
function refuse(message: string): never {
  throw new Refusal(errorOf('40002', message))
}

const HASHED = ['email', 'phone', 'external_id', 'first_name', 'last_name', 'zip_code']
/** The most events of one call. */
const MAX_EVENTS = 1_000

/**
 * TikTok's Events API. It refuses the whole call because of one bad row, and says which.
 * @param others ids of the sources beside the pixel, by `event_source`
 */
export function createTikTokConversions(
  clock: Clock,
  { id, accessToken }: TakerAccount,
  others: Readonly<Record<'app' | 'offline' | 'crm', string>>,
): EventTaker {
  const sources = new Map(Object.entries({ web: id, ...others }))
  const tally = createTally(48 * HOUR_MS)
  const taker: EventTaker = { ...newTaker(), tally, handle, errorNamed: (name) => errorOf(name) }

  function handle({ method, path, headers, body }: Call): SandboxReply {
    if (method !== 'POST' || !/^\/v1\.3\/event\/track\/?$/.test(path))
      return { status: 404, body: { code: 40400, message: 'Not found', request_id: 'sandbox-tiktok' } }
    if (taker.isRevoked || headers.get('access-token') !== accessToken) return errorOf('40105')
    const sent = parseJson(body)
    const { event_source, event_source_id, data } = isObject(sent) ? sent : {}
    const sourceId = sources.get(String(event_source))
    if (sourceId === undefined) return errorOf('40002', 'event_source: Not a valid choice.')
    if (event_source_id !== sourceId) return errorOf('40001')
    if (!Array.isArray(data) || data.length === 0 || data.length > MAX_EVENTS)
      return errorOf('40002', 'data: Length must be between 1 and 1000.')
    const nowMs = clock.nowMs()
    try {
      for (const [index, event] of data.entries()) check(event, `Batch.${index}`, nowMs)
    } catch (error) {
      tally.refused()
      throw error
    }
    for (const event of data) tally.take(`${event.event} ${event.event_id}`, event, nowMs)
    tally.called(data.length)
    return answerOf(0, 'OK')
  }

  function check(event: unknown, place: string, nowMs: number): void {
    if (!isObject(event)) refuse(`${place}: Not a valid object`)
    const { event_time, event_id } = event
    const wanted = taker.refusals.of(event_id)
    if (wanted) refuse(wanted.isNamed ? `${place}.event: Not accepted` : 'Invalid parameter')
    if (!isText(event['event'])) refuse(`${place}.event: Missing data for required field.`)
    if (!isText(event_id)) refuse(`${place}.event_id: Not a valid string`)
    if (typeof event_time !== 'number' || !Number.isInteger(event_time))
      refuse(`${place}.event_time: Not a valid integer`)
    const ageMs = nowMs - event_time * 1_000
    if (ageMs > 28 * DAY_MS + 1_000 || -ageMs > 60_000) refuse(`${place}.event_time: Out of range`)
    const unhashed = firstUnhashed(objectIn(event['user']), HASHED)
    if (unhashed !== undefined) refuse(`${place}.user.${unhashed}: Not a SHA-256 hash`)
    checkProperties(objectIn(event['properties']), place)
  }

  return taker
}

function checkProperties({ value, currency, contents = [] }: JsonObject, place: string): void {
  if (value !== undefined && !isAmount(value)) refuse(`${place}.properties.value: Not a valid number`)
  if (value !== undefined && !isCurrency(currency))
    refuse(`${place}.properties.currency: Not a valid choice.`)
  if (!Array.isArray(contents)) refuse(`${place}.properties.contents: Not a valid list`)
  contents.forEach((item, index) => {
    if (!isText(objectIn(item)['content_id']))
      refuse(`${place}.properties.contents.${index}.content_id: Not a valid string`)
  })
}
