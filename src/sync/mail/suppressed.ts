import type { Kysely } from 'kysely'
import { z } from 'zod'
import { type Clock, isoTime } from '../../clock.ts'
import type { Store, Tables } from '../store/index.ts'

const Event = z.object({
  type: z.string(),
  data: z.object({
    to: z.array(z.string()).default([]),
    bounce: z.object({ type: z.string().default('') }).optional(),
  }),
})

/** Why nobody may write to a recipient any more; undefined for events that say nothing of the kind. */
function reasonOf({ type, data }: z.output<typeof Event>): string | undefined {
  if (type === 'email.complained') return 'complained'
  if (type === 'email.suppressed') return 'suppressed'
  // Others pass: a full mailbox, a server that is away.
  return type === 'email.bounced' && data.bounce?.type === 'Permanent' ? 'bounced' : undefined
}

/** Notes recipients that must not be written to again. An event of another kind, or none at all, changes nothing. */
export async function noteDelivery(
  db: Kysely<Tables>,
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

/** Those of the recipients that must not be written to, as they are written, with the reason. */
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

/** Recipients that must not be written to, in the order of their addresses. @param after the last one of the page before */
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

/** Lets a recipient be written to again, until the platform says otherwise anew. False for one that could be. */
export async function liftSuppression({ db }: Store, connectorId: string, address: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('mail_suppressions')
    .where('connector_id', '=', connectorId)
    .where('address', '=', addressOf(address))
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** `Ann <ann@x.example>` without its name; upper and lower case are the same mailbox everywhere that matters. */
const addressOf = (recipient: string): string =>
  (/<([^<>]+)>\s*$/.exec(recipient)?.[1] ?? recipient).trim().toLowerCase()
