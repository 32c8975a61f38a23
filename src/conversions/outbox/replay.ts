import { type Selectable, sql } from 'kysely'
import type { ConversionDeliveryTable } from '../../sync/index.ts'
import { isoTime } from '../../time/clock.ts'
import type { Base } from '../conversions.ts'

export interface ReplayWish {
  readonly platform?: string | undefined
  readonly event_name?: string | undefined
  readonly event_ids?: readonly string[] | undefined
  readonly limit: number
}

export interface NotReplayed {
  readonly event_id: string
  readonly event_name: string
  readonly platform: string
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

/**
 * Sends dead deliveries again, except what a platform would refuse, or count twice because it has forgotten the first
 * time. The mappings are those in force now; but what the platform may have taken keeps its own, since under another name
 * it would be counted twice.
 */
export async function replay(
  base: Pick<Base, 'store' | 'clock' | 'rooms' | 'meter'>,
  orgId: number,
  { platform, event_name, event_ids, limit }: ReplayWish,
  mappingVersion: number,
): Promise<ReplayedDeliveries> {
  const { store, clock } = base
  const nowMs = clock.nowMs()
  const done = await store.db.transaction().execute(async (tx) => {
    let query = tx
      .selectFrom('conversion_deliveries')
      .selectAll()
      .where('org_id', '=', orgId)
      .where('state', '=', 'dead')
      .orderBy('seq')
      .limit(limit)
    if (platform !== undefined) query = query.where('platform', '=', platform)
    if (event_name !== undefined) query = query.where('event_name', '=', event_name)
    if (event_ids !== undefined) query = query.where('event_id', 'in', event_ids)
    if (store.engine === 'postgres') query = query.forUpdate()
    const rows = await query.execute()
    const judged = rows.map((row) => ({ row, fault: whyNot(base, row, nowMs) }))
    const seqs = judged.flatMap(({ row, fault }) => (fault ? [] : [row.seq]))
    if (seqs.length > 0)
      await sql`UPDATE conversion_deliveries SET state = 'retrying', due_ms = ${nowMs}, code = NULL, detail = NULL,
        ended_ms = NULL,
        mapping_version = CASE WHEN unknown_since_ms IS NULL THEN ${mappingVersion} ELSE mapping_version END
        WHERE seq IN (${sql.join(seqs)})`.execute(tx)
    return {
      replayed: judged.flatMap(({ row, fault }) => (fault ? [] : [nameOf(row)])),
      refused: judged.flatMap(({ row, fault }) => (fault ? [{ ...nameOf(row), ...fault }] : [])),
    }
  })
  for (const one of done.replayed) base.meter.delivered(one.platform, 'replayed')
  return done
}

const nameOf = ({ event_id, event_name, platform }: Dead) => ({ event_id, event_name, platform })

const HOUR_MS = 3_600_000

/** Why a dead delivery must not be sent again; undefined where it may be. */
function whyNot(
  { rooms }: Pick<Base, 'rooms'>,
  row: Dead,
  nowMs: number,
): Pick<NotReplayed, 'code' | 'reason'> | undefined {
  const { platform, unknown_since_ms: unknownMs, expires_ms, sealed } = row
  const room = rooms.get(platform)
  if (!room) return { code: 'no_platform', reason: `nothing is sent to ${platform} here` }
  const { deduplicationMs } = room.connector.limits
  if (unknownMs !== null && nowMs - unknownMs > deduplicationMs)
    return {
      code: 'would_count_twice',
      reason: `${platform} may have taken it at ${isoTime(unknownMs)}, and recognises an event for ${deduplicationMs / HOUR_MS} hours only`,
    }
  if (expires_ms < nowMs)
    return { code: 'too_old', reason: `${platform} has taken it until ${isoTime(expires_ms)} only` }
  if (sealed === null)
    return { code: 'identifiers_deleted', reason: 'what was known about the person is deleted' }
  return undefined
}
