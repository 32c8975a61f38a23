import type { Authorize } from './api/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import {
  CONNECTOR_TYPES,
  keysInFolder,
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
  /** Beside those the registry knows. */
  readonly connectors: readonly ReadConnector[]
}

/** Starts the read stack as it is configured; undefined where it is off. */
export async function startReads(
  { sync: config, mode }: Config,
  parts: SyncParts,
): Promise<RunningSync | undefined> {
  const { clock, log, metrics, authorize } = parts
  if (!config) {
    log.info({ mode }, 'nothing is read from platforms: ENCRYPTION_KEY is not set')
    return undefined
  }
  // In mock mode nothing may reach a real platform: only those are read whose hosts somebody has named.
  const known = CONNECTOR_TYPES.filter((type) => mode === 'live' || config.urls[type] !== undefined).flatMap(
    (type) => READ_CONNECTORS[type]?.(config.urls[type]) ?? [],
  )
  const keys = config.keys ?? keysInFolder(config.dataDir)
  const options = { ...config, keys, connectors: [...known, ...parts.connectors] }
  return startSync(options, {
    clock,
    log,
    authorize,
    onCall: (type, outcome, latencyMs) =>
      metrics.readCalls.observe({ connector: type, outcome }, latencyMs / 1000),
    onEvent: ({ type }) => metrics.connectorEvents.inc({ type }),
  })
}
