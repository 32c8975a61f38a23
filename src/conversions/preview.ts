import type { LeftOut } from '../connectors/index.ts'
import type { HttpRequest } from '../http/http.ts'
import { parseJson } from '../json/json.ts'
import { Slices } from '../time/slices.ts'
import { type EventFault, idOf, parseEvent } from './canonical-event.ts'
import { type ConnectionRow, credentialsOf, eventConnectionsOf, settingsOf } from './connections.ts'
import { conversionOf, faultOf, personalOf, personOf } from './conversion-of.ts'
import type { Base, PlatformRoom } from './conversions.ts'
import type { Mapping, Mappings } from './mappings.ts'
import { openDataOf } from './open-data.ts'

/** The request that would be sent, with its secrets masked. */
export interface PreviewRequest {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

export interface Difference {
  /**
   * Path in the body, such as `data.0.event_name`; or `url`; or `refused` or `request` if only one of the two versions
   * would be sent.
   */
  readonly path: string
  readonly from?: unknown
  readonly to?: unknown
}

export interface Preview {
  readonly event_id: string | null
  readonly platform: string | null
  readonly request?: PreviewRequest
  /** Why it would not be sent. */
  readonly refused?: EventFault
  /** Personal data of the event that would not be sent, because it is not certain. */
  readonly left_out?: readonly LeftOut[]
  /** What another version of the mappings would change. */
  readonly differences?: readonly Difference[]
}

export interface PreviewWish {
  readonly values: readonly unknown[]
  readonly platforms: readonly string[] | undefined
  readonly version: number | undefined
  readonly compareTo: number | undefined
}

type Deps = Pick<Base, 'store' | 'clock' | 'keyring' | 'rooms' | 'defaultRegion'> & {
  readonly mappings: Mappings
}

/** Shown in place of a secret. */
const MASK = '***'
/** The most differences that are listed for one request. */
const MAX_DIFFERENCES = 200

/** The exact request for each event and platform, as if it were sent alone. Nothing is sent or stored. */
export async function previewEvents(deps: Deps, orgId: number, wish: PreviewWish): Promise<Preview[]> {
  const { mappings } = deps
  const mapping = await (wish.version === undefined
    ? mappings.latest(orgId)
    : mappings.of(orgId, wish.version))
  const other = wish.compareTo === undefined ? undefined : await mappings.of(orgId, wish.compareTo)
  const rows = await eventConnectionsOf(deps, orgId)
  const slices = new Slices()
  const previews: Preview[] = []
  for (const value of wish.values) {
    const parsed = parseEvent(value)
    if (parsed.is === 'refused') {
      previews.push({ event_id: idOf(value), platform: null, refused: parsed.fault })
      continue
    }
    const { event } = parsed
    const person = personOf(event)
    for (const platform of new Set(wish.platforms ?? event.platforms ?? rows.keys())) {
      if (slices.isOver) await slices.next()
      const room = deps.rooms.get(platform)
      const row = rows.get(platform)
      const about = { event_id: event.event_id, platform }
      if (!room || row?.credentials == null) {
        previews.push({ ...about, refused: { field: 'platforms', reason: `${platform} is not connected` } })
        continue
      }
      const stored = { ...event, event_time_ms: event.event_time }
      const region = settingsOf(row).default_region ?? deps.defaultRegion
      const read = person(region)
      const { user, leftOut } = read
      const personal = personalOf(event, room, read, region)
      const requestBy = (by: Mapping) =>
        requestOf(deps, room, row, conversionOf(stored, openDataOf(event), personal, room, by))
      const made = requestBy(mapping)
      const own = made.refused ? [] : room.connector.leftOut(user, region)
      const all = [...leftOut, ...own]
      previews.push({
        ...about,
        ...made,
        ...(all.length > 0 && { left_out: all }),
        ...(other && { differences: differencesOf(made, requestBy(other)) }),
      })
    }
  }
  return previews
}

function requestOf(
  { keyring, clock }: Deps,
  room: PlatformRoom,
  row: ConnectionRow,
  conversion: Parameters<PlatformRoom['connector']['faultOf']>[0],
): Made {
  const { connector, targets } = room
  const credentials = credentialsOf(keyring, connector.credentials, row)
  const fault = faultOf(room, conversion, credentials, clock.nowMs())
  if (fault) return { refused: { field: fault.field, reason: fault.reason } }
  const target = targets[connector.apiOf(credentials)]
  if (!target) return { refused: { field: 'platforms', reason: 'the connection names no known API' } }
  const request = connector.send(target, credentials, [conversion], connector.refresh(credentials) && MASK)
  return { request: masked(request, secretsIn(credentials)) }
}

/** The secrets among the credentials; account names are not among them. */
function secretsIn(credentials: unknown): string[] {
  return Object.entries(Object(credentials)).flatMap(([name, value]) =>
    typeof value === 'string' && /token|secret/.test(name) ? [value] : [],
  )
}

function masked({ method, url, body = '' }: HttpRequest, secrets: readonly string[]): PreviewRequest {
  const hide = (text: string) =>
    secrets.reduce(
      (left, secret) => left.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK),
      text,
    )
  return { method, url: hide(url), body: body === '' ? null : parseJson(hide(body)) }
}

/**
 * The differences from `before` to `after`: the members of their bodies that differ, and the address if it does. If
 * only one version would be sent, the reason for the other, and the whole request of that one.
 */
function differencesOf(after: Made, before: Made): Difference[] {
  const found: Difference[] = []
  if (!after.request || !before.request) {
    found.push(...differenceOf('refused', before.refused, after.refused))
    return [...found, ...differenceOf('request', before.request, after.request)]
  }
  found.push(...differenceOf('url', before.request.url, after.request.url))
  compare(found, '', before.request.body, after.request.body)
  return found
}

type Made = Pick<Preview, 'request' | 'refused'>

const differenceOf = (path: string, from: unknown, to: unknown): Difference[] =>
  JSON.stringify(from) === JSON.stringify(to)
    ? []
    : [{ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }]

function compare(found: Difference[], path: string, from: unknown, to: unknown): void {
  if (found.length >= MAX_DIFFERENCES || JSON.stringify(from) === JSON.stringify(to)) return
  if (!isNested(from) || !isNested(to)) {
    found.push(...differenceOf(path, from, to))
    return
  }
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)]))
    compare(found, path === '' ? name : `${path}.${name}`, ownOf(from, name), ownOf(to, name))
}

/** Own properties only: a member may have the name of an inherited one. */
const ownOf = (object: object, name: string): unknown =>
  Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined

const isNested = (value: unknown): value is object => value !== null && typeof value === 'object'
