import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { SyncDatabase } from '../store/index.ts'

export type EventType =
  | 'data_fetched'
  | 'fetch_failed'
  | 'sync_failed'
  | 'oauth_connected'
  | 'oauth_revoked'
  | 'rate_limit_hit'
  | 'circuit_opened'
  | 'conversion_health_changed'
  | 'webhook_received'

export interface NewEvent {
  readonly orgId: number
  readonly type: EventType
  /** Id of the connection that the event is about; of conversions the platform. */
  readonly subject: string
  readonly data: object
}

/** Writes an event in the transaction of its change: both are stored, or neither. */
export async function emit(db: Kysely<SyncDatabase>, clock: Clock, event: NewEvent): Promise<void> {
  await db
    .insertInto('events')
    .values({
      id: randomUUID(),
      org_id: event.orgId,
      type: event.type,
      subject: event.subject,
      data: JSON.stringify(event.data),
      time: isoTime(clock.nowMs()),
    })
    .execute()
}
