import type { OpenAPIHono } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import type { ApiEnv } from '../api/index.ts'
import { AppError, messageOf } from '../errors.ts'
import { createHttpClient } from '../http/http.ts'
import type { Micros } from '../money.ts'
import type { CallLimits } from '../shield/index.ts'
import { emit, StoreAway } from '../sync/index.ts'
import { every } from '../time/clock.ts'
import { createConversionsApp } from './api/app.ts'
import { type ConnectionRow, countConnections, forgetPlayed, playConnections } from './connections.ts'
import type { Base, ConversionTable } from './conversions.ts'
import { ConversionLanes, ConversionTraffic, DeliveryWorker, reconcile } from './delivery/index.ts'
import { EventWriter } from './door/index.ts'
import { tellHealth } from './health.ts'
import { Mappings } from './mappings.ts'
import { ConversionMeter, type ConversionMetrics } from './meter.ts'
import { type ConversionRows, endLeftLeases, forgetOld, giveUpExpired, keepShort } from './outbox/index.ts'
import type { Conversions } from './parts.ts'
import { type BidBook, BidJoiner, type LtvFeed } from './worth/index.ts'

export interface ConversionOptions {
  /** Days for which the key of an event is remembered after it came. */
  readonly keepDays: number
  /** What of a conversion feeds the history of lifetime values; undefined: nothing. */
  readonly ltvFeed: LtvFeed
  /** Connections that these organisations have from the start: to the sandbox. Undefined outside mock mode. */
  readonly played:
    | { readonly orgs: readonly number[]; readonly credentials: Readonly<Record<string, unknown>> }
    | undefined
}

export interface ConversionOutside extends Omit<Base, 'owner' | 'meter'> {
  readonly metrics: ConversionMetrics
  readonly callLimits: CallLimits
  readonly bids: BidBook
  /** Called with each lifetime value that a conversion teaches; in the currency of the bids of its platform. */
  readonly onLtv: (orgId: number, platform: string, ltv: Micros) => void
}

export interface RunningConversions {
  readonly app: OpenAPIHono<ApiEnv>
  readonly conversions: Conversions
  /** Rows of a table of the organisation that has most. Counted once a minute. */
  rowsOf(table: ConversionTable): number
  stop(): Promise<void>
}

const TICK_MS = 5_000
const SWEEP_MS = 60_000
const FORGET_MS = 600_000

/** Opens what earlier processes left, and starts to send. */
export async function startConversions(
  options: ConversionOptions,
  outside: ConversionOutside,
): Promise<RunningConversions> {
  const { clock, store, log, keyring, rooms, tableLimits, callLimits } = outside
  const meter = new ConversionMeter(outside)
  const base: Base = { ...outside, meter, owner: nanoid() }
  const http = createHttpClient(clock)
  const calls = { clock, http }
  const mappings = new Mappings(store)
  const traffic = new ConversionTraffic(store, clock)
  const lanes = new ConversionLanes({
    ...{ clock, keyring, rooms, callLimits },
    onBreaker({ orgId, platform }, from, to) {
      log.warn({ platform, org: orgId, from, to }, 'circuit breaker of conversions')
      if (to === 'open') void tellOpened(base, orgId, platform).catch((error) => reportFailure(log, error))
    },
  })
  meter.watch(() => lanes.all)
  if (options.played) await playConnections(base, options.played.orgs, options.played.credentials)
  else await forgetPlayed(base)

  await endLeftLeases(base)
  const joiner = new BidJoiner({ ...outside, ltvFeed: options.ltvFeed })
  await joiner.restoreLtv()
  meter.connections(await countConnections(store))
  const sending = {
    ...base,
    calls,
    mappings,
    traffic,
    onStopped: async (row: ConnectionRow, detail: string) => onStopped(base, row, detail),
  }
  const worker = new DeliveryWorker(sending, lanes)
  const waiting = new Waiting(tableLimits.waiting_conversions)
  const work = repeated(base, {
    every5s: async () => {
      await traffic.write()
      await reconcile({ ...base, calls, lanes, traffic })
      await joiner.joinNew()
    },
    everyMinute: async () => {
      await giveUpExpired(base)
      const counts = await keepShort(base, tableLimits)
      waiting.counted(counts)
      meter.waiting(counts.byPlatform)
      meter.connections(await countConnections(store))
      await tellHealth({ ...base, lanes, traffic })
      await joiner.joinAgain()
    },
    every10Minutes: () => forgetOld(base, options.keepDays),
  })
  const conversions: Conversions = {
    ...base,
    ...{ calls, lanes, mappings, traffic, worker },
    ...{ bids: outside.bids, keepDays: options.keepDays },
    writer: new EventWriter(store),
    requirePlace: (orgId, events) => waiting.require(orgId, events),
    noteAccepted(orgId, results) {
      waiting.add(orgId, results.filter(({ status }) => status === 'accepted').length)
      worker.nudge()
    },
  }
  return {
    app: createConversionsApp(conversions),
    conversions,
    rowsOf: (table) => waiting.rows[table],
    async stop() {
      await work.stop()
      await worker.stop()
      await conversions.writer.idle()
      await http.close()
      await traffic.write().catch(() => {})
    },
  }
}

async function onStopped({ log }: Base, { org_id, platform }: ConnectionRow, detail: string): Promise<void> {
  log.error({ platform, org: org_id, detail }, 'a connection for conversions has stopped')
}

/** An unavailable database is logged once, when it becomes unavailable. */
function reportFailure(log: Base['log'], error: unknown): void {
  if (!(error instanceof StoreAway)) log.error({ err: error }, messageOf(error))
}

async function tellOpened({ store, clock }: Base, orgId: number, platform: string): Promise<void> {
  const data = { connector_type: platform, calls: 'conversions', message: 'Conversions wait' }
  await emit(store.db, clock, { orgId, type: 'circuit_opened', subject: platform, data })
}

/** Runs upkeep until it is stopped. A failure is logged, and the next run tries again. */
function repeated(
  { clock, log }: Pick<Base, 'clock' | 'log'>,
  work: Readonly<Record<'every5s' | 'everyMinute' | 'every10Minutes', () => Promise<void>>>,
) {
  const running = new Set<Promise<void>>()
  const start = (periodMs: number, run: () => Promise<void>) => {
    let isRunning = false
    return every(clock, periodMs, () => {
      if (isRunning) return
      isRunning = true
      const ran = run()
        .catch((error) => reportFailure(log, error))
        .finally(() => {
          isRunning = false
          running.delete(ran)
        })
      running.add(ran)
    })
  }
  const cancels = [
    start(TICK_MS, work.every5s),
    start(SWEEP_MS, work.everyMinute),
    start(FORGET_MS, work.every10Minutes),
  ]
  return {
    async stop() {
      for (const cancel of cancels) cancel()
      await Promise.all(running)
    },
  }
}

/** Deliveries that have not ended, by organisation: as counted last, with what has come since. */
class Waiting {
  readonly #most: number
  #byOrg = new Map<number, number>()
  rows: ConversionRows = { conversions: 0, waiting_conversions: 0 }

  constructor(most: number) {
    this.#most = most
  }

  counted({ rows, waiting }: Awaited<ReturnType<typeof keepShort>>): void {
    this.rows = rows
    this.#byOrg = new Map(waiting)
  }

  add(orgId: number, events: number): void {
    this.#byOrg.set(orgId, (this.#byOrg.get(orgId) ?? 0) + events)
  }

  require(orgId: number, events: number): void {
    if ((this.#byOrg.get(orgId) ?? 0) + events <= this.#most) return
    throw new AppError(
      'rate_limited',
      `${this.#most} deliveries wait already, as many as an organisation may have (TABLE_LIMITS)`,
      'later',
    )
  }
}
