import { flushCompileCache } from 'node:module'
import { getRequestListener } from '@hono/node-server'
import {
  type Agent,
  auctionHandler,
  type Bidder,
  createApp,
  IdempotencyKeys,
  listen,
  ownParts,
  spread,
} from './agent/index.ts'
import { banner } from './app/banner.ts'
import { recordConfiguration } from './app/configuration-changes.ts'
import { examine } from './app/doctor/index.ts'
import { collectOften } from './app/heap.ts'
import { keepLearned } from './app/keep-learned.ts'
import { workerOutcomes } from './app/keep-outcomes.ts'
import { mountParts } from './app/mount-parts.ts'
import { openAccess } from './app/open-access.ts'
import { openAgent } from './app/open-agent.ts'
import { openBudgets } from './app/open-budgets.ts'
import { openExchange } from './app/open-exchange.ts'
import { openFront } from './app/open-front.ts'
import { openGrpc } from './app/open-grpc.ts'
import { openNotifications } from './app/open-notifications.ts'
import { OpenParts } from './app/open-parts.ts'
import { openStores } from './app/open-stores.ts'
import { openWatching } from './app/open-watching.ts'
import { sandboxOptions } from './app/sandbox-options.ts'
import { startSending } from './app/start-conversions.ts'
import { ownSpend, readParts, startReads } from './app/start-reading.ts'
import { temporaryFolder } from './app/temporary-folder.ts'
import { watchFiles } from './app/watch-files.ts'
import { watchTables } from './app/watch-tables.ts'
import { Audit } from './audit/index.ts'
import { type Config, ConfigError, readConfig, readDemoConfig } from './config/config.ts'
import type { Connector } from './connectors/index.ts'
import { MESSAGE_WEBHOOK } from './conversions/index.ts'
import { playDemo } from './demo/index.ts'
import { createHttpClient } from './http/http.ts'
import { createLog, type Logger } from './log.ts'
import { createMetrics } from './metrics/metrics.ts'
import { Tables } from './metrics/tables.ts'
import type { Tell } from './notify/index.ts'
import { type Sandbox, startSandbox } from './sandbox/index.ts'
import { type Hold, StoreUnavailable } from './shield/index.ts'
import { DiskError, RecordsUnavailable, SecretError } from './storage/index.ts'
import type { Sync } from './sync/index.ts'
import { type Clock, systemClock, watchLag } from './time/clock.ts'

/** Host of requests without a `Host` header, as health checks by HTTP/1.0 are. */
const WITHOUT_HOST = { hostname: 'localhost' }

/** A running service. */
export interface Service {
  /** Where it listens: `http://127.0.0.1:8003`. */
  readonly url: string
  /** Host and port where it takes calls by gRPC; undefined where it does not. */
  readonly grpcAddress: string | undefined
  readonly agent: Agent
  /** The platforms it talks to in mock mode. */
  readonly sandbox: Sandbox | undefined
  /** What reads from platforms; undefined where it is off. */
  readonly reads: Sync | undefined
  /** Answers what is under way, then stops. */
  stop(): Promise<void>
}

/** What a service is given from outside; in a process of its own, nothing. */
export interface Outside {
  readonly clock?: Clock
  readonly log?: Logger
  /** Platforms that are read beside those the registry knows. */
  readonly connectors?: readonly Connector[]
}

/** Builds every part, in reading order; what fails closes the parts that were built. */
export async function startService(config: Config, outside: Outside = {}): Promise<Service> {
  const opened = new OpenParts()
  try {
    return await openService(config, outside, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function openService(config: Config, outside: Outside, opened: OpenParts): Promise<Service> {
  const clock = outside.clock ?? systemClock
  const log = outside.log ?? createLog(config.logLevel)
  const metrics = createMetrics()
  const tables = new Tables(config.tables)
  const http = createHttpClient(clock)
  opened.add(() => http.close())
  const base = { clock, log, metrics, tables, http }
  for (const detail of config.doubtfulNames) log.warn({ detail }, 'a variable is not read')

  const sandbox = config.mode === 'mock' ? await startSandbox(sandboxOptions(config, clock)) : undefined
  if (sandbox) opened.add(() => sandbox.close())

  const stores = await openStores(config, base, opened)
  const { store, records, recovered } = stores
  const notifications = openNotifications(config, { ...base, records, recovered })
  opened.add(() => notifications.close())
  const tell: Tell = (news) => notifications.tell(news)
  const audit = new Audit({ clock, log, records })
  opened.add(() => audit.close())
  await recordConfiguration(config, audit, recovered)

  // Until the exchange is built none of its bids is held.
  let holder: Bidder | undefined
  const onExpired = (hold: Hold) => holder?.decide.auctionBudget.expired(hold) ?? false
  const budgets = await openBudgets(config, { ...base, ...stores, onExpired }, opened)
  const { budget, callLimits } = budgets
  const bidding = { ...base, ...stores, ...budgets, sandbox, tell, audit }
  const { agent, deferred, feed } = await openAgent(config, bidding, opened)
  const exchange = await openExchange(config, { agent, feed, ...stores, ...budgets }, opened)
  const { bidder, desk, count, seen, ownerMessages, noticeSecret } = exchange
  holder = bidder
  const lag = watchLag(clock)
  opened.add(lag.stop)
  const { access, authorize, callers } = await openAccess(config, { ...bidding, noticeSecret }, opened)
  const reads = await startReads(config, {
    ...{ clock, log, metrics, authorize, sandbox, budget, callLimits, notifications, audit },
    ownSpendOf: ownSpend(config, agent.decisions),
    connectors: outside.connectors ?? [],
  })
  if (reads) opened.add(() => reads.stop())
  const conversions = await startSending(config, { ...agent, callLimits, sandbox, reads })
  if (conversions) opened.add(() => conversions.stop())

  const keys = new IdempotencyKeys(clock, { ...stores, max: config.tables.idempotency_keys })
  const held = { budget, bidder, decisions: agent.decisions, keys, callers, access, seen: seen.seen, desk }
  watchTables(tables, { config, ...held, reads, conversions })
  opened.add(watchFiles(tables, config, { clock, records, reads }))
  const around = { clock, log, metrics, store, access, ownerMessages, bidder, seen, count, noticeSecret }
  const outcomes = workerOutcomes(recovered, records)
  const front = openFront(config, { ...around, outcomes, recordsLast: records.lasts })
  opened.add(() => front.close())
  const { pool } = front
  exchange.campaignStore.watch((update) => spread(bidder, pool, update))
  opened.add(keepLearned(clock, bidder, records, pool).close)
  const seats = { bidder, desk, count, pool, campaignStore: exchange.campaignStore }
  const examined = { mode: config.mode, storeKind: config.store.is, examine: () => examine(config, agent) }
  const parts = [...ownParts(agent), ...readParts(reads), ...exchange.parts]
  const served = { ...seats, agent, parts, deferred, keys, authorize, access, notifications }
  const watching = openWatching(config, { ...served, feed, recovered }, opened)
  const app = createApp({ ...served, ...watching, ...examined, journal: store.journal })
  mountParts(app, { reads, conversions, mcp: { authorize, log, hosts: config.mcpHosts, noticeSecret } })
  const auctions = auctionHandler({ agent, bidder, authorize, lagMs: lag.lagMs })
  const server = await listen(auctions, getRequestListener(app.fetch, WITHOUT_HOST), clock, front.at)
  opened.add(() => server.close())
  const grpcAddress = await openGrpc(config, { app, authorize, clock, log, parts }, opened)
  opened.add(() => front.stop())
  opened.add(() => watching.streams.end())
  if (reads) opened.add(() => reads.endStreams())
  const url = (await front.start()) ?? server.url ?? ''
  if (conversions) sandbox?.conversions.whatsapp.sendWebhooksTo(url + MESSAGE_WEBHOOK)
  return { url, grpcAddress, agent, sandbox, reads: reads?.sync, stop: () => opened.close() }
}

/**
 * The service as a process, until it is told to stop: says where it listens, or why it cannot start.
 *
 * @param more variables that count before those of the environment
 * @param demo whether all who use a service are played, in mock mode and with data that are deleted at the end
 */
export async function serve(more: NodeJS.ProcessEnv = {}, demo = false): Promise<void> {
  // Files that are created from now on, as those in DATA_DIR, are readable by this user only.
  process.umask(0o077)
  const opened = new OpenParts()
  try {
    const config = demo ? readDemoConfig(more, await temporaryFolder(opened)) : readConfig(more)
    const service = await startService(config)
    opened.add(() => service.stop())
    if (demo) opened.add(playDemo(service, service.agent).close)
    collectOften()
    // Written now, since a killed process writes nothing: the next start would strip types again, and keep what does that in memory.
    flushCompileCache()
    // Who reads the banner may stop it at once.
    stopWhenTold(service.agent.log, opened)
    process.stdout.write(banner(service, config))
  } catch (error) {
    await opened.close()
    const text = error instanceof ConfigError ? error.message : `Cannot start: ${startupError(error)}`
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
}

function stopWhenTold(log: Logger, opened: OpenParts): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      log.info({ signal }, 'stopping')
      opened.close().then(() => log.flush())
    })
  }
}

/** The message of an error of the start; with a stack unless an operator can mend it (port, disk, store). */
function startupError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isOutside =
    [DiskError, StoreUnavailable, SecretError, RecordsUnavailable].some((kind) => error instanceof kind) ||
    'syscall' in error
  return isOutside ? error.message : (error.stack ?? error.message)
}
