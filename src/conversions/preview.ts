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

/** The request that would be sent, with whatever authorizes it masked. */
export interface PreviewRequest {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

export interface Difference {
  /** Place in the body, as in `data.0.event_name`. */
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
  /** What was said about the person and is not sent, because it is not certain. */
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

const MASK = '***'
const MAX_DIFFERENCES = 200

/** The exact body for each event and platform, as it would be sent alone. Nothing is sent and nothing is stored. */
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
      const { user, leftOut } = person(region)
      const personal = personalOf(event, room, user, region)
      const requestBy = (by: Mapping) =>
        requestOf(deps, room, row, conversionOf(stored, openDataOf(event), personal, room, by))
      const made = requestBy(mapping)
      previews.push({
        ...about,
        ...made,
        ...(leftOut.length > 0 && { left_out: leftOut }),
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
): Pick<Preview, 'request' | 'refused'> {
  const { connector, targets } = room
  const credentials = credentialsOf(keyring, connector.credentials, row)
  const fault = faultOf(room, conversion, credentials, clock.nowMs())
  if (fault) return { refused: { field: fault.field, reason: fault.reason } }
  const target = targets[connector.apiOf(credentials)]
  if (!target) return { refused: { field: 'platforms', reason: 'the connection names no known API' } }
  const request = connector.send(target, credentials, [conversion], connector.refresh(credentials) && MASK)
  return { request: masked(request, secretsIn(credentials)) }
}

/** Texts of credentials that open something; names of accounts are shown. */
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

function differencesOf(a: Pick<Preview, 'request' | 'refused'>, b: typeof a): Difference[] {
  const found: Difference[] = []
  compare(found, '', a.request?.body ?? a.refused, b.request?.body ?? b.refused)
  return found
}

function compare(found: Difference[], path: string, to: unknown, from: unknown): void {
  if (found.length >= MAX_DIFFERENCES || JSON.stringify(from) === JSON.stringify(to)) return
  if (!isNested(from) || !isNested(to)) {
    found.push({ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) })
    return
  }
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)]))
    compare(found, path === '' ? name : `${path}.${name}`, Reflect.get(to, name), Reflect.get(from, name))
}

const isNested = (value: unknown): value is object => value !== null && typeof value === 'object'
