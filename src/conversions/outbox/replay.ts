import { type Kysely, type Selectable, sql } from 'kysely'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { ConversionDeliveryTable, DeliveryState, SyncDatabase } from '../../sync/index.ts'
import { isoTime } from '../../time/clock.ts'
import { type ConnectionRow, eventConnectionsOf } from '../connections.ts'
import { conversionOf, faultOf } from '../conversion-of.ts'
import type { Base, PlatformRoom } from '../conversions.ts'
import type { Mapping, Mappings } from '../mappings.ts'
import type { StoredEvent } from '../open-data.ts'
import { openPersonal } from '../sealed.ts'
import { mayCountTwice } from './recognition.ts'

export interface ReplayWish {
  readonly platform?: string | undefined
  readonly event_name?: string | undefined
  readonly event_ids?: readonly string[] | undefined
  readonly limit: number
  /** Only reports what would be sent again and what not, and changes nothing. */
  readonly dry_run?: boolean | undefined
}

export interface NotReplayed {
  readonly event_id: string
  /** Null if there is no such event and neither a name nor a platform was given. */
  readonly event_name: string | null
  readonly platform: string | null
  readonly code: string
  readonly reason: string
}

export interface ReplayedDeliveries {
  readonly replayed: readonly {
    readonly event_id: string
    readonly event_name: string
    readonly platform: string
  }[]
  readonly refused: readonly NotReplayed[]
}

type Dead = Selectable<ConversionDeliveryTable>
/** A dead delivery with the unencrypted part of its event. */
type DeadEvent = Dead & StoredEvent & { readonly data: string }

export interface ReplayDeps extends Pick<Base, 'store' | 'clock' | 'rooms' | 'keyring' | 'meter'> {
  readonly mappings: Mappings
  readonly lanes: { lineOf(row: ConnectionRow, room: PlatformRoom): { readonly credentials: unknown } }
}

/**
 * Sends dead deliveries again, except those that the platform would refuse again, or count twice because it has
 * forgotten the first attempt. The present mappings are used, except for events that the platform may already have:
 * under another name those would be counted twice.
 */
export async function replay(
  deps: ReplayDeps,
  orgId: number,
  { platform, event_name, event_ids, limit, dry_run }: ReplayWish,
): Promise<ReplayedDeliveries> {
  const { store, clock } = deps
  const nowMs = clock.nowMs()
  const latest = await deps.mappings.latest(orgId)
  const connections = await eventConnectionsOf(deps, orgId)
  const done = await store.db.transaction().execute(async (tx) => {
    let query = tx
      .selectFrom('conversion_deliveries as d')
      .innerJoin('conversion_events as e', (join) =>
        join
          .onRef('e.org_id', '=', 'd.org_id')
          .onRef('e.event_id', '=', 'd.event_id')
          .onRef('e.event_name', '=', 'd.event_name'),
      )
      .selectAll('d')
      .select(['e.event_time_ms', 'e.action_source', 'e.data'])
      .where('d.org_id', '=', orgId)
      .where('d.state', '=', 'dead')
      .orderBy('d.seq')
      .limit(limit)
    if (platform !== undefined) query = query.where('d.platform', '=', platform)
    if (event_name !== undefined) query = query.where('d.event_name', '=', event_name)
    if (event_ids !== undefined) query = query.where('d.event_id', 'in', event_ids)
    if (store.engine === 'postgres' && !dry_run) query = query.forUpdate('d')
    const rows: DeadEvent[] = await query.execute()
    // Read before they are changed.
    const left = event_ids ? await notDead(tx, orgId, { platform, event_name, event_ids, limit }, rows) : []
    const judged: { row: DeadEvent; fault: Awaited<ReturnType<typeof whyNot>> }[] = []
    for (const row of rows) {
      const mapping =
        row.unknown_since_ms === null ? latest : await deps.mappings.of(orgId, row.mapping_version)
      judged.push({
        row,
        fault: whyNot(deps, row, { mapping, connection: connections.get(row.platform), nowMs }),
      })
    }
    const seqs = judged.flatMap(({ row, fault }) => (fault ? [] : [row.seq]))
    if (seqs.length > 0 && !dry_run)
      await sql`UPDATE conversion_deliveries SET state = 'retrying', due_ms = ${nowMs}, code = NULL, detail = NULL,
        ended_ms = NULL,
        mapping_version = CASE WHEN unknown_since_ms IS NULL THEN ${latest.version} ELSE mapping_version END
        WHERE seq IN (${sql.join(seqs)})`.execute(tx)
    return {
      replayed: judged.flatMap(({ row, fault }) => (fault ? [] : [nameOf(row)])),
      refused: judged.flatMap(({ row, fault }) => (fault ? [{ ...nameOf(row), ...fault }] : [])),
      left,
    }
  })
  if (!dry_run) for (const one of done.replayed) deps.meter.delivered(one.platform, 'replayed')
  return { replayed: done.replayed, refused: [...done.refused, ...done.left] }
}

type NamedWish = ReplayWish & { readonly event_ids: readonly string[] }

/** Why nothing happens to events that were listed and are no dead letters, or do not exist. */
async function notDead(
  tx: Kysely<SyncDatabase>,
  orgId: number,
  { platform, event_name, event_ids, limit }: NamedWish,
  dead: readonly Dead[],
): Promise<NotReplayed[]> {
  let query = tx
    .selectFrom('conversion_deliveries')
    .select(['event_id', 'event_name', 'platform', 'state', 'due_ms'])
    .where('org_id', '=', orgId)
    .where('event_id', 'in', event_ids)
    .where((where) =>
      where.or([
        where('state', '!=', 'dead'),
        // If there are more dead letters than one replay reads, a dead one is not missing.
        ...(dead.length < limit ? [] : [where('state', '=', 'dead')]),
      ]),
    )
    .orderBy('seq')
    .limit(MOST_EXPLAINED)
  if (platform !== undefined) query = query.where('platform', '=', platform)
  if (event_name !== undefined) query = query.where('event_name', '=', event_name)
  const rows = await query.execute()
  const said = rows.flatMap(({ event_id, event_name: name, platform: at, state, due_ms }) =>
    state === 'dead'
      ? []
      : [{ event_id, event_name: name, platform: at, code: 'not_dead', reason: whyIn(state, due_ms) }],
  )
  if (rows.length === MOST_EXPLAINED) return said
  const known = new Set([...rows, ...dead].map((row) => row.event_id))
  const unknown = new Set(event_ids).difference(known)
  return [
    ...said,
    ...[...unknown].map((event_id) => ({
      event_id,
      event_name: event_name ?? null,
      platform: platform ?? null,
      code: 'not_found',
      reason: 'there is no such event',
    })),
  ]
}

/** The most deliveries that are explained in one answer: of as many events as a request may list, at each platform. */
const MOST_EXPLAINED = 4_000

function whyIn(state: DeliveryState, dueMs: number | null): string {
  switch (state) {
    case 'acknowledged':
      return 'the platform has it'
    case 'sent':
      return 'it is under way'
    case 'retrying':
      return `it is no dead letter: it goes again by itself${dueMs === null ? '' : ` at ${isoTime(dueMs)}`}`
    default:
      return 'it is no dead letter: it waits for its turn'
  }
}

const nameOf = ({ event_id, event_name, platform }: Dead) => ({ event_id, event_name, platform })

const HOUR_MS = 3_600_000

interface Around {
  /** The mappings that it would be sent with. */
  readonly mapping: Mapping
  readonly connection: ConnectionRow | undefined
  readonly nowMs: number
}

/** Why a dead delivery must not be sent again; undefined if it may be. */
function whyNot(
  deps: ReplayDeps,
  row: DeadEvent,
  around: Around,
): Pick<NotReplayed, 'code' | 'reason'> | undefined {
  const { nowMs } = around
  const { platform, unknown_since_ms: unknownMs, expires_ms, sealed } = row
  const room = deps.rooms.get(platform)
  if (!room) return { code: 'no_platform', reason: `nothing is sent to ${platform} here` }
  const { deduplicationMs } = room.connector.limits
  if (unknownMs !== null && mayCountTwice(room.connector.limits, unknownMs, nowMs))
    return {
      code: 'would_count_twice',
      reason: `${platform} may have taken it at ${isoTime(unknownMs)}, and recognises an event for ${deduplicationMs / HOUR_MS} hours only`,
    }
  if (expires_ms < nowMs)
    return { code: 'too_old', reason: `${platform} has taken it until ${isoTime(expires_ms)} only` }
  if (sealed === null)
    return { code: 'identifiers_deleted', reason: 'the personal data of the event was deleted' }
  return refusalOf(deps, room, { ...row, sealed }, around)
}

/** Why the platform would refuse it again at once; undefined if it would not. */
function refusalOf(
  { keyring, lanes }: ReplayDeps,
  room: PlatformRoom,
  row: DeadEvent & { readonly sealed: string },
  { mapping, connection, nowMs }: Around,
): Pick<NotReplayed, 'code' | 'reason'> | undefined {
  try {
    const personal = openPersonal(keyring, row, row.sealed)
    const { mended } = personal
    const data = mended?.data ?? parseJson(row.data)
    const conversion = conversionOf({ ...row, ...mended }, data, personal, room, mapping)
    const credentials = connection && lanes.lineOf(connection, room).credentials
    const fault = faultOf(room, conversion, credentials, nowMs)
    return fault && { code: 'refused_here', reason: `${fault.field}: ${fault.reason}` }
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, reason: error.message }
    throw error
  }
}
