import { type AccountRef, type CallDeps, type Connector, converseNow } from '../../connectors/index.ts'
import type { Logger } from '../../log.ts'
import { isoTime } from '../../time/clock.ts'
import type { Store } from '../store/index.ts'
import { accountRefOf, limitedAccountOf } from '../work/index.ts'
import { suppressedOf } from './suppressed.ts'

export interface MailDeps {
  readonly store: Store
  readonly log: Logger
  readonly calls: CallDeps
  readonly connectorOf: (type: string) => Connector | undefined
  /** Sender where the connection's settings name none. */
  readonly from: string | undefined
  readonly to: readonly string[]
}

/** Minutes before each retry of an e-mail that was not accepted; after the last one it is given up. */
const RETRY_MINUTES = [1, 2, 4, 8, 16]
const MINUTE_MS = 60_000
/** How long the platform may take for one e-mail, in milliseconds. */
const PATIENCE_MS = 20_000
/** The most e-mails that are sent in one round. */
const PER_LOOK = 20

/**
 * Sends e-mails that are due. One that is not accepted is retried later and given up after half an hour. Returns how
 * many were sent.
 */
export async function sendEmails(deps: MailDeps): Promise<number> {
  const { store, calls, log } = deps
  const { db } = store
  const nowMs = calls.clock.nowMs()
  const due = await db
    .selectFrom('mail_notices')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('next_at', '<=', isoTime(nowMs))
    .orderBy('next_at')
    .limit(PER_LOOK)
    .execute()
  let sent = 0
  for (const email of due) {
    const waitMinutes = RETRY_MINUTES[email.attempts]
    // The process that sets the next try first sends the e-mail. A crash meanwhile costs one try.
    const { numUpdatedRows } = await db
      .updateTable('mail_notices')
      .set({
        attempts: email.attempts + 1,
        next_at: isoTime(nowMs + (waitMinutes ?? 0) * MINUTE_MS),
        ...(waitMinutes === undefined && { status: 'failed' as const }),
      })
      .where('event_id', '=', email.event_id)
      .where('status', '=', 'waiting')
      .where('attempts', '=', email.attempts)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) continue
    const outcome = await send(deps, email)
    const change =
      outcome.is === 'sent'
        ? ({ status: 'sent', error: null } as const)
        : { error: outcome.detail, ...(outcome.is === 'hopeless' && { status: 'failed' as const }) }
    await db.updateTable('mail_notices').set(change).where('event_id', '=', email.event_id).execute()
    if (outcome.is === 'sent') sent += 1
    else if (outcome.is === 'hopeless' || waitMinutes === undefined)
      log.error({ eventId: email.event_id, detail: outcome.detail }, 'an e-mail about an event was given up')
  }
  return sent
}

type MailOutcome = { readonly is: 'sent' } | { readonly is: 'later' | 'hopeless'; readonly detail: string }

/** Sends one e-mail. The event's id is the idempotency key, so a lost answer does not send it twice. */
async function send(
  deps: MailDeps,
  {
    event_id,
    connector_id,
    subject,
    text,
  }: { event_id: string; connector_id: string; subject: string; text: string },
): Promise<MailOutcome> {
  const { store, calls } = deps
  const row = await store.db
    .selectFrom('connectors')
    .selectAll()
    .where('id', '=', connector_id)
    .executeTakeFirst()
  const connector = row && deps.connectorOf(row.type)
  if (!row || !connector?.mail || row.status !== 'connected')
    return { is: 'later', detail: 'the connection that sends is not connected' }
  const ref = accountRefOf(row)
  const { from, to } = partiesOf(ref, deps)
  const suppressed = await suppressedOf(store, row.id, to)
  const recipients = to.filter((one) => !suppressed.has(one))
  if (from === undefined || recipients.length === 0)
    return {
      is: 'hopeless',
      detail: from === undefined ? 'settings.from is not set' : 'there is nobody to write to',
    }
  const account = limitedAccountOf(row, connector)
  const caller = { connector, connectorId: row.id, account, priority: 'read_premium' } as const
  const mail = { from, to: recipients, subject: `[Bidwarden] ${subject}`, text, tags: { kind: 'notice' } }
  const talk = connector.mail.send([mail], `bidwarden-notice-${event_id}`)
  const talked = await converseNow(calls, caller, talk, PATIENCE_MS)
  if (talked.is === 'done') return { is: 'sent' }
  return { is: talked.is === 'refused' ? 'hopeless' : 'later', detail: talked.detail }
}

function partiesOf(
  { settings }: AccountRef,
  deps: MailDeps,
): { from: string | undefined; to: readonly string[] } {
  const { from, notify_to } = settings
  const named: readonly unknown[] = Array.isArray(notify_to) ? notify_to : [notify_to]
  const to = named.filter((one) => typeof one === 'string' && one !== '').map(String)
  return {
    from: typeof from === 'string' && from !== '' ? from : deps.from,
    to: to.length > 0 ? to : deps.to,
  }
}
