import { type Decisions, newBidId, type Part, scopesOf } from './agent/index.ts'
import type { Authorize } from './api/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { PlatformName } from './platforms/index.ts'
import type { Sandbox } from './sandbox/index.ts'
import type { BudgetManager, CallLimits } from './shield/index.ts'
import {
  CONNECTOR_TYPES,
  type ConnectorType,
  keysInFolder,
  type OauthClient,
  type OwnSpendOf,
  READ_CONNECTORS,
  type ReadConnector,
  type RunningSync,
  type SpendSummary,
  startSync,
} from './sync/index.ts'

export interface SyncParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly authorize: Authorize
  /** Pays for changes that let a platform spend more. */
  readonly budget: BudgetManager
  /** What is called for bids counts there; reads of the same account count with it. */
  readonly callLimits: CallLimits
  /** Plays the platforms in mock mode. */
  readonly sandbox: Pick<Sandbox, 'sync'> | undefined
  readonly ownSpendOf: OwnSpendOf
  /** Beside those the registry knows. */
  readonly connectors: readonly ReadConnector[]
}

/** Starts the read stack as it is configured; undefined where it is off. */
export async function startReads(
  { sync: config, mode, sandboxReportMs }: Config,
  parts: SyncParts,
): Promise<RunningSync | undefined> {
  const { clock, log, metrics, authorize, callLimits, sandbox, budget } = parts
  if (!config) {
    log.info({ mode }, 'nothing is read from platforms: ENCRYPTION_KEY is not set')
    return undefined
  }
  const played = sandbox?.sync ?? {}
  const clients: Partial<Record<ConnectorType, OauthClient>> = Object.fromEntries(
    CONNECTOR_TYPES.flatMap((type) => {
      const client = config.clients[type] ?? (config.urls[type] ? undefined : played[type]?.client)
      return client ? [[type, client]] : []
    }),
  )
  // In mock mode nothing may reach a real platform: only those are read that the sandbox plays, or somebody has named.
  const known = CONNECTOR_TYPES.flatMap((type) => {
    const urls = config.urls[type] ?? played[type]?.baseUrls
    return mode === 'live' || urls ? (READ_CONNECTORS[type]?.(urls, clients[type]) ?? []) : []
  }).filter(({ type }) => parts.connectors.every((other) => other.type !== type))
  const keys = () => config.keys ?? keysInFolder(config.dataDir)
  // The sandbox is quicker than any platform, and looked at as often.
  const longestWaitMs = sandbox && Math.max(1, Math.ceil(sandboxReportMs / 4))
  const options = { ...config, longestWaitMs, clients, keys, connectors: [...known, ...parts.connectors] }
  return startSync(options, {
    clock,
    log,
    authorize,
    payer: {
      budget,
      scopesOf(type, campaignId) {
        const platform = SPENDS_AS[type]
        return platform === undefined ? [] : scopesOf(budget, platform, campaignId)
      },
      newId: newBidId,
    },
    sharedBy(type, accountId) {
      const platform = BIDS_ON[type]
      return platform && callLimits.find(platform, accountId)
    },
    onCall: (type, outcome, latencyMs) =>
      metrics.readCalls.observe({ connector: type, outcome }, latencyMs / 1000),
    ownSpendOf: parts.ownSpendOf,
    onSpend: (spend) => showSpend(metrics, spend),
    onEvent: ({ type }) => metrics.connectorEvents.inc({ type }),
  })
}

/** What of the read stack can stop working: its database, and the keys of what is in it. */
export function readParts(reads: RunningSync | undefined): readonly Part[] {
  if (!reads) return []
  const { store } = reads.sync
  return [
    { name: 'connector_store_unavailable', state: () => store.state },
    // That of the whole is the database's wherever that one is away.
    { name: 'encryption_key', state: () => (store.state.is === 'away' ? { is: 'open' } : reads.state) },
  ]
}

/** Where bids are placed on what is read. */
const BIDS_ON: Readonly<Partial<Record<ConnectorType, PlatformName>>> = {
  GOOGLE_ADS: 'google_ads',
  META: 'meta',
  TTD: 'tradedesk',
}
/** Whose campaigns can be given money, and the name in the scopes that pay for it. */
const SPENDS_AS: Readonly<Partial<Record<ConnectorType, string>>> = { ...BIDS_ON, DV360: 'dv360' }

/**
 * What the bids of this process and its earlier starts spent; on Display & Video 360, where nothing is bid, nothing. Where
 * others bid too it says nothing, rather than too little.
 */
export function ownSpend({ platforms, store, sync }: Config, decisions: Decisions): OwnSpendOf {
  return async (type, fromMs, toMs) => {
    if (type === 'DV360') return sync && { currency: sync.dv360.currency, byCampaign: new Map() }
    const platform = BIDS_ON[type]
    if (platform === undefined || store.is === 'redis') return undefined
    const byCampaign = await decisions.spentBetween(platform, fromMs, toMs)
    return { currency: platforms[platform].currency, byCampaign }
  }
}

function showSpend({ reportedSpend, spendDifference }: Metrics, accounts: readonly SpendSummary[]): void {
  for (const { type: connector, accountId: account, currency, reported, difference } of accounts) {
    reportedSpend.set({ connector, account, currency }, reported / 1e6)
    for (const [reason, micros] of Object.entries(difference))
      spendDifference.set({ connector, account, currency, reason }, micros / 1e6)
  }
}
