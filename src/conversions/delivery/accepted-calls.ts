import { type Kysely, sql } from 'kysely'
import type { AcceptedCallStatus } from '../../connectors/index.ts'
import type { SyncDatabase } from '../../sync/index.ts'
import type { Clock } from '../../time/clock.ts'
import { type ConnectionRow, findConnection } from '../connections.ts'
import type { Base } from '../conversions.ts'
import { storable } from '../json-rows.ts'
import type { EndedDelivery } from '../outbox/index.ts'
import { askStatus, type ConversionCallDeps } from './call.ts'
import type { ConversionLanes } from './lanes.ts'
import type { ConversionTraffic } from './traffic.ts'

/** The most calls that are asked about in one turn. */
const PER_LOOK = 20
/** How long one process alone asks about a call, in milliseconds. */
const LEASE_MS = 60_000
/** First and longest wait before the result of a call is asked for, in milliseconds; doubled each time. */
const FIRST_LOOK_MS = 30_000
const MOST_WAIT_MS = 3_600_000
/** How long after a call the platform is still asked for its result, in milliseconds. */
const PATIENCE_MS = 3 * 86_400_000

/**
 * Stores the calls that the platform has accepted and will process later, in the transaction that stores their
 * deliveries.
 */
export async function noteAccepted(
  tx: Kysely<SyncDatabase>,
  clock: Clock,
  { org_id, platform }: Pick<ConnectionRow, 'org_id' | 'platform'>,
  ended: readonly EndedDelivery[],
): Promise<void> {
  const byRequest = Map.groupBy(ended, ({ outcome }) =>
    outcome.is === 'processing' ? outcome.requestId : '',
  )
  byRequest.delete('')
  const nowMs = clock.nowMs()
  for (const [request_id, { length: events }] of byRequest)
    await tx
      .insertInto('conversion_calls')
      .values({ org_id, platform, request_id, events, due_ms: nowMs + FIRST_LOOK_MS, created_ms: nowMs })
      .onConflict((conflict) => conflict.columns(['org_id', 'platform', 'request_id']).doNothing())
      .execute()
}

export interface AcceptedCallDeps extends Base {
  readonly calls: ConversionCallDeps
  readonly lanes: ConversionLanes
  readonly traffic: ConversionTraffic
}

interface CallRow {
  readonly org_id: number
  readonly platform: string
  readonly request_id: string
  readonly events: number
  readonly attempts: number
  readonly created_ms: number
}

/** Asks the platforms for the result of accepted calls that are due. */
export async function settleAcceptedCalls(deps: AcceptedCallDeps): Promise<void> {
  const { store, clock } = deps
  const nowMs = clock.nowMs()
  const lock = store.engine === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``
  const { rows } = await sql<CallRow>`
    UPDATE conversion_calls SET due_ms = ${nowMs + LEASE_MS}, attempts = attempts + 1
    WHERE (org_id, platform, request_id) IN (SELECT org_id, platform, request_id FROM conversion_calls
      WHERE due_ms <= ${nowMs} ORDER BY due_ms LIMIT ${PER_LOOK} ${lock}) RETURNING *`.execute(store.db)
  for (const row of rows) await settle(deps, row, await statusOf(deps, row))
}

async function statusOf(deps: AcceptedCallDeps, row: CallRow): Promise<AcceptedCallStatus> {
  const room = deps.rooms.get(row.platform)
  const connection = await findConnection(deps.store, row.org_id, row.platform)
  if (!room || connection?.status !== 'connected')
    return { is: 'unavailable', detail: 'the connection has stopped' }
  const called = await askStatus(deps.calls, deps.lanes.lineOf(connection, room), row.request_id)
  if (called.is === 'answered') return called.answer
  return { is: 'unavailable', detail: called.is === 'held' ? called.why : called.detail }
}

async function settle(
  { store, clock, meter, lanes, traffic }: AcceptedCallDeps,
  row: CallRow,
  status: AcceptedCallStatus,
): Promise<void> {
  const nowMs = clock.nowMs()
  const isTooLate = nowMs - row.created_ms > PATIENCE_MS
  if (status.is !== 'done' && !isTooLate) {
    const waitMs = Math.min(MOST_WAIT_MS, FIRST_LOOK_MS * 2 ** Math.min(10, row.attempts))
    await ofCall(store.db.updateTable('conversion_calls').set({ due_ms: nowMs + waitMs }), row).execute()
    return
  }
  const ending = status.is === 'done' ? endingOf(row, status) : UNTOLD
  const settled = await store.db.transaction().execute(async (tx) => {
    const rows = await ofCall(tx.updateTable('conversion_deliveries'), row)
      .set({ ...ending, ended_ms: nowMs, due_ms: null, sealed: null })
      .where('state', '=', 'sent')
      .returning('created_ms')
      .execute()
    await ofCall(tx.deleteFrom('conversion_calls'), row).execute()
    return rows
  })
  traffic.note({
    orgId: row.org_id,
    platform: row.platform,
    call: undefined,
    events: settled.length,
    failedEvents: Math.min(settled.length, status.is === 'done' ? failedOf(status) : 0),
    circuitState: lanes.find(row.org_id, row.platform)?.breaker.state.is ?? 'closed',
  })
  for (const { created_ms } of settled) {
    if (ending.state === 'dead') meter.delivered(row.platform, 'dead')
    else meter.acknowledged(row.platform, created_ms)
  }
}

const UNTOLD = {
  state: 'acknowledged',
  code: 'not_confirmed',
  detail: 'the platform accepted it and gave no result within three days',
} as const

type Done = Extract<AcceptedCallStatus, { is: 'done' }>
const failedOf = ({ failed }: Done): number => failed.reduce((sum, one) => sum + one.count, 0)

/** The state of each event of a call for which the platform gives only counts. */
function endingOf({ events }: CallRow, status: Done) {
  const { failed } = status
  const count = failedOf(status)
  if (count === 0) return { state: 'acknowledged', code: null, detail: null } as const
  const reasons = storable(failed.map((one) => `${one.reason} (${one.count})`).join(', '), 200)
  if (count >= events) return { state: 'dead', code: 'refused_later', detail: reasons } as const
  return {
    state: 'acknowledged',
    code: 'partly_refused',
    detail: `the platform refused ${count} of the ${events} events of this call and does not say which: ${reasons}`,
  } as const
}

interface Filterable<Q> {
  where(column: 'org_id', op: '=', value: number): Q
  where(column: 'platform' | 'request_id', op: '=', value: string): Q
}

/** Adds the conditions that select a call, or the deliveries of a call. */
const ofCall = <Q extends Filterable<Q>>(query: Q, { org_id, platform, request_id }: CallRow): Q =>
  query.where('org_id', '=', org_id).where('platform', '=', platform).where('request_id', '=', request_id)
