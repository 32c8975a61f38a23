import type { OpenAPIHono } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import type { ApiEnv } from '../api/index.ts'
import { messageOf } from '../errors.ts'
import { createHttpClient } from '../http/http.ts'
import type { Micros } from '../money.ts'
import type { CallLimits } from '../shield/index.ts'
import { emit, StoreAway } from '../sync/index.ts'
import { every } from '../time/clock.ts'
import { createConversionsApp } from './api/app.ts'
import { type ConnectionRow, countConnections, forgetPlayed, playConnections } from './connections.ts'
import { type Base, type ConversionTable, MESSAGE_PLATFORM, type MessageTable } from './conversions.ts'
import {
  ConversionLanes,
  ConversionTraffic,
  DeliveryLoop,
  type LaneDeps,
  settleAcceptedCalls,
} from './delivery/index.ts'
import { EventWriter } from './door/index.ts'
import { tellHealth } from './health.ts'
import { Mappings } from './mappings.ts'
import { Messenger } from './messages/index.ts'
import { ConversionMeter, type ConversionMetrics } from './meter.ts'
import {
  type ConversionRows,
  endLeftLeases,
  forgetOld,
  giveUpExpired,
  shortenTables,
} from './outbox/index.ts'
import type { Conversions } from './parts.ts'
import { WaitingRows } from './waiting-rows.ts'
import { type BidBook, BidJoiner, type LtvFeed } from './worth/index.ts'

export interface ConversionOptions {
  /** How many days the key of an event is remembered after it arrived. */
  readonly keepDays: number
  /** Which value of a conversion feeds the history of lifetime values; undefined: none. */
  readonly ltvFeed: LtvFeed
  /** The organisations that are connected to the sandbox from the start. Undefined outside mock mode. */
  readonly played:
    | { readonly orgs: readonly number[]; readonly credentials: Readonly<Record<string, unknown>> }
    | undefined
}

export interface ConversionOutside extends Omit<Base, 'owner' | 'meter'> {
  readonly metrics: ConversionMetrics
  readonly callLimits: CallLimits
  readonly bids: BidBook
  /** Called with each lifetime value from a conversion, in the currency of the platform's bids. */
  readonly onLtv: (orgId: number, platform: string, ltv: Micros) => void
}

export interface RunningConversions {
  readonly app: OpenAPIHono<ApiEnv>
  readonly conversions: Conversions
  /** The rows of a table of the organisation that has the most. Counted once a minute. */
  rowsOf(table: ConversionTable | MessageTable): number
  stop(): Promise<void>
}

/** Milliseconds between two runs of each kind of upkeep; see `upkeepOf`. */
const TICK_MS = 5_000
const SWEEP_MS = 60_000
const FORGET_MS = 600_000

/** Recovers what earlier processes left unfinished, and starts sending. */
export async function startConversions(
  options: ConversionOptions,
  outside: ConversionOutside,
): Promise<RunningConversions> {
  const { clock, store, keyring, rooms, tableLimits, callLimits } = outside
  const meter = new ConversionMeter(outside)
  const base: Base = { ...outside, meter, owner: nanoid() }
  const http = createHttpClient(clock)
  const calls = { clock, http }
  const mappings = new Mappings(store)
  const traffic = new ConversionTraffic(store, clock)
  const onBreaker = breakerTold(base)
  const lanes = new ConversionLanes({ clock, keyring, rooms, callLimits, onBreaker })
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
    onStopped: async ({ org_id, platform }: ConnectionRow, detail: string) =>
      base.log.error({ platform, org: org_id, detail }, 'a connection for conversions has stopped'),
  }
  const deliveries = new DeliveryLoop(sending, lanes)
  const messages = await Messenger.start({
    ...sending,
    callLimits,
    onBreaker: (orgId, from, to) => onBreaker({ orgId, platform: MESSAGE_PLATFORM }, from, to),
  })
  const waiting = new WaitingRows('deliveries', tableLimits.waiting_conversions)
  const counts: UpkeepParts['counts'] = { rows: { conversions: 0, waiting_conversions: 0 } }
  const upkept = {
    ...base,
    calls,
    traffic,
    lanes,
    messages,
    joiner,
    waiting,
    counts,
    keepDays: options.keepDays,
  }
  const work = repeated(base, upkeepOf(upkept))
  const conversions: Conversions = {
    ...base,
    calls,
    lanes,
    mappings,
    traffic,
    deliveries,
    messages,
    bids: outside.bids,
    keepDays: options.keepDays,
    writer: new EventWriter(store),
    requirePlace: (orgId, events) => waiting.require(orgId, events),
    noteAccepted(orgId, results) {
      waiting.add(orgId, results.filter(({ status }) => status === 'accepted').length)
      deliveries.gather()
    },
  }
  return {
    app: createConversionsApp(conversions),
    conversions,
    rowsOf: (table) =>
      table === 'messages' || table === 'waiting_messages' ? messages.rowsOf(table) : counts.rows[table],
    async stop() {
      await work.stop()
      await deliveries.stop()
      await messages.stop()
      await conversions.writer.idle()
      await http.close()
      await traffic.write().catch(() => {})
    },
  }
}

/** Logs state changes of breakers, and tells an organisation when one of its breakers opens. */
const breakerTold =
  (base: Base): LaneDeps['onBreaker'] =>
  ({ orgId, platform }, from, to) => {
    base.log.warn({ platform, org: orgId, from, to }, 'circuit breaker of conversions')
    if (to === 'open') void tellOpened(base, orgId, platform).catch((error) => reportFailure(base.log, error))
  }

interface UpkeepParts extends Base {
  readonly calls: Conversions['calls']
  readonly traffic: ConversionTraffic
  readonly lanes: ConversionLanes
  readonly messages: Messenger
  readonly joiner: BidJoiner
  readonly waiting: WaitingRows
  readonly counts: { rows: ConversionRows }
  readonly keepDays: number
}

/** The work that is done at intervals. */
function upkeepOf(parts: UpkeepParts) {
  const { store, tableLimits, meter, traffic, lanes, calls, messages, joiner, waiting, counts, keepDays } =
    parts
  return {
    every5s: async () => {
      await traffic.write()
      await messages.settle()
      await settleAcceptedCalls({ ...parts, calls, lanes, traffic })
      await joiner.joinNew()
    },
    everyMinute: async () => {
      await giveUpExpired(parts)
      const counted = await shortenTables(parts, tableLimits)
      waiting.counted(counted.waiting)
      counts.rows = counted.rows
      meter.waiting(counted.byPlatform)
      meter.connections(await countConnections(store))
      await messages.count()
      await tellHealth(parts)
      await joiner.joinAgain()
    },
    every10Minutes: async () => {
      await forgetOld(parts, keepDays)
      await messages.forget(keepDays)
    },
  }
}

/** An unavailable database is logged once, when it becomes unavailable. */
function reportFailure(log: Base['log'], error: unknown): void {
  if (!(error instanceof StoreAway)) log.error({ err: error }, messageOf(error))
}

async function tellOpened({ store, clock }: Base, orgId: number, platform: string): Promise<void> {
  const data = { connector_type: platform, calls: 'conversions', message: 'Conversions wait' }
  await emit(store.db, clock, { orgId, type: 'circuit_opened', subject: platform, data })
}

/** Runs upkeep regularly until it is stopped. A failure is logged, and the next run tries again. */
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
