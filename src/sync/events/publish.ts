import type { Selectable } from 'kysely'
import { parseJson } from '../../json/json.ts'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { EventTable, Store } from '../store/index.ts'

/** A CloudEvent 1.0 of the shared topic. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: '/bidwarden/connectors'
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** Sequence number; an SSE client sends it when it reconnects. */
  readonly sequence: number
  readonly topic: 'connector.events'
  readonly data: unknown
}

const cloudEvent = (row: Selectable<EventTable>): CloudEvent => ({
  specversion: '1.0',
  id: row.id,
  source: '/bidwarden/connectors',
  type: row.type,
  subject: row.subject,
  time: row.time,
  datacontenttype: 'application/json',
  sequence: row.seq,
  topic: 'connector.events',
  data: parseJson(row.data),
})

/** The most events that are read at once. */
const PER_LOOK = 200

/** The organisation's events after a sequence number, oldest first. */
export async function eventsAfter({ db }: Store, orgId: number, seq: number): Promise<CloudEvent[]> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('org_id', '=', orgId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(PER_LOOK)
    .execute()
  return rows.map(cloudEvent)
}

/** The highest sequence number of all events; 0 if there are none. */
export async function newestEvent({ db }: Store): Promise<number> {
  const { seq } = await db
    .selectFrom('events')
    .select((s) => s.fn.max('seq').as('seq'))
    .executeTakeFirstOrThrow()
  return Number(seq ?? 0)
}

/**
 * Passes waiting events to `send` in order, each at least once, since an event is marked after it was sent. Returns how
 * many were sent. When `send` throws, the rest waits for the next call.
 */
export async function publishWaiting(
  { db }: Store,
  clock: Clock,
  send: (event: CloudEvent, orgId: number) => Promise<void>,
): Promise<number> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('published_at', 'is', null)
    .orderBy('seq')
    .limit(PER_LOOK)
    .execute()
  const sent: number[] = []
  try {
    for (const row of rows) {
      await send(cloudEvent(row), row.org_id)
      sent.push(row.seq)
    }
  } finally {
    // One write for all, because each write waits for the disk.
    if (sent.length > 0)
      await db
        .updateTable('events')
        .set({ published_at: isoTime(clock.nowMs()) })
        .where('seq', 'in', sent)
        .execute()
  }
  return rows.length
}

/** Deletes events published more than `keptMs` milliseconds ago. */
export async function forgetOldEvents({ db }: Store, clock: Clock, keptMs: number): Promise<void> {
  await db
    .deleteFrom('events')
    .where('published_at', '<', isoTime(clock.nowMs() - keptMs))
    .execute()
}
