import type { RequestListener } from 'node:http'
import {
  auctionHandler,
  createBidder,
  createNoticeDesk,
  isNotice,
  keepSeen,
  listen,
  newOwner,
  noticeListener,
  takeCounts,
  type Waiting,
} from './agent/index.ts'
import { openOnLoopback, requireKey } from './api/index.ts'
import { every, systemClock, watchLag } from './clock.ts'
import { type Config, readConfig } from './config.ts'
import { createFallback } from './fallback/index.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { BudgetManager, openStore, SharedTally } from './shield/index.ts'
import {
  createForwarder,
  linkPrimary,
  RemoteStore,
  remoteMarks,
  type WorkerCalls,
  type WorkerReport,
} from './workers/index.ts'

/** Holds whose time is over are ended this often; a refusal looks for them by itself. */
const SWEEP_MS = 250

/** What the primary may ask for once everything is built. */
type Working = Pick<WorkerCalls, 'learn' | 'report' | 'stop'>

/**
 * A process that answers auctions and their notices on the service's port, with purses of its own, and has everything
 * else answered by the primary that started it. It ends with its primary.
 */
async function startWorker(config: Config): Promise<void> {
  const clock = systemClock
  const working = Promise.withResolvers<Working>()
  const primary = linkPrimary({
    learn: async (news) => (await working.promise).learn(news),
    obey: (control) => remote.obey(control),
    take: (letter) => remote.take(letter),
    report: async () => (await working.promise).report(),
    stop: async () => (await working.promise).stop(),
  })
  const remote = new RemoteStore(primary)
  const owner = newOwner()
  const { number, noticeSecret, socketPath, recordsLast } = await primary.welcome(owner)

  const log = createLog(config.logLevel).child({ worker: number })
  const metrics = createMetrics()
  const waiting: Waiting = { notices: [], overdrafts: [] }
  const store = config.store.is === 'redis' ? await openStore(config.store, { clock }) : remote
  const budget = new BudgetManager({
    clock,
    store,
    owner,
    onStore: (state) => log.warn(state, 'budget store'),
    onExpired: (hold) => bidder.decide.ledger.expired(hold),
    onOverdraft({ name: scope, currency }, amount) {
      waiting.overdrafts.push({ scope, currency, amount })
      log.error({ scope, micros: amount }, 'overdraft')
    },
  })
  await budget.settled()
  const stopSweeping = every(clock, SWEEP_MS, () => budget.expire())

  const fallback = createFallback({ multipliers: config.multipliers, maxBid: config.maxBid })
  const agent = { clock, log, metrics, budget, fallback }
  const seen = keepSeen(clock, remoteMarks(primary, recordsLast), { seen: [], forgotten: [] })
  const falseLosses = new SharedTally({ clock, store, owner, isShared: true })
  const bidder = createBidder(agent, { ...config.bidder, noticeSecret, followsBudgets: true }, seen, {
    mail: store.mail,
    falseLosses,
  })
  const count = (event: Waiting['notices'][number]) => void waiting.notices.push(event)
  const desk = createNoticeDesk(agent, bidder, count)
  const { lagMs, stop: stopWatching } = watchLag(clock)

  let cpu = process.cpuUsage()
  const report = (): WorkerReport => {
    const used = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    return {
      counts: takeCounts(metrics, bidder, waiting),
      held: [...bidder.seats.keys()].map((seat) => [seat, bidder.decide.ledger.heldFor(seat)]),
      cpuSeconds: (used.user + used.system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      lagSeconds: lagMs() / 1000,
    }
  }
  const stop = async (): Promise<WorkerReport> => {
    await server.close()
    desk.close()
    stopWatching()
    stopSweeping()
    await falseLosses.close()
    await budget.close()
    await store.close()
    forwarder.close()
    log.flush()
    return report()
  }
  working.resolve({ learn: async (news) => bidder.learn(news), report, stop })
  await primary.teach()

  const authorize = config.apiKeys.length > 0 ? requireKey(config.apiKeys) : openOnLoopback
  const auctions = auctionHandler({ agent, bidder, authorize, lagMs })
  const notices = noticeListener({ bidder, desk, count }, log)
  const forwarder = createForwarder(socketPath)
  const rest: RequestListener = (request, response) =>
    isNotice(request.url) ? notices(request, response) : forwarder.forward(request, response)
  const server = await listen(auctions, rest, clock, config)
}

// Whoever stops the service stops its primary; workers then end in their turn, also where everybody got the signal.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined)
// Without the primary nobody can say what may be spent.
process.on('disconnect', () => process.exit())

startWorker(readConfig()).catch((error) => {
  process.stderr.write(`A worker cannot start: ${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
})
