import {
  type Agent,
  ApprovalRules,
  Approvals,
  approvedBids,
  createDecisions,
  Deferred,
  Feed,
  httpPredictor,
  noPredictor,
  openSharedApprovals,
  type Predictor,
  recordedApprovals,
  recordVerification,
  restoreBids,
  watchBudgets,
  watchRefusals,
} from '../agent/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Config } from '../config/config.ts'
import { PLATFORMS } from '../connectors/index.ts'
import { createFallback } from '../fallback/index.ts'
import type { HttpClient } from '../http/http.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tables } from '../metrics/tables.ts'
import type { Tell } from '../notify/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { CircuitBreaker, DEFAULT_BREAKER } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'
import { connectPlatforms } from './connect-platforms.ts'
import type { OpenBudgets } from './open-budgets.ts'
import type { OpenParts } from './open-parts.ts'
import type { Stores } from './open-stores.ts'

interface Parts
  extends Pick<OpenBudgets, 'budget' | 'callLimits' | 'holdsOf'>,
    Pick<Stores, 'records' | 'recovered'> {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly http: HttpClient
  readonly tables: Tables
  readonly sandbox: Sandbox | undefined
  readonly tell: Tell
  readonly audit: Audit
}

/** Builds the parts that decide and place bids at platforms, and restores the bids of earlier starts. */
export async function openAgent(
  config: Config,
  parts: Parts,
  opened: OpenParts,
): Promise<{ readonly agent: Agent; readonly deferred: Deferred; readonly feed: Feed }> {
  const { clock, log, metrics, tables, records, budget, callLimits, tell, audit, http, sandbox } = parts
  const { maxBid, topCampaigns } = config
  const fallback = createFallback({ multipliers: config.multipliers, maxBid })
  const connectors = connectPlatforms(config, {
    ...{ clock, log, metrics, http, budget, callLimits, sandbox, tell },
    onVerified: (bidId, verification) => void recordVerification(agent, bidId, verification),
  })
  for (const platform of PLATFORMS) opened.add(() => connectors[platform].close())
  const feed = new Feed()
  const decisions = createDecisions(records, () => clock.nowMs(), {
    holdsOf: parts.holdsOf,
    max: config.tables.decisions,
    onDecided: (record) => feed.push({ event: 'bid', record }),
  })
  const predict = predictorOf(config, { clock, http })
  const approvals = await openApprovals(config, parts, feed)
  opened.add(() => approvals.close())
  const agent: Agent = {
    ...{ clock, log, metrics, tables, records, budget, callLimits, tell, audit, approvals },
    ...{ connectors, fallback, predict, decisions, maxBid, topCampaigns },
    exchangeHoldMode: config.bidder.holdMode,
    worstCase: config.bidder.worstCase,
  }
  const deferred = new Deferred(agent)
  opened.add(() => deferred.close())
  restoreBids(agent, deferred, parts.recovered)
  approvals.handle('bid', approvedBids(agent))
  opened.add(watchBudgets(agent, config.alertRatio))
  opened.add(watchRefusals(agent, config.store.is === 'redis'))
  return { agent, deferred, feed }
}

/** Approvals are in Redis where several processes may share them, else in the records. */
async function openApprovals(
  { approvals: { rules, waitMs }, store: settings }: Config,
  { clock, log, metrics, tables, audit, tell, records, recovered }: Parts,
  feed: Feed,
): Promise<Approvals> {
  const store =
    settings.is === 'redis'
      ? await openSharedApprovals(settings.url, clock, log)
      : recordedApprovals(records, recovered, log)
  return Approvals.open({
    ...{ clock, log, metrics, tables, audit, tell, store, waitMs },
    rules: new ApprovalRules(rules),
    onChange: (approval) => feed.push({ event: 'approval', approval }),
  })
}

function predictorOf(
  { predictorUrl: url }: Config,
  { clock, http }: Pick<Parts, 'clock' | 'http'>,
): Predictor {
  const breaker = new CircuitBreaker(clock, DEFAULT_BREAKER)
  return url === undefined ? noPredictor : httpPredictor({ http, breaker, url })
}
