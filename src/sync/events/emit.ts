import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import type { Tables } from '../store/index.ts'

export type EventType =
  | 'data_fetched'
  | 'fetch_failed'
  | 'sync_failed'
  | 'oauth_connected'
  | 'oauth_revoked'
  | 'rate_limit_hit'
  | 'circuit_opened'
  | 'webhook_received'

export interface NewEvent {
  readonly orgId: number
  readonly type: EventType
  /** The connection it is about. */
  readonly subject: string
  readonly data: object
}

/** Writes an event beside the change it tells of: in one transaction both become true, or neither. */
export async function emit(db: Kysely<Tables>, clock: Clock, event: NewEvent): Promise<void> {
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
