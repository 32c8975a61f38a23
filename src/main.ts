#!/usr/bin/env node
import {
  type Agent,
  auctionHandler,
  type Connectors,
  createApp,
  createBidder,
  createDecisions,
  createDeferred,
  createIdempotencyKeys,
  exampleCampaigns,
  GLOBAL_SCOPE,
  httpPredictor,
  listen,
  newBidId,
  noPredictor,
  OPENRTB_SCOPE,
  platformScope,
  recordVerification,
  scopesOf,
  watchBudgets,
} from './agent/index.ts'
import { openOnLoopback, requireKey } from './api/index.ts'
import { banner } from './banner.ts'
import { runCommand } from './cli.ts'
import { type Clock, every, systemClock, watchLag } from './clock.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { type Accounts, noticeUrl } from './config-accounts.ts'
import { createConnector, type SmartConnector, type SmartConnectorDeps } from './connectors/index.ts'
import { createFallback } from './fallback/index.ts'
import { createHttpClient } from './http.ts'
import { createLog, type Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { PLATFORMS, type PlatformName, sunsetOf } from './platforms/index.ts'
import { type Sandbox, startSandbox } from './sandbox/index.ts'
import { BudgetManager, CircuitBreaker, DEFAULT_BREAKER, openStore } from './shield/index.ts'
import type { ReadConnector, Sync } from './sync/index.ts'
import { startReads } from './sync-wiring.ts'

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
    const budget = new BudgetManager({
      clock,
      store,
      owner: newBidId(),
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

    const fallback = createFallback({ multipliers: config.multipliers, maxBid: config.maxBid })
    const accounts = sandbox ? sandboxAccounts(sandbox, config) : config.accounts
    const connect = (platform: PlatformName): SmartConnectorDeps => ({
      clock,
      http,
      budget,
      settings: config.platforms[platform],
      scopesOf: (campaignId) => scopesOf(budget, platform, campaignId),
      newId: newBidId,
      onRequest: (outcome, latencyMs) =>
        metrics.platformLatency.observe({ platform, outcome }, latencyMs / 1000),
      onBreakerChange: (from, to) => {
        metrics.breakerTransitions.inc({ platform, from, to })
        log.warn({ platform, from, to }, 'circuit breaker')
      },
      onVerified: ({ decisionId }, verification) => recordVerification(agent, decisionId, verification),
    })
    warnOfSunsets(config, clock, log)
    const connectors: Connectors = {
      google_ads: createConnector(
        { type: 'google_ads_smart', account: accounts.google_ads },
        connect('google_ads'),
      ),
      meta: createConnector({ type: 'meta_smart', account: accounts.meta }, connect('meta')),
      tradedesk: createConnector(
        { type: 'tradedesk_smart', account: accounts.tradedesk },
        connect('tradedesk'),
      ),
    }
    for (const platform of PLATFORMS) {
      opened.push(() => connectors[platform].close())
      if (config.mode === 'live') checkCredentials(connectors[platform], platform, log)
    }

    const { predictorUrl, maxBid } = config
    const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER)
    const predict =
      predictorUrl === undefined ? noPredictor : httpPredictor({ http, breaker, url: predictorUrl })
    const decisions = createDecisions()
    const agent: Agent = { clock, log, metrics, budget, connectors, fallback, predict, decisions, maxBid }
    const deferred = createDeferred(agent)
    opened.push(() => deferred.close())
    opened.push(watchBudgets(agent, config.alertRatio))

    const bidder = createBidder(agent, config.bidder)
    if (config.mode === 'mock' && bidder.seats.has('example')) {
      for (const [id, spec] of exampleCampaigns()) bidder.putCampaign(id, spec)
    }
    await budget.settled()
    const { lagMs, stop: stopWatching } = watchLag(clock)
    opened.push(stopWatching)

    const authorize = config.apiKeys.length > 0 ? requireKey(config.apiKeys) : openOnLoopback
    const { connectors: more = [] } = outside
    const reads = await startReads(config, {
      ...{ clock, log, metrics, authorize, sandbox, budget },
      connectors: more,
    })
    if (reads) opened.push(() => reads.stop())

    const keys = createIdempotencyKeys(clock)
    const app = createApp({
      agent,
      deferred,
      keys,
      authorize,
      bidder,
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

const DAY_MS = 86_400_000

/** An API version that is gone, or will be within 30 days, is worth a line at every start. */
function warnOfSunsets({ versions }: Config, clock: Clock, log: Logger): void {
  for (const [platform, version] of [
    ['google_ads', versions.googleAds] as const,
    ['meta', versions.meta] as const,
  ]) {
    const sunset = sunsetOf(platform, version)
    if (sunset.is !== 'dated' || Date.parse(sunset.endsOn) - clock.nowMs() > 30 * DAY_MS) continue
    log.warn({ platform, version, endsOn: sunset.endsOn }, 'this version of the API ends, or has ended')
  }
}

/** Says in the log at once whether a platform accepts us; a bid would find out too. Never rejects. */
async function checkCredentials(
  connector: SmartConnector,
  platform: PlatformName,
  log: Logger,
): Promise<void> {
  const outcome = await connector.connect()
  if (outcome.is === 'accepted') log.info({ platform, account: outcome.value.account }, 'connected')
  else log.warn({ platform, outcome: outcome.is, detail: outcome.detail }, 'not connected')
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

function sandboxOptions({ sandboxPort, platforms }: Config, clock: Clock) {
  const currencies = {
    google_ads: platforms.google_ads.currency,
    meta: platforms.meta.currency,
    tradedesk: platforms.tradedesk.currency,
  }
  return { port: sandboxPort, clock, currencies }
}

function sandboxAccounts({ urls, credentials }: Sandbox, config: Config): Accounts {
  const { versions, advertiserDomain } = config
  const { clientId, clientSecret, refreshToken, customerId } = credentials.googleAds
  return {
    google_ads: {
      url: urls.googleAds,
      oauthUrl: urls.googleOauth,
      version: versions.googleAds,
      customerId,
      loginCustomerId: undefined,
      developerToken: undefined,
      auth: { is: 'refresh_token', clientId, clientSecret, refreshToken },
    },
    meta: { url: urls.meta, version: versions.meta, ...credentials.meta, appSecret: undefined },
    tradedesk: {
      url: urls.tradedesk,
      bidUrl: urls.tradedeskBid,
      ...credentials.tradedesk,
      noticeUrl: noticeUrl(config.publicUrl),
      advertiserDomain,
    },
  }
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
