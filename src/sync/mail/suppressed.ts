import type { Kysely } from 'kysely'
import { z } from 'zod'
import { type Clock, isoTime } from '../../time/clock.ts'
import type { Store, SyncDatabase } from '../store/index.ts'

const Event = z.object({
  type: z.string(),
  data: z.object({
    to: z.array(z.string()).default([]),
    bounce: z.object({ type: z.string().default('') }).optional(),
  }),
})

/** Why a recipient must not get e-mails any more; undefined for events that are no reason. */
function reasonOf({ type, data }: z.output<typeof Event>): string | undefined {
  if (type === 'email.complained') return 'complained'
  if (type === 'email.suppressed') return 'suppressed'
  // Other bounces are temporary: a full mailbox, or a server that is away.
  return type === 'email.bounced' && data.bounce?.type === 'Permanent' ? 'bounced' : undefined
}

/** Stores recipients that must not get e-mails any more. Other events change nothing. */
export async function noteDelivery(
  db: Kysely<SyncDatabase>,
  clock: Clock,
  connectorId: string,
  payload: unknown,
): Promise<void> {
  const event = Event.safeParse(payload)
  const reason = event.success ? reasonOf(event.data) : undefined
  if (!event.success || reason === undefined) return
  for (const address of event.data.data.to) {
    await db
      .insertInto('mail_suppressions')
      .values({
        connector_id: connectorId,
        address: addressOf(address),
        reason,
        since: isoTime(clock.nowMs()),
      })
      .onConflict((conflict) => conflict.columns(['connector_id', 'address']).doNothing())
      .execute()
  }
}

/** Suppressed recipients among these, in the caller's spelling, with the reason. */
export async function suppressedOf(
  { db }: Store,
  connectorId: string,
  recipients: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (recipients.length === 0) return new Map()
  const rows = await db
    .selectFrom('mail_suppressions')
    .select(['address', 'reason'])
    .where('connector_id', '=', connectorId)
    .where('address', 'in', [...new Set(recipients.map(addressOf))])
    .execute()
  const reasons = new Map(rows.map(({ address, reason }) => [address, reason]))
  return new Map(
    recipients.flatMap((recipient) => {
      const reason = reasons.get(addressOf(recipient))
      return reason === undefined ? [] : [[recipient, reason] as const]
    }),
  )
}

export interface Suppression {
  readonly address: string
  readonly reason: string
  readonly since: string
}

/**
 * Suppressed recipients, ordered by address.
 * @param after last address of the previous page
 */
export const suppressions = (
  { db }: Store,
  connectorId: string,
  after: string,
  limit: number,
): Promise<Suppression[]> =>
  db
    .selectFrom('mail_suppressions')
    .select(['address', 'reason', 'since'])
    .where('connector_id', '=', connectorId)
    .where('address', '>', after)
    .orderBy('address')
    .limit(limit)
    .execute()

/** Allows e-mails to a recipient until the platform reports it again. Returns false for one that was not suppressed. */
export async function liftSuppression({ db }: Store, connectorId: string, address: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('mail_suppressions')
    .where('connector_id', '=', connectorId)
    .where('address', '=', addressOf(address))
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Address without the name: `Ann <ann@x.example>`. Lower case, since nearly all mail servers ignore case. */
const addressOf = (recipient: string): string =>
  (/<([^<>]+)>\s*$/.exec(recipient)?.[1] ?? recipient).trim().toLowerCase()
