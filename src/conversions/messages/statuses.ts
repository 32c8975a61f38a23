import { type RawBuilder, sql } from 'kysely'
import type { StatusUpdate } from '../../connectors/index.ts'
import { MESSAGE_RESULTS, type MessageResult } from '../../metrics/metrics.ts'
import type { Store } from '../../sync/index.ts'
import type { ConnectionRow } from '../connections.ts'
import type { Base } from '../conversions.ts'
import { withoutPersonal } from '../delivery/index.ts'
import { type JsonColumns, jsonRows, MAX_CODE, MAX_DETAIL, ROWS_AT_ONCE, storable } from '../json-rows.ts'
import { rankIn, rankOf } from './states.ts'

const TOLD: JsonColumns = {
  org_id: 'bigint',
  account: 'text',
  callback_id: 'text',
  platform_id: 'text',
  state: 'text',
  state_rank: 'bigint',
  status_ms: 'bigint',
  code: 'text',
  detail: 'text',
  sent_before_ms: 'bigint',
}
/** A number whose app has signed a webhook. */
export interface Signer extends Pick<ConnectionRow, 'org_id' | 'account'> {
  /** For a former number or secret: it speaks only for messages sent before this time. Null: for all messages. */
  readonly sentBeforeMs: number | null
}

/**
 * Applies the statuses of a webhook, except to messages that are further already: statuses come in any order,
 * repeatedly, and to several processes at once. Only messages of connections whose secret has signed the webhook, sent
 * from the number that it names, are changed.
 */
export async function applyStatuses(
  { store, meter }: Pick<Base, 'store' | 'meter'>,
  signers: readonly Signer[],
  updates: readonly StatusUpdate[],
): Promise<void> {
  const rows = updates.flatMap((update) =>
    signers
      .filter(({ account }) => account !== null && account === update.phoneNumberId)
      .map((signer) => rowOf(signer, update)),
  )
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const moved = await statusStatement(store.engine, rows.slice(at, at + ROWS_AT_ONCE)).execute(store.db)
    for (const { state } of moved.rows) if (isCounted(state)) meter.message(state)
  }
}

const isCounted = (state: string): state is MessageResult => MESSAGE_RESULTS.some((one) => one === state)

function rowOf(
  { org_id, account, sentBeforeMs }: Signer,
  { status, atMs, messageId, callbackData, error }: StatusUpdate,
) {
  return {
    org_id,
    account,
    state: status,
    state_rank: rankOf(status),
    sent_before_ms: sentBeforeMs,
    callback_id: callbackData === undefined ? null : storable(callbackData, 64),
    platform_id: storable(messageId, 256),
    status_ms: atMs === undefined || !Number.isSafeInteger(atMs) ? null : atMs,
    code: error ? storable(error.code, MAX_CODE) : null,
    detail: error ? storable(withoutPersonal(error.detail, undefined), MAX_DETAIL) : null,
  }
}

/**
 * Of several statuses of one message the highest one counts. Rows are locked in their order first, so that two webhooks
 * with the same messages wait for each other instead of deadlocking; the state is compared again once the row is
 * locked.
 *
 * A message is looked up by one index, then by the other: with OR, every message of the organisation would be read for
 * each status. The plus keeps SQLite from using the index on the organisation, the cross join from reading messages
 * first.
 */
export function statusStatement(
  engine: Store['engine'],
  rows: readonly object[],
): RawBuilder<{ readonly state: string }> {
  const lock = engine === 'postgres' ? sql`FOR UPDATE OF m` : sql``
  const foundBy = (column: 'callback_id' | 'platform_id') => sql`SELECT m.seq, given.platform_id, given.state,
      given.state_rank, given.status_ms, given.code, given.detail
    FROM given CROSS JOIN conversion_messages m
    WHERE ${sql.ref(`m.${column}`)} = ${sql.ref(`given.${column}`)} AND +m.org_id = given.org_id AND m.account = given.account
      AND (given.sent_before_ms IS NULL OR m.last_attempt_ms < given.sent_before_ms)`
  return sql<{ readonly state: string }>`
    WITH given AS (SELECT * FROM ${jsonRows(engine, TOLD, rows)}),
    found AS (${foundBy('callback_id')} UNION ALL ${foundBy('platform_id')}),
    matched AS (SELECT found.* FROM found CROSS JOIN conversion_messages m WHERE m.seq = found.seq ORDER BY m.seq ${lock}),
    latest AS (SELECT *, row_number() OVER (PARTITION BY seq ORDER BY state_rank DESC) AS place FROM matched)
    UPDATE conversion_messages SET state = latest.state, code = latest.code, detail = latest.detail,
      status_ms = latest.status_ms, platform_id = coalesce(conversion_messages.platform_id, latest.platform_id),
      due_ms = NULL, sealed = NULL, lease_owner = NULL
    FROM latest WHERE latest.seq = conversion_messages.seq AND latest.place = 1
      AND ${rankIn('conversion_messages.state')} < latest.state_rank
    RETURNING conversion_messages.state`
}
