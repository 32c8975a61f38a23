import { type Clock, isoTime } from '../../time/clock.ts'
import type { CloudEvent } from '../events/index.ts'
import type { Store } from '../store/index.ts'

/** Subject and text of the e-mail about an event; undefined for events that need no person. */
function wordsOf({ type, subject, data }: CloudEvent): { subject: string; text: string } | undefined {
  const said = Object(data)
  switch (type) {
    case 'sync_failed':
      return {
        subject: 'A synchronisation was given up',
        text: `Connection ${subject} could not be read, and is not tried again by itself.\n\n${said.error ?? ''}`,
      }
    case 'oauth_revoked':
      // No e-mail for a disconnect: the person who did it knows.
      if (said.message === 'disconnected') return undefined
      return {
        subject: `${said.connector_type ?? 'A platform'}: access was lost`,
        text: `Connection ${subject} (account ${said.account_id ?? 'unknown'}) cannot be read any more. ${said.message ?? ''}\n\n${said.detail ?? ''}`,
      }
    default:
      return undefined
  }
}

/**
 * Stores an e-mail about an event, once however often the event is published. It is sent through the organisation's
 * oldest connection that can send; without one nothing is stored.
 * @param senders connection types that can send
 */
export async function planEmail(
  { db }: Store,
  clock: Clock,
  senders: readonly string[],
  event: CloudEvent,
  orgId: number,
): Promise<void> {
  const words = wordsOf(event)
  if (!words || senders.length === 0) return
  const sender = await db
    .selectFrom('connectors')
    .select('id')
    .where('org_id', '=', orgId)
    .where('type', 'in', senders)
    .where('status', '=', 'connected')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  if (!sender) return
  const now = isoTime(clock.nowMs())
  await db
    .insertInto('mail_notices')
    .values({
      event_id: event.id,
      connector_id: sender.id,
      ...words,
      status: 'waiting',
      attempts: 0,
      next_at: now,
      error: null,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .execute()
}
