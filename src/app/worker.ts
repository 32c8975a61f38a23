import type { RequestListener } from 'node:http'
import {
  auctionHandler,
  type BidderUpdate,
  createBidder,
  holdsOf,
  isNotice,
  keepSeen,
  listen,
  NoticeDesk,
  newOwner,
  noticeListener,
  takeCounts,
  type UnreportedEvents,
} from '../agent/index.ts'
import { ApiKeys, authorizer, CallerLimiter, type KeyChanges } from '../api/index.ts'
import { type Config, readConfig } from '../config/config.ts'
import { createFallback } from '../fallback/index.ts'
import { createLog, type Logger } from '../log.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { BudgetManager, type BudgetManagerOptions, openStore, SharedTally } from '../shield/index.ts'
import { type Clock, systemClock, watchLag } from '../time/clock.ts'
import {
  createForwarder,
  linkPrimary,
  RemoteStore,
  remoteMarks,
  type WorkerCalls,
  type WorkerReport,
} from '../workers/index.ts'
import { collectOften } from './heap.ts'
import { keepOutcomes, outcomesOf } from './keep-outcomes.ts'
import { sweepHolds, worstCaseOf } from './open-budgets.ts'

/** The calls that the primary may make once the worker is built. */
type Working = Pick<WorkerCalls, 'applyUpdates' | 'takeKeys' | 'holdsOf' | 'report' | 'stop'>

/**
 * Runs a worker: it answers auctions and their notices on the service's port with its own purses, and forwards every other
 * request to its primary. It ends with its primary.
 */
async function startWorker(config: Config): Promise<void> {
  const clock = systemClock
  const working = Promise.withResolvers<Working>()
  const primary = linkPrimary({
    applyUpdates: async (updates) => (await working.promise).applyUpdates(updates),
    takeKeys: async (changes) => (await working.promise).takeKeys(changes),
    applyControl: (control) => remote.applyControl(control),
    take: (message) => remote.take(message),
    report: async () => (await working.promise).report(),
    holdsOf: async (scopes) => (await working.promise).holdsOf(scopes),
    stop: async () => (await working.promise).stop(),
  })
  const remote = new RemoteStore(primary)
  const owner = newOwner()
  const { number, noticeSecret, socketPath, recordsLast, outcomes } = await primary.welcome(owner)

  const log = createLog(config.logLevel).child({ worker: number })
  const metrics = createMetrics()
  const waiting: UnreportedEvents = { notices: [], overdrafts: [] }
  const store = config.store.is === 'redis' ? await openStore(config.store, { clock }) : remote
  const budget = openBudget(config, {
    ...{ clock, log, store, owner, outcomes, waiting },
    onExpired: (hold) => bidder.decide.auctionBudget.expired(hold),
  })
  await budget.settled()
  const stopSweeping = sweepHolds(clock, budget)
  const kept = keepOutcomes(clock, budget, recordsLast ? (text) => primary.keepOutcomes(text) : undefined)

  const fallback = createFallback({ multipliers: config.multipliers, maxBid: config.maxBid })
  const agent = { clock, log, metrics, budget, fallback }
  const marks = remoteMarks(primary, recordsLast)
  const seen = keepSeen(clock, marks, { seen: [], forgotten: [] }, config.tables.seen_bids)
  const falseLosses = new SharedTally({ clock, store, owner, isShared: true })
  const settings = { ...config.bidder, noticeSecret, followsBudgets: true }
  const bidder = createBidder(agent, settings, seen, { ownerMessages: store.ownerMessages, falseLosses })
  const count = (event: UnreportedEvents['notices'][number]) => void waiting.notices.push(event)
  const desk = new NoticeDesk(agent, bidder, count, config.tables.waiting_notices)
  const { lagMs, stop: stopWatching } = watchLag(clock)

  const used = createUsage()
  const report = (): WorkerReport => ({
    counts: takeCounts(metrics, bidder, waiting),
    held: [...bidder.seats.keys()].map((seat) => [seat, bidder.decide.auctionBudget.heldFor(seat)]),
    paces: bidder.pacer.takeNews(),
    shades: bidder.shader.takeNews(),
    ...used(),
    lagSeconds: lagMs() / 1000,
  })
  const stop = async (): Promise<WorkerReport> => {
    await server.close()
    desk.close()
    stopWatching()
    stopSweeping()
    await kept.close()
    await falseLosses.close()
    await budget.close()
    await store.close()
    forwarder.close()
    log.flush()
    return report()
  }
  const applyUpdates = async (updates: readonly BidderUpdate[]) => {
    for (const one of updates) bidder.applyUpdate(one)
  }
  const holds = (scopes: readonly string[]) => holdsOf(budget, scopes)
  const { authorize, takeKeys } = workerAccess(config, clock)
  working.resolve({ applyUpdates, takeKeys, holdsOf: holds, report, stop })
  await primary.replayUpdates()

  const auctions = auctionHandler({ agent, bidder, authorize, lagMs })
  const notices = noticeListener({ bidder, desk, count }, log)
  const forwarder = createForwarder(socketPath)
  const rest: RequestListener = (request, response) =>
    isNotice(request.url) ? notices(request, response) : forwarder.forward(request, response)
  const server = await listen(auctions, rest, clock, config)
  collectOften()
}

/** Accepts callers with keys of the environment, and with keys that the primary has announced. */
function workerAccess(config: Config, clock: Clock) {
  const keys = new ApiKeys(config.apiKeys, clock, config.oidc !== undefined)
  const callers = new CallerLimiter(clock, config.callerLimit)
  const takeKeys = (changes: KeyChanges) => keys.take(changes)
  return { authorize: authorizer({ keys, operatorOrg: config.operatorOrg }, callers), takeKeys }
}

interface WorkerBudget
  extends Required<Pick<BudgetManagerOptions, 'clock' | 'store' | 'owner' | 'onExpired'>> {
  readonly log: Logger
  /** The statistics of how bids end that the last worker of this number has saved. */
  readonly outcomes: string | undefined
  readonly waiting: UnreportedEvents
}

function openBudget(config: Config, { log, outcomes, waiting, ...rest }: WorkerBudget): BudgetManager {
  return new BudgetManager({
    ...rest,
    outcomes: outcomesOf(outcomes, log),
    worstCase: worstCaseOf(config),
    onStore: (state) => log.warn(state, 'budget store'),
    onOverdraft({ name: scope, currency }, amount) {
      waiting.overdrafts.push({ scope, currency, amount })
      log.error({ scope, micros: amount }, 'overdraft')
    },
  })
}

/** Measures what this process uses: memory now, and processor time since the last call. */
function createUsage() {
  let cpu = process.cpuUsage()
  return (): Pick<WorkerReport, 'cpuSeconds' | 'residentBytes'> => {
    const { user, system } = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() }
  }
}

// The primary stops its workers. A signal that reaches the whole process group must not end them before that.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined)
// Without the primary there is nobody who can grant money.
process.on('disconnect', () => process.exit())

startWorker(readConfig()).catch((error) => {
  process.stderr.write(`A worker cannot start: ${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
})
