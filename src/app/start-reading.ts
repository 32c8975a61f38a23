import { type Decisions, newBidId, refusalFor, type ServicePart, scopesOf } from '../agent/index.ts'
import type { Authorize } from '../api/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Config } from '../config/config.ts'
import {
  bidPlatformOf,
  CONNECTOR_TYPES,
  type Connector,
  type ConnectorType,
  connectorMaker,
} from '../connectors/index.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Notifications } from '../notify/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import type { BudgetManager, CallLimits } from '../shield/index.ts'
import {
  keysInFolder,
  type OauthClient,
  type OwnSpendOf,
  type RunningSync,
  type SpendSummary,
  startSync,
} from '../sync/index.ts'
import type { Clock } from '../time/clock.ts'

export interface ReadingParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly authorize: Authorize
  readonly audit: Audit
  /** The budget that pays for changes by which a platform may spend more. */
  readonly budget: BudgetManager
  /** Limits on calls; bids and reads of one account share a limiter. */
  readonly callLimits: CallLimits
  /** The sandbox that plays the platforms in mock mode. */
  readonly sandbox: Pick<Sandbox, 'sync'> | undefined
  readonly notifications: Pick<Notifications, 'pass'>
  readonly ownSpendOf: OwnSpendOf
  /** Connectors in addition to those of the registry. */
  readonly connectors: readonly Connector[]
}

/** Starts reading as configured; undefined if it is off. */
export async function startReads(
  { sync: config, mode, sandboxReportMs, operatorOrg, tables: tableLimits }: Config,
  parts: ReadingParts,
): Promise<RunningSync | undefined> {
  const { clock, log, metrics, authorize, callLimits, sandbox, budget, notifications, audit } = parts
  if (!config) {
    log.info(
      { mode },
      'nothing is read from platforms and no conversions are taken: ENCRYPTION_KEY is not set',
    )
    return undefined
  }
  const played = sandbox?.sync ?? {}
  const clients: Partial<Record<ConnectorType, OauthClient>> = Object.fromEntries(
    CONNECTOR_TYPES.flatMap((type) => {
      const client = config.clients[type] ?? (config.urls[type] ? undefined : played[type]?.client)
      return client ? [[type, client]] : []
    }),
  )
  // In mock mode no real platform may be reached: only types that the sandbox plays, or whose address is configured, are read.
  const known = CONNECTOR_TYPES.flatMap((type) => {
    const urls = config.urls[type] ?? played[type]?.baseUrls
    return mode === 'live' || urls ? [connectorMaker(type)(urls, clients[type])] : []
  }).filter(({ type }) => parts.connectors.every((other) => other.type !== type))
  const keys = () => config.keys ?? keysInFolder(config.dataDir)
  // The sandbox finishes reports faster than any platform, so it is polled more often.
  const longestWaitMs = sandbox && Math.max(1, Math.ceil(sandboxReportMs / 4))
  const makingMs = sandbox && sandboxReportMs
  const options = {
    ...config,
    tableLimits,
    longestWaitMs,
    makingMs,
    clients,
    keys,
    connectors: [...known, ...parts.connectors],
  }
  return startSync(options, {
    clock,
    log,
    authorize,
    audit,
    payer: {
      budget,
      scopesOf(type, campaignId, orgId, payingKey) {
        const platform = spendsAs(type)
        const org = orgId === operatorOrg ? undefined : orgId
        return platform === undefined ? [] : scopesOf(budget, platform, campaignId, { org, payingKey })
      },
      refusalFor: (error, orgId) => refusalFor(orgId === operatorOrg ? undefined : orgId, error),
      newId: newBidId,
    },
    sharedBy(type, accountId) {
      const platform = bidPlatformOf(type)
      return platform && callLimits.find(platform, accountId)
    },
    onCall: (type, outcome, latencyMs) =>
      metrics.readCalls.observe({ connector: type, outcome }, latencyMs / 1000),
    ownSpendOf: parts.ownSpendOf,
    onSpend: (spend) => showSpend(metrics, spend),
    async onEvent(event) {
      metrics.connectorEvents.inc({ type: event.type })
      await notifications.pass(event)
    },
  })
}

/** The parts of reading that can fail, for `/readyz`: its database, and the keys that decrypt its content. */
export function readParts(reads: RunningSync | undefined): readonly ServicePart[] {
  if (!reads) return []
  const { store } = reads.sync
  return [
    { name: 'connector_store_unavailable', state: () => store.state },
    // While the database is away, `reads.state` only repeats that; so the key is not reported as well.
    { name: 'encryption_key', state: () => (store.state.is === 'away' ? { is: 'open' } : reads.state) },
  ]
}

/** The platform's name in the scopes that pay, where campaign budgets can be changed. */
const spendsAs = (type: ConnectorType): string | undefined =>
  type === 'DV360' ? 'dv360' : bidPlatformOf(type)

/**
 * Returns what the bids of this process and its earlier starts spent, by campaign. On Display & Video 360 nothing is bid,
 * so that is 0. With Redis other processes bid too and the figure would be too low, so it is undefined.
 */
export function ownSpend({ platforms, store, sync, operatorOrg }: Config, decisions: Decisions): OwnSpendOf {
  return async (type, fromMs, toMs, orgId) => {
    if (type === 'DV360') return sync && { currency: sync.dv360.currency, byCampaign: new Map() }
    const platform = bidPlatformOf(type)
    if (platform === undefined || store.is === 'redis') return undefined
    const byCampaign = await decisions.spentBetween(
      platform,
      fromMs,
      toMs,
      orgId === operatorOrg ? undefined : orgId,
    )
    return { currency: platforms[platform].currency, byCampaign }
  }
}

/** The most accounts whose spend `/metrics` shows: those with the largest difference. */
const SHOWN_ACCOUNTS = 100

function showSpend({ reportedSpend, spendDifference }: Metrics, accounts: readonly SpendSummary[]): void {
  reportedSpend.reset()
  spendDifference.reset()
  const differs = ({ difference }: SpendSummary) =>
    Object.values(difference).reduce((sum, one) => sum + one, 0)
  const shown = accounts.toSorted((a, b) => differs(b) - differs(a)).slice(0, SHOWN_ACCOUNTS)
  for (const { type: connector, accountId: account, currency, reported, difference } of shown) {
    reportedSpend.set({ connector, account, currency }, reported / 1e6)
    for (const [reason, micros] of Object.entries(difference))
      spendDifference.set({ connector, account, currency, reason }, micros / 1e6)
  }
}
