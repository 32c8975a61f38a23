import { type RawBuilder, sql } from 'kysely'
import { emit } from '../sync/index.ts'
import { isoTime } from '../time/clock.ts'
import { type ConnectionRow, connectionsOf } from './connections.ts'
import { type Base, MESSAGE_PLATFORM } from './conversions.ts'
import type { ConversionLanes, ConversionTraffic, TrafficCounts } from './delivery/index.ts'
import type { Messenger } from './messages/index.ts'

const HOUR_MS = 3_600_000
/**
 * Thresholds by the interface's specification: the share of sent events that succeeded (each attempt counts), and the
 * latency of a call in milliseconds.
 */
const HEALTHY = { share: 0.9, latencyMs: 5_000 }
const DEGRADED = { share: 0.7, latencyMs: 10_000 }

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

/**
 * The health of a connection, by the field names of the interface's specification. Null figures: nothing was sent in
 * the last hour.
 */
export interface ConnectorHealthStatus {
  readonly platform: string
  readonly status: HealthStatus
  readonly last_check: string
  readonly success_rate_1h: number | null
  readonly avg_latency_ms: number | null
  readonly circuit_state: string
  readonly error_count_1h: number
  readonly events_processed_1h: number
  readonly issues: readonly string[]
}

interface Facts {
  readonly counts: TrafficCounts
  readonly circuitState: string
  readonly connection: Pick<ConnectionRow, 'status' | 'message'>
}

const NOTHING: TrafficCounts = { calls: 0, failed_calls: 0, events: 0, failed_events: 0, latency_ms: 0 }

/** The share of events that succeeded; null without events. */
const successOf = ({ events, failed_events }: TrafficCounts) =>
  events === 0 ? null : (events - failed_events) / events
/** The mean latency of a call in whole milliseconds; null without calls. */
const latencyOf = ({ calls, latency_ms }: TrafficCounts) =>
  calls === 0 ? null : Math.round(latency_ms / calls)

/** Judges a connection by the thresholds; its worst figure counts. */
function judge({ counts, circuitState, connection }: Facts): {
  status: HealthStatus
  issues: string[]
} {
  const share = successOf(counts)
  const latencyMs = latencyOf(counts)
  const bad: string[] = []
  const weak: string[] = []
  if (connection.status === 'pending') weak.push('the connection could not be tested yet')
  else if (connection.status === 'error')
    bad.push(
      `the platform does not accept the connection, please reconnect: ${connection.message ?? 'no reason is known'}`,
    )
  else if (connection.status !== 'connected')
    bad.push(`the connection is ${connection.status}: ${connection.message ?? 'no reason is known'}`)
  if (circuitState === 'open') bad.push('the circuit breaker is open')
  if (circuitState === 'half_open') weak.push('the circuit breaker tries whether the platform works again')
  if (share !== null && share < HEALTHY.share)
    (share < DEGRADED.share ? bad : weak).push(
      `${Math.floor(share * 100)} % of the events sent were taken in the last hour (each attempt counts)`,
    )
  if (latencyMs !== null && latencyMs >= HEALTHY.latencyMs)
    (latencyMs > DEGRADED.latencyMs ? bad : weak).push(
      `calls took ${Math.round(latencyMs)} ms on average in the last hour`,
    )
  return {
    status: bad.length > 0 ? 'unhealthy' : weak.length > 0 ? 'degraded' : 'healthy',
    issues: [...bad, ...weak],
  }
}

type HealthDeps = Pick<Base, 'store' | 'clock' | 'rooms'> & {
  readonly lanes: ConversionLanes
  readonly messages: Pick<Messenger, 'circuitOf'>
  readonly traffic: ConversionTraffic
}

/** The present health of every connection of an organisation. */
export async function healthOf(deps: HealthDeps, orgId: number): Promise<ConnectorHealthStatus[]> {
  const { store, clock, lanes, messages, traffic } = deps
  await traffic.write()
  const nowMs = clock.nowMs()
  const counts = await countsBy(store.db, orgId, nowMs - HOUR_MS, sql`minute_ms * 0`)
  const rows = await connectionsOf(deps, orgId)
  return rows.map((connection) => {
    const { platform } = connection
    const own = counts.find((one) => one.platform === platform) ?? NOTHING
    const circuitState =
      platform === MESSAGE_PLATFORM
        ? messages.circuitOf(orgId)
        : (lanes.find(orgId, platform)?.breaker.state.is ?? 'closed')
    const { status, issues } = judge({ counts: own, circuitState, connection })
    return {
      platform,
      status,
      issues,
      circuit_state: circuitState,
      last_check: isoTime(nowMs),
      success_rate_1h: successOf(own),
      avg_latency_ms: latencyOf(own),
      error_count_1h: own.failed_events,
      events_processed_1h: own.events - own.failed_events,
    }
  })
}

/** The health of a connection over one period of time. */
export interface HealthPoint {
  readonly platform: string
  readonly from: string
  readonly to: string
  /** Null if nothing was sent: then nothing is known. */
  readonly status: HealthStatus | null
  readonly success_rate: number | null
  readonly avg_latency_ms: number | null
  readonly circuit_state: string | null
  readonly error_count: number
  readonly events_processed: number
  /** Why figures are null. */
  readonly caveat: string | null
}

/** Length of a step of the history, in milliseconds. */
const STEP_MS = 300_000

/** The health of each connection in steps of five minutes over the last `hours`, oldest first. */
export async function healthHistory(
  deps: HealthDeps,
  orgId: number,
  hours: number,
  platform?: string,
): Promise<HealthPoint[]> {
  await deps.traffic.write()
  const nowMs = deps.clock.nowMs()
  const fromMs = stepOf(nowMs - hours * HOUR_MS)
  const counts = await countsBy(
    deps.store.db,
    orgId,
    fromMs,
    sql`minute_ms - minute_ms % ${sql.lit(STEP_MS)}`,
  )
  const connections = await connectionsOf(deps, orgId)
  const platforms = new Set([...connections, ...counts].map((one) => one.platform))
  const shown = [...platforms].filter((one) => platform === undefined || one === platform).sort()
  const byStep = new Map(counts.map((one) => [`${one.platform}:${one.step_ms}`, one]))
  const points: HealthPoint[] = []
  for (let stepMs = fromMs; stepMs <= nowMs; stepMs += STEP_MS)
    for (const name of shown) points.push(pointOf(name, stepMs, byStep.get(`${name}:${stepMs}`)))
  return points
}

const stepOf = (atMs: number): number => atMs - (atMs % STEP_MS)

function pointOf(platform: string, stepMs: number, counts: HealthStep | undefined): HealthPoint {
  const common = { platform, from: isoTime(stepMs), to: isoTime(stepMs + STEP_MS) }
  if (!counts || counts.calls === 0)
    return {
      ...common,
      status: null,
      success_rate: null,
      avg_latency_ms: null,
      circuit_state: null,
      error_count: 0,
      events_processed: 0,
      caveat: 'nothing was sent',
    }
  const { circuit_state } = counts
  const connection = { status: 'connected', message: null } as const
  return {
    ...common,
    status: judge({ counts, circuitState: circuit_state, connection }).status,
    success_rate: successOf(counts),
    avg_latency_ms: latencyOf(counts),
    circuit_state,
    error_count: counts.failed_events,
    events_processed: counts.events - counts.failed_events,
    caveat: null,
  }
}

/**
 * Sums of traffic, and the worst of several breaker states: sorted by name, the states happen to go from good to bad.
 */
const SUMS = sql`platform, CAST(sum(calls) AS bigint) AS calls, CAST(sum(failed_calls) AS bigint) AS failed_calls,
  CAST(sum(events) AS bigint) AS events, CAST(sum(failed_events) AS bigint) AS failed_events,
  sum(latency_ms) AS latency_ms, max(circuit_state) AS circuit_state`

interface HealthStep extends TrafficCounts {
  readonly platform: string
  readonly step_ms: number
  readonly circuit_state: string
}

async function countsBy(
  db: Base['store']['db'],
  orgId: number,
  fromMs: number,
  step: RawBuilder<unknown>,
): Promise<HealthStep[]> {
  const { rows } = await sql<HealthStep>`
    SELECT ${SUMS}, ${step} AS step_ms FROM conversion_minutes WHERE org_id = ${orgId} AND minute_ms >= ${fromMs}
    GROUP BY platform, ${step} ORDER BY step_ms, platform`.execute(db)
  return rows
}

/**
 * Writes an event for each connection whose health has changed since the last event. The breaker does not count here,
 * because each process has its own and processes must agree; a breaker that opens is an event of its own.
 */
export async function tellHealth(deps: HealthDeps): Promise<void> {
  const { store, clock, rooms } = deps
  await deps.traffic.write()
  const sinceMs = clock.nowMs() - HOUR_MS
  const { rows: counts } = await sql<
    HealthStep & { org_id: number }
  >`SELECT org_id, ${SUMS} FROM conversion_minutes
    WHERE minute_ms >= ${sinceMs} GROUP BY org_id, platform`.execute(store.db)
  const byConnection = new Map(counts.map((one) => [`${one.org_id}:${one.platform}`, one]))
  const connections = await store.db
    .selectFrom('conversion_connections')
    .selectAll()
    .where('status', '!=', 'disconnected')
    .execute()
  for (const connection of connections.filter(
    ({ platform }) => rooms.has(platform) || platform === MESSAGE_PLATFORM,
  )) {
    const own = byConnection.get(`${connection.org_id}:${connection.platform}`) ?? NOTHING
    const { status, issues } = judge({ counts: own, circuitState: 'closed', connection })
    if (status !== connection.health) await tellChange(deps, connection, status, issues)
  }
}

/** Several processes may notice a change; the one whose update succeeds writes the event. */
async function tellChange(
  { store, clock }: HealthDeps,
  { org_id, platform, health: from }: ConnectionRow,
  to: HealthStatus,
  issues: readonly string[],
): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('conversion_connections')
      .set({ health: to })
      .where('org_id', '=', org_id)
      .where('platform', '=', platform)
      .where('health', '=', from)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return
    const data = { platform, from, to, issues }
    await emit(tx, clock, { orgId: org_id, type: 'conversion_health_changed', subject: platform, data })
  })
}
