import { type RawBuilder, sql } from 'kysely'
import { AppError } from '../../errors.ts'
import type { MessageState, Store } from '../../sync/index.ts'
import type { ConnectionRow } from '../connections.ts'
import { type Base, MESSAGE_PLATFORM } from '../conversions.ts'
import { MAX_CODE, MAX_DETAIL, storable } from '../json-rows.ts'
import { shortenTable } from '../shorten-table.ts'
import type { MessageRow } from './message.ts'
import { rankIn, rankOf } from './states.ts'

type SettleDeps = Pick<Base, 'store' | 'clock' | 'meter'>
type OutboxDeps = Pick<Base, 'store' | 'clock' | 'owner' | 'meter'>

export type NewMessage = Pick<
  MessageRow,
  | 'org_id'
  | 'message_id'
  | 'body_digest'
  | 'template'
  | 'language'
  | 'callback_id'
  | 'expires_ms'
  | 'sealed'
  | 'created_ms'
>

/**
 * Stores a new message. If its id exists already, the stored message is returned.
 * @param digests of the message by every key; throws if the stored message differs
 */
export async function addMessage(
  { db }: Store,
  message: NewMessage,
  digests: readonly string[],
): Promise<{ readonly row: MessageRow; readonly isNew: boolean }> {
  const stored = await db
    .insertInto('conversion_messages')
    .values({ ...message, state: 'pending', due_ms: message.created_ms })
    .onConflict((conflict) => conflict.columns(['org_id', 'message_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (stored) return { row: stored, isNew: true }
  const row = await findMessage({ db }, message.org_id, message.message_id)
  if (!row) throw new AppError('idempotency_key_in_use', 'The message was just forgotten', { afterMs: 1_000 })
  if (!digests.includes(row.body_digest))
    throw new AppError(
      'idempotency_key_reused',
      'message_id: another message was sent with this id',
      'never',
      { field: 'message_id' },
    )
  return { row, isNew: false }
}

export const findMessage = (
  { db }: Pick<Store, 'db'>,
  orgId: number,
  messageId: string,
): Promise<MessageRow | undefined> =>
  db
    .selectFrom('conversion_messages')
    .selectAll()
    .where('org_id', '=', orgId)
    .where('message_id', '=', messageId)
    .executeTakeFirst()

/** Connections that have a message to send, the one with the longest wait first. */
export async function dueSenders({ db }: Store, nowMs: number): Promise<ConnectionRow[]> {
  const { rows } = await sql<ConnectionRow>`
    SELECT * FROM (SELECT c.*, (SELECT min(m.due_ms) FROM conversion_messages m
      WHERE m.org_id = c.org_id AND m.state = 'pending' AND m.due_ms <= ${nowMs}) AS head_ms
      FROM conversion_connections c WHERE c.platform = ${MESSAGE_PLATFORM} AND c.status = 'connected'
        AND (c.resting_until_ms IS NULL OR c.resting_until_ms <= ${nowMs})) due
    WHERE head_ms IS NOT NULL ORDER BY head_ms`.execute(db)
  return rows
}

/** How long a process may keep a claimed message, in milliseconds; longer than any call. */
const LEASE_MS = 60_000

/** Claims up to `limit` messages that are due. From now on each of them may have been sent. */
export async function claimMessages(
  { store, clock, owner }: OutboxDeps,
  orgId: number,
  account: string,
  limit: number,
): Promise<MessageRow[]> {
  const nowMs = clock.nowMs()
  const lock = store.engine === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``
  const { rows } = await sql<MessageRow>`
    UPDATE conversion_messages SET state = 'sending', lease_owner = ${owner}, due_ms = ${nowMs + LEASE_MS},
      account = ${account}, attempts = attempts + 1, last_attempt_ms = ${nowMs}
    WHERE state = 'pending' AND seq IN (SELECT seq FROM conversion_messages WHERE org_id = ${orgId} AND state = 'pending'
      AND due_ms <= ${nowMs} ORDER BY due_ms, seq LIMIT ${limit} ${lock}) RETURNING *`.execute(store.db)
  return rows
}

/** The outcome of one attempt to send. */
export type MessageOutcome =
  | { readonly is: 'accepted'; readonly platformId: string }
  | { readonly is: 'failed'; readonly code: string; readonly detail: string }
  /** The message may have been sent. */
  | { readonly is: 'unknown'; readonly detail: string }
  /** It was not sent and may be tried again. `isOurs`: it was not even attempted. */
  | {
      readonly is: 'again'
      readonly afterMs: number
      readonly code: string
      readonly detail: string
      readonly isOurs?: true
    }

/** After how long a status is no longer expected, in milliseconds: WhatsApp repeats a webhook for seven days. */
const SETTLE_MS = 8 * 86_400_000

/** Stores the outcome of an attempt. It does not undo what a webhook or another process has stored meanwhile. */
export async function finishMessage(
  { store, clock, owner, meter }: OutboxDeps,
  { seq, attempts }: MessageRow,
  outcome: MessageOutcome,
): Promise<void> {
  const nowMs = clock.nowMs()
  const said = 'code' in outcome ? outcome : { code: undefined, detail: undefined }
  const code = said.code === undefined ? null : storable(said.code, MAX_CODE)
  const detail = said.detail === undefined ? null : storable(said.detail, MAX_DETAIL)
  const mine = sql`seq = ${seq} AND state = 'sending' AND lease_owner = ${owner}`
  meter.message(outcome.is === 'again' ? 'waits' : outcome.is)
  switch (outcome.is) {
    case 'accepted':
      await raise(store, sql`seq = ${seq}`, 'accepted', {
        code: null,
        detail: null,
        dueMs: null,
        platformId: storable(outcome.platformId, 256),
      })
      return
    case 'failed':
      await raise(store, sql`seq = ${seq}`, 'failed', { code, detail, dueMs: null })
      return
    case 'unknown':
      await raise(store, sql`seq = ${seq}`, 'unknown', {
        code: 'outcome_unknown',
        detail: storable(outcome.detail, MAX_DETAIL),
        dueMs: nowMs + SETTLE_MS,
      })
      return
    case 'again':
      await sql`UPDATE conversion_messages SET state = 'pending', due_ms = ${nowMs + outcome.afterMs}, lease_owner = NULL,
        code = ${code}, detail = ${detail}, attempts = ${outcome.isOurs ? attempts - 1 : attempts}
        WHERE ${mine}`.execute(store.db)
  }
}

interface Raised {
  readonly code: string | null
  readonly detail: string | null
  readonly dueMs: number | null
  readonly platformId?: string
}

/**
 * Moves messages to a state, except those that are further already. None of them will be sent again, so their content
 * is deleted.
 * @returns the number of messages moved
 */
async function raise(
  { db }: Pick<Store, 'db'>,
  which: RawBuilder<unknown>,
  state: MessageState,
  { code, detail, dueMs, platformId }: Raised,
): Promise<number> {
  const isLater = sql`${rankIn('state')} < ${sql.lit(rankOf(state))}`
  const { numAffectedRows } = await sql`UPDATE conversion_messages SET
      state = CASE WHEN ${isLater} THEN ${sql.lit(state)} ELSE state END,
      code = CASE WHEN ${isLater} THEN ${code} ELSE code END,
      detail = CASE WHEN ${isLater} THEN ${detail} ELSE detail END,
      due_ms = CASE WHEN ${isLater} THEN CAST(${dueMs} AS bigint) ELSE due_ms END,
      platform_id = coalesce(platform_id, ${platformId ?? null}), sealed = NULL, lease_owner = NULL
    WHERE ${which}`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/**
 * Marks messages as unknown if the process that was sending them has ended, stops waiting for a status after {@link
 * SETTLE_MS}, and fails messages that have waited too long to be sent.
 */
export async function settleMessages({ store, clock, meter }: SettleDeps): Promise<void> {
  const nowMs = clock.nowMs()
  const left = await raise(store, sql`state = 'sending' AND due_ms < ${nowMs}`, 'unknown', {
    code: 'outcome_unknown',
    detail: 'the process that sent it has ended',
    dueMs: nowMs + SETTLE_MS,
  })
  meter.message('unknown', left)
  await sql`UPDATE conversion_messages SET due_ms = NULL, detail = 'no status of it has come, and none will'
    WHERE state = 'unknown' AND due_ms < ${nowMs}`.execute(store.db)
  const old = await raise(store, sql`state = 'pending' AND expires_ms < ${nowMs}`, 'failed', {
    code: 'too_old',
    detail: 'it has waited for too long, and was not sent',
    dueMs: null,
  })
  meter.message('failed', old)
}

/** Like {@link settleMessages}, at a start where no other process can use the database (SQLite). */
export async function settleLeft(deps: SettleDeps): Promise<void> {
  const { store, clock } = deps
  if (store.engine !== 'sqlite') return
  await sql`UPDATE conversion_messages SET due_ms = ${clock.nowMs() - 1} WHERE state = 'sending'`.execute(
    store.db,
  )
  await settleMessages(deps)
}

/** The most rows that one statement deletes, so that nobody waits long for a lock. */
const PER_STEP = 500

/** Deletes messages from before `beforeMs` that need no further work. */
export async function forgetMessages({ db }: Store, beforeMs: number, orgId?: number): Promise<void> {
  const ofOrg = orgId === undefined ? sql`true` : sql`org_id = ${orgId}`
  for (;;) {
    const { numAffectedRows } =
      await sql`DELETE FROM conversion_messages WHERE seq IN (SELECT seq FROM conversion_messages
      WHERE created_ms < ${beforeMs} AND due_ms IS NULL AND ${ofOrg} ORDER BY seq LIMIT ${PER_STEP})`.execute(
        db,
      )
    if (Number(numAffectedRows ?? 0) < PER_STEP) return
  }
}

export interface MessageCounts {
  /** The rows of the organisation that has the most, counted up to `most`. */
  readonly rows: number
  /** Messages that have not been sent yet, by organisation. */
  readonly waiting: ReadonlyMap<number, number>
}

/** Counts messages, and deletes the oldest ones of organisations that have too many. */
export async function countMessages(store: Store, most: number): Promise<MessageCounts> {
  const { rows: waiting } = await sql<{ org_id: number; rows: number | string }>`
    SELECT org_id, count(*) AS rows FROM conversion_messages WHERE due_ms IS NOT NULL AND state <> 'unknown'
    GROUP BY org_id`.execute(store.db)
  return {
    rows: await shortenTable(store, 'conversion_messages', most, (orgId, untilMs) =>
      forgetMessages(store, untilMs + 1, orgId),
    ),
    waiting: new Map(waiting.map(({ org_id, rows }) => [org_id, Number(rows)])),
  }
}
