import { randomBytes } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import {
  type Agent,
  auctionHandler,
  countNotices,
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
  overdraftLabel,
  ownParts,
  type Part,
  platformScope,
  recordVerification,
  restoreBids,
  restoreCampaigns,
  restoreHolds,
  watchBudgets,
  watchRefusals,
} from './agent/index.ts'
import { openOnLoopback, requireKey } from './api/index.ts'
import { banner } from './banner.ts'
import { type Clock, every, systemClock, watchLag } from './clock.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { DiskError } from './disk/index.ts'
import { createFallback } from './fallback/index.ts'
import { createHttpClient } from './http.ts'
import { createLog, type Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { checkNoticeSecret } from './notice-wiring.ts'
import { connectPlatforms } from './platform-wiring.ts'
import { PLATFORMS } from './platforms/index.ts'
import { startRecords } from './records-wiring.ts'
import { type Sandbox, startSandbox } from './sandbox/index.ts'
import { sandboxOptions } from './sandbox-wiring.ts'
import { SecretError, secretInFolder } from './secret-file.ts'
import {
  BudgetManager,
  CircuitBreaker,
  createCallLimits,
  DEFAULT_BREAKER,
  openStore,
  type Scope,
  SharedTally,
  type StoreSettings,
  StoreUnavailable,
} from './shield/index.ts'
import type { ReadConnector, Sync } from './sync/index.ts'
import { ownSpend, readParts, startReads } from './sync-wiring.ts'
import { PostOffice } from './workers/index.ts'
import { openFront } from './workers-wiring.ts'

/** Of health checks by HTTP/1.0, which need not say whom they ask. */
const WITHOUT_HOST = { hostname: 'localhost' }

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

/** Of damaged records so many are named in the log. */
const MAX_NAMED = 50

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

    const isShared = config.workers > 0
    const onAway = (detail: string) => log.warn({ detail }, 'waiting for the budget store')
    const store = await openStore(config.store, { clock, isShared, onAway })
    opened.push(() => store.close())
    const { records, recovered, sharedKeys, close } = await startRecords(config, { clock, metrics })
    opened.push(close)
    if (recovered.damaged.length > 0) {
      const records = recovered.damaged.slice(0, MAX_NAMED)
      log.error({ records, count: recovered.damaged.length }, 'damaged records are set aside')
    }
    const owner = newOwner()
    const recordsId = await restoreHolds({ store, records, recovered, owner, log })
    const budget = new BudgetManager({
      clock,
      store,
      owner,
      recordsId,
      onStore: (state) => log.warn(state, 'budget store'),
      onExpired(hold) {
        // That nobody reports a bid lost is how most auctions end; a platform call ought to have ended by itself.
        if (!bidder.decide.ledger.expired(hold))
          log.warn({ bidId: hold.id, state: hold.state }, 'hold expired')
      },
      onOverdraft: ({ name, currency }, amount) => {
        metrics.budgetOverdraft.inc({ scope: overdraftLabel(name), currency }, amount / 1e6)
        log.error({ scope: name, micros: amount }, 'overdraft')
      },
    })
    opened.push(() => budget.close())
    const named = defineBudgets(budget, config)
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
    const holdsOf = recordsId === undefined ? undefined : owner
    const decisions = createDecisions(records, () => clock.nowMs(), { holdsOf })
    const parts = { clock, log, metrics, budget, connectors, fallback, predict, records }
    const agent: Agent = { ...parts, decisions, maxBid, topCampaigns: config.topCampaigns }
    const deferred = createDeferred(agent)
    opened.push(() => deferred.close())
    restoreBids(agent, deferred, recovered)
    opened.push(watchBudgets(agent, config.alertRatio))
    opened.push(watchRefusals(agent, config.store.is === 'redis'))

    const noticeSecret = config.bidder.noticeSecret ?? ownNoticeSecret(config.store)
    const noticeParts: Part[] = []
    if (config.records.is === 'disk' && signsBeyondRestart(config)) {
      const { directory } = config.records
      const check = await checkNoticeSecret({ directory, secret: noticeSecret, clock, log })
      opened.push(check.stop)
      noticeParts.push(check.part)
    }
    const seen = keepSeen(clock, records, recovered)
    const office = new PostOffice()
    const mail = store.mail ?? (isShared ? office : undefined)
    const falseLosses = new SharedTally({ clock, store, owner: budget.owner, isShared: mail !== undefined })
    opened.push(() => falseLosses.close())
    const bidder = createBidder(agent, { ...config.bidder, noticeSecret }, seen, { mail, falseLosses })
    if (config.mode === 'mock' && bidder.seats.has('example')) {
      for (const [id, spec] of exampleCampaigns()) bidder.learn({ put: 'campaign', id, spec })
    }
    restoreCampaigns(bidder, log, recovered)
    await budget.settled()
    // What these had spent before is shown from the start; of thousands of campaigns it is looked up when it is wanted.
    await budget.refresh(named)
    const count = countNotices(metrics, bidder.statsOf)
    const desk = createNoticeDesk(agent, bidder, count)
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
    const recordsLast = records.lasts
    const around = { clock, log, metrics, store, office, bidder, seen, count, noticeSecret, recordsLast }
    const front = openFront(config, around)
    opened.push(() => front.close())
    const app = createApp({
      agent,
      parts: [...ownParts(agent), ...readParts(reads), ...noticeParts],
      deferred,
      keys,
      authorize,
      bidder,
      desk,
      count,
      crew: front.crew,
      journal: store.journal,
      mode: config.mode,
    })
    if (reads) app.route('/', reads.app)
    const auctions = auctionHandler({ agent, bidder, authorize, lagMs })
    const server = await listen(auctions, getRequestListener(app.fetch, WITHOUT_HOST), clock, front.at)
    opened.push(() => server.close())
    opened.push(() => front.stop())
    if (reads) opened.push(() => reads.endStreams())
    const url = (await front.start()) ?? server.url ?? ''
    return { url, agent, sandbox, reads: reads?.sync, stop }
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

/** Whether the next start is to know the notice addresses of this one. */
const signsBeyondRestart = ({ store, bidder }: Config): boolean =>
  store.is === 'sqlite' || bidder.noticeSecret !== undefined

/** The budgets that the configuration sets. */
function defineBudgets(budget: BudgetManager, config: Config): Scope[] {
  const { platforms, budgetWindowMs: windowMs, bidder, sync } = config
  const spending = [
    ...PLATFORMS.map((platform) => ({ name: platformScope(platform), ...platforms[platform] })),
    ...(sync ? [{ name: platformScope('dv360'), ...sync.dv360 }] : []),
    { name: OPENRTB_SCOPE, ...bidder },
  ]
  return [
    ...spending.map(({ name, currency, budget: max }) =>
      budget.define(name, currency, [{ kind: 'sliding', windowMs, max }]),
    ),
    // It has no limits until an operator sets some; then it is in the first platform's currency.
    budget.define(GLOBAL_SCOPE, platforms.google_ads.currency, []),
  ]
}

/**
 * The service as a process, until it is told to stop: says where it listens, or why it cannot start.
 *
 * @param more variables that count before those of the environment
 */
export async function serve(more: NodeJS.ProcessEnv = {}): Promise<void> {
  try {
    await serveUntilStopped(readConfig(more))
  } catch (error) {
    const text = error instanceof ConfigError ? error.message : `Cannot start: ${startupError(error)}`
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
}

async function serveUntilStopped(config: Config): Promise<void> {
  // Whatever else is made: nobody but this user reads what is in DATA_DIR.
  process.umask(0o077)
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

/** What an operator can mend, a port in use, a disk, a store that is away, needs no stack. */
function startupError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isOutside =
    [DiskError, StoreUnavailable, SecretError].some((kind) => error instanceof kind) || 'syscall' in error
  return isOutside ? error.message : (error.stack ?? error.message)
}
