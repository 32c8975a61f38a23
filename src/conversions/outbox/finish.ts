import { type Kysely, sql } from 'kysely'
import type { DeliveryState, Store, SyncDatabase } from '../../sync/index.ts'
import type { Base } from '../conversions.ts'
import { type JsonColumns, jsonRows, MAX_CODE, MAX_DETAIL, ROWS_AT_ONCE, storable } from '../json-rows.ts'
import type { Claimed } from './claim.ts'

/** The outcome of one attempt to deliver. */
export type DeliveryOutcome =
  | {
      readonly is: 'acknowledged'
      readonly note?: string | undefined
      readonly requestId: string | undefined
      readonly latencyMs: number
    }
  /** Accepted and processed later; the result is asked for by the request id. */
  | { readonly is: 'processing'; readonly requestId: string; readonly latencyMs: number }
  | {
      readonly is: 'dead'
      readonly code: string
      readonly detail: string
      readonly requestId?: string | undefined
      readonly latencyMs?: number
      /** The newly encrypted content, if an identifier was removed. */
      readonly sealed?: string | undefined
      /** It was given up without being sent, which is no attempt. */
      readonly isUnsent?: true
    }
  /** `isUnknown`: the platform may have taken it. */
  | {
      readonly is: 'retry'
      readonly code: string
      readonly detail: string
      readonly afterMs: number
      readonly isUnknown: boolean
      readonly requestId?: string | undefined
      readonly latencyMs?: number
      readonly sealed?: string | undefined
    }
  /** It was not sent, for a reason that lies not in this event. */
  | { readonly is: 'put_back'; readonly afterMs: number; readonly code?: string; readonly detail?: string }

export interface EndedDelivery {
  readonly claimed: Claimed
  readonly outcome: DeliveryOutcome
}

const RESULT: JsonColumns = {
  seq: 'bigint',
  state: 'text',
  due_ms: 'bigint',
  attempts: 'bigint',
  code: 'text',
  detail: 'text',
  request_id: 'text',
  latency_ms: 'double precision',
  unknown_ms: 'bigint',
  sealed: 'text',
  ended_ms: 'bigint',
}
/** The most characters that are stored of a platform's id for a request. */
const MAX_REQUEST_ID = 200

/**
 * Stores the outcomes of deliveries in one transaction. Deliveries that another process has claimed since are not
 * changed. On SQLite it does not wait for the disk: if the power fails first, the deliveries are still claimed, and are
 * sent again with the same ids as after an unknown outcome.
 * @param more runs in the same transaction
 */
export async function finish(
  { store, clock, owner, meter }: Pick<Base, 'store' | 'clock' | 'owner' | 'meter'>,
  ended: readonly EndedDelivery[],
  more: (tx: Kysely<SyncDatabase>) => Promise<void> = async () => {},
): Promise<void> {
  const nowMs = clock.nowMs()
  const rows = ended.map((one) => rowOf(one, nowMs))
  await store.loosely((db) =>
    db.transaction().execute(async (tx) => {
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
        await update(tx, store.engine, owner, rows.slice(at, at + ROWS_AT_ONCE))
      await more(tx)
    }),
  )
  for (const one of ended) count(meter, one)
}

function count(meter: Base['meter'], { claimed: { platform, created_ms }, outcome }: EndedDelivery): void {
  if (outcome.is === 'acknowledged') meter.acknowledged(platform, created_ms)
  else if (outcome.is === 'retry') meter.delivered(platform, outcome.isUnknown ? 'unknown' : 'retried')
  else if (outcome.is !== 'put_back') meter.delivered(platform, outcome.is)
}

async function update(
  db: Kysely<SyncDatabase>,
  engine: Store['engine'],
  owner: string,
  rows: readonly object[],
): Promise<void> {
  await sql`UPDATE conversion_deliveries SET state = given.state, due_ms = given.due_ms, attempts = given.attempts,
      code = given.code, detail = given.detail, request_id = coalesce(given.request_id, conversion_deliveries.request_id),
      latency_ms = coalesce(given.latency_ms, conversion_deliveries.latency_ms),
      unknown_since_ms = coalesce(conversion_deliveries.unknown_since_ms, given.unknown_ms),
      sealed = CASE WHEN given.state = 'acknowledged' THEN NULL ELSE coalesce(given.sealed, conversion_deliveries.sealed) END,
      ended_ms = given.ended_ms, lease_owner = NULL,
      first_attempt_ms = CASE WHEN given.attempts = 0 THEN NULL ELSE first_attempt_ms END,
      last_attempt_ms = CASE WHEN given.attempts = 0 THEN NULL ELSE last_attempt_ms END
    FROM ${jsonRows(engine, RESULT, rows)}
    WHERE conversion_deliveries.seq = given.seq AND conversion_deliveries.lease_owner = ${owner}`.execute(db)
}

function rowOf({ claimed, outcome }: EndedDelivery, nowMs: number) {
  const { seq, attempts } = claimed
  const said = 'requestId' in outcome ? outcome.requestId : undefined
  const common = {
    seq,
    attempts,
    request_id: said === undefined ? null : storable(said, MAX_REQUEST_ID),
    latency_ms:
      'latencyMs' in outcome && outcome.latencyMs !== undefined ? Math.round(outcome.latencyMs) : null,
    sealed: 'sealed' in outcome ? (outcome.sealed ?? null) : null,
    ...reasonOf(outcome),
  }
  const state = (
    state: DeliveryState,
    due_ms: number | null,
    ended_ms: number | null,
    unknown_ms: number | null = null,
  ) => ({
    ...common,
    state,
    due_ms,
    ended_ms,
    unknown_ms,
  })
  switch (outcome.is) {
    case 'acknowledged':
      return state('acknowledged', null, nowMs)
    case 'processing':
      return state('sent', null, null)
    case 'dead':
      return { ...state('dead', null, nowMs), attempts: outcome.isUnsent ? attempts - 1 : attempts }
    case 'retry':
      return state(
        'retrying',
        nowMs + outcome.afterMs,
        null,
        outcome.isUnknown ? claimed.last_attempt_ms : null,
      )
    case 'put_back': {
      const before = attempts - 1
      return {
        ...state(before > 0 ? 'retrying' : 'pending', nowMs + outcome.afterMs, null),
        attempts: before,
      }
    }
  }
}

function reasonOf(outcome: DeliveryOutcome): { code: string | null; detail: string | null } {
  if (outcome.is === 'acknowledged')
    return { code: null, detail: outcome.note === undefined ? null : storable(outcome.note, MAX_DETAIL) }
  if (outcome.is === 'processing') return { code: 'processing', detail: null }
  const { code, detail } = outcome
  return {
    code: code === undefined ? null : storable(code, MAX_CODE),
    detail: detail === undefined ? null : storable(detail, MAX_DETAIL),
  }
}
