import type { Authorize } from './api/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Sandbox } from './sandbox/index.ts'
import {
  CONNECTOR_TYPES,
  type ConnectorType,
  keysInFolder,
  type OauthClient,
  READ_CONNECTORS,
  type ReadConnector,
  type RunningSync,
  startSync,
} from './sync/index.ts'

export interface SyncParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly authorize: Authorize
  /** Plays the platforms in mock mode. */
  readonly sandbox: Pick<Sandbox, 'sync'> | undefined
  /** Beside those the registry knows. */
  readonly connectors: readonly ReadConnector[]
}

/** Starts the read stack as it is configured; undefined where it is off. */
export async function startReads(
  { sync: config, mode, store }: Config,
  parts: SyncParts,
): Promise<RunningSync | undefined> {
  const { clock, log, metrics, authorize, sandbox } = parts
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
  const keys = config.keys ?? keysInFolder(config.dataDir)
  const streamUrl = store.is === 'redis' ? store.url : undefined
  const options = { ...config, streamUrl, clients, keys, connectors: [...known, ...parts.connectors] }
  return startSync(options, {
    clock,
    log,
    authorize,
    onCall: (type, outcome, latencyMs) =>
      metrics.readCalls.observe({ connector: type, outcome }, latencyMs / 1000),
    onEvent: ({ type }) => metrics.connectorEvents.inc({ type }),
  })
}
