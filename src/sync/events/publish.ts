import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { EventTable, Store } from '../store/index.ts'

/** CloudEvents 1.0, on the topic all of them share. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: '/bidwarden/connectors'
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** Counts up; what an SSE client names when it comes back. */
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

const PER_LOOK = 200

/** Events of an organisation after a sequence number, oldest first. */
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

export async function newestEvent({ db }: Store): Promise<number> {
  const { seq } = await db
    .selectFrom('events')
    .select((s) => s.fn.max('seq').as('seq'))
    .executeTakeFirstOrThrow()
  return Number(seq ?? 0)
}

/**
 * Hands waiting events to `send` in their order, each at least once: they are marked after they were sent. Returns how many.
 * What `send` throws leaves the rest for the next time.
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
    // Together: each write of its own would wait for the disk.
    if (sent.length > 0)
      await db
        .updateTable('events')
        .set({ published_at: isoTime(clock.nowMs()) })
        .where('seq', 'in', sent)
        .execute()
  }
  return rows.length
}

/** Forgets events that were published longer ago than they are kept. */
export async function forgetOldEvents({ db }: Store, clock: Clock, keptMs: number): Promise<void> {
  await db
    .deleteFrom('events')
    .where('published_at', '<', isoTime(clock.nowMs() - keptMs))
    .execute()
}
