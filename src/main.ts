#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import {
  type Agent,
  auctionHandler,
  createApp,
  createBidder,
  createDecisions,
  createDeferred,
  createIdempotencyKeys,
  createNoticeDesk,
  exampleCampaigns,
  GLOBAL_SCOPE,
  httpPredictor,
  keepSeen,
  listen,
  newOwner,
  noPredictor,
  OPENRTB_SCOPE,
  platformScope,
  recordVerification,
  restoreBids,
  watchBudgets,
} from './agent/index.ts'
import { openOnLoopback, requireKey } from './api/index.ts'
import { banner } from './banner.ts'
import { runCommand } from './cli.ts'
import { type Clock, every, systemClock, watchLag } from './clock.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { createFallback } from './fallback/index.ts'
import { createHttpClient } from './http.ts'
import { createLog, type Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { connectPlatforms } from './platform-wiring.ts'
import { PLATFORMS } from './platforms/index.ts'
import { startRecords } from './records-wiring.ts'
import { type Sandbox, startSandbox } from './sandbox/index.ts'
import { sandboxOptions } from './sandbox-wiring.ts'
import { secretInFolder } from './secret-file.ts'
import {
  BudgetManager,
  CircuitBreaker,
  createCallLimits,
  DEFAULT_BREAKER,
  openStore,
  type StoreSettings,
} from './shield/index.ts'
import type { ReadConnector, Sync } from './sync/index.ts'
import { ownSpend, startReads } from './sync-wiring.ts'

/** A running service. */
export interface Service {
  /** Where it listens: `http://127.0.0.1:8003`. */
  readonly url: string
  readonly agent: Agent
  /** The platforms it talks to in mock mode. */
  readonly sandbox: Sandbox | undefined
  /** What reads from platforms; undefined where it is off. */
  readonly reads: Sync | undefined
  /** Answers what is under way, then stops. */
  stop(): Promise<void>
}

export interface Outside {
  readonly clock?: Clock
  readonly log?: Logger
  /** Platforms that are read beside those the registry knows. */
  readonly connectors?: readonly ReadConnector[]
}

/** Holds whose time is over are ended this often; a refusal looks for them by itself. */
const SWEEP_MS = 250

/** Builds every part, in reading order; what fails closes the parts that were built. */
export async function startService(config: Config, outside: Outside = {}): Promise<Service> {
  const opened: (() => unknown)[] = []
  const stop = async () => {
    for (let close = opened.pop(); close; close = opened.pop()) await close()
  }
  try {
    const clock = outside.clock ?? systemClock
    const log = outside.log ?? createLog(config.logLevel)
    const metrics = createMetrics()
    const http = createHttpClient(clock)
    opened.push(() => http.close())

    const sandbox = config.mode === 'mock' ? await startSandbox(sandboxOptions(config, clock)) : undefined
    if (sandbox) opened.push(() => sandbox.close())

    const store = await openStore(config.store, clock)
    opened.push(() => store.close())
    const { records, recovered, sharedKeys, close } = await startRecords(config, { clock, metrics })
    opened.push(close)
    const budget = new BudgetManager({
      clock,
      store,
      owner: newOwner(),
      onStore: (state) => log.warn(state, 'budget store'),
      onExpired(hold) {
        // That nobody reports a bid lost is how most auctions end; a platform call ought to have ended by itself.
        if (!bidder.decide.ledger.expired(hold))
          log.warn({ bidId: hold.id, state: hold.state }, 'hold expired')
      },
      onOverdraft: ({ name, currency }, amount) => {
        metrics.budgetOverdraft.inc({ scope: name, currency }, amount / 1e6)
        log.error({ scope: name, micros: amount }, 'overdraft')
      },
    })
    opened.push(() => budget.close())
    defineBudgets(budget, config)
    opened.push(every(clock, SWEEP_MS, () => budget.expire()))
    const callLimits = createCallLimits({ clock, store, owner: budget.owner })
    opened.push(() => callLimits.close())

    const fallback = createFallback({ multipliers: config.multipliers, maxBid: config.maxBid })
    const connectors = connectPlatforms(config, {
      clock,
      log,
      metrics,
      http,
      budget,
      sandbox,
      callLimits,
      onVerified: (bidId, verification) => void recordVerification(agent, bidId, verification),
    })
    for (const platform of PLATFORMS) opened.push(() => connectors[platform].close())

    const { predictorUrl, maxBid } = config
    const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER)
    const predict =
      predictorUrl === undefined ? noPredictor : httpPredictor({ http, breaker, url: predictorUrl })
    const decisions = createDecisions(records, () => clock.nowMs())
    const parts = { clock, log, metrics, budget, connectors, fallback, predict, records }
    const agent: Agent = { ...parts, decisions, maxBid }
    const deferred = createDeferred(agent)
    opened.push(() => deferred.close())
    restoreBids(agent, deferred, recovered)
    opened.push(watchBudgets(agent, config.alertRatio))

    const noticeSecret = config.bidder.noticeSecret ?? ownNoticeSecret(config.store)
    const seen = keepSeen(clock, records, recovered)
    const bidder = createBidder(agent, { ...config.bidder, noticeSecret }, seen, store.mail)
    if (config.mode === 'mock' && bidder.seats.has('example')) {
      for (const [id, spec] of exampleCampaigns()) bidder.putCampaign(id, spec)
    }
    await budget.settled()
    const desk = createNoticeDesk(agent, bidder)
    opened.push(() => desk.close())
    const { lagMs, stop: stopWatching } = watchLag(clock)
    opened.push(stopWatching)

    const authorize = config.apiKeys.length > 0 ? requireKey(config.apiKeys) : openOnLoopback
    const { connectors: more = [] } = outside
    const reads = await startReads(config, {
      ...{ clock, log, metrics, authorize, sandbox, budget, callLimits },
      ownSpendOf: ownSpend(config, decisions),
      connectors: more,
    })
    if (reads) opened.push(() => reads.stop())

    const keys = createIdempotencyKeys(clock, { records, recovered, sharedKeys })
    const app = createApp({
      agent,
      deferred,
      keys,
      authorize,
      bidder,
      desk,
      journal: store.journal,
      mode: config.mode,
    })
    if (reads) app.route('/', reads.app)
    const auctions = auctionHandler({ agent, bidder, authorize, lagMs })
    const server = await listen(app, auctions, clock, config)
    opened.push(() => server.close())
    if (reads) opened.push(() => reads.endStreams())
    return { url: server.url, agent, sandbox, reads: reads?.sync, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Signs notice addresses beyond a restart, where anything does. Several processes are given one by configuration. */
function ownNoticeSecret(store: StoreSettings): string {
  const make = () => randomBytes(32).toString('hex')
  return store.is === 'sqlite' ? secretInFolder(store.directory, 'notices.key', make) : make()
}

function defineBudgets(budget: BudgetManager, { platforms, budgetWindowMs, bidder }: Config): void {
  for (const platform of PLATFORMS) {
    const { currency, budget: max } = platforms[platform]
    budget.define(platformScope(platform), currency, [{ kind: 'sliding', windowMs: budgetWindowMs, max }])
  }
  budget.define(OPENRTB_SCOPE, bidder.currency, [
    { kind: 'sliding', windowMs: budgetWindowMs, max: bidder.budget },
  ])
  // The global budget has no limits until an operator sets some; then it is in the first platform's currency.
  budget.define(GLOBAL_SCOPE, platforms.google_ads.currency, [])
}

async function main(): Promise<void> {
  const config = readConfig()
  const args = process.argv.slice(2)
  if (args.length > 0) {
    process.exitCode = await runCommand(args, config, {
      print: (line) => process.stdout.write(`${line}\n`),
      url: config.serviceUrl,
      apiKey: config.serviceKey,
    })
    return
  }
  const service = await startService(config)
  process.stdout.write(banner(service, config))
  const { log } = service.agent
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      log.info({ signal }, 'stopping')
      service.stop().then(() => log.flush())
    })
  }
}

if (import.meta.main) {
  main().catch((error) => {
    process.stderr.write(
      error instanceof ConfigError
        ? `${error.message}\n`
        : `${process.argv.length > 2 ? 'Failed' : 'Cannot start'}: ${startupError(error)}\n`,
    )
    process.exitCode = 1
  })
}

/** A port in use is everyday and needs no stack. */
function startupError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && error.code === 'EADDRINUSE' ? error.message : (error.stack ?? error.message)
}
