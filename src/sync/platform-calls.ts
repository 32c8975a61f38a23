import {
  type Breakers,
  type CallDeps,
  type CallerOf,
  type Calling,
  type CallLimit,
  type ConnectionTokens,
  type Connector,
  type ConnectorType,
  createBreakers,
  createGrantCheck,
  HealthRecord,
  type Limits,
} from '../connectors/index.ts'
import type { StreamingClient } from '../http/http.ts'
import type { RateLimit } from '../shield/index.ts'
import { isoTime } from '../time/clock.ts'
import type { Background } from './background.ts'
import { createLimits } from './call-limits.ts'
import type { Keyring } from './credentials/index.ts'
import { emit } from './events/index.ts'
import { createTokenKeeper } from './oauth/index.ts'
import type { ConnectorRow, Store } from './store/index.ts'
import type { SyncOptions, SyncOutside } from './sync-options.ts'
import { infoOf } from './work/index.ts'

export interface PlatformCallParts {
  readonly store: Store
  readonly http: StreamingClient
  readonly keyring: Keyring
  /** Name of this process, new at every start. */
  readonly owner: string
  readonly connectors: ReadonlyMap<string, Connector>
  readonly background: Background
}

/** What every call to a platform passes: tokens, limits, breakers, and the record of how calls went. */
export interface PlatformCalls {
  readonly tokens: ConnectionTokens
  readonly limits: Limits
  readonly breakers: Breakers
  readonly health: HealthRecord
  readonly calls: CallDeps
  readonly clientOf: Parameters<typeof createTokenKeeper>[0]['clientOf']
  /** Limits of a platform for one account, from the configuration or the connector. */
  readonly limitsOf: (type: ConnectorType) => readonly CallLimit[]
}

export function createPlatformCalls(
  parts: PlatformCallParts,
  options: SyncOptions,
  outside: SyncOutside,
): PlatformCalls {
  const { store, http, keyring, owner, connectors, background } = parts
  const { clock, log } = outside
  const clientOf = (type: string) => Object.entries(options.clients).find(([name]) => name === type)?.[1]
  const limitsOf = (type: ConnectorType) =>
    limitsFor(connectors.get(type)?.limits ?? [], options.limits[type])

  const authOf = (row: Pick<ConnectorRow, 'type' | 'metadata'>) => {
    const connector = connectors.get(row.type)
    return connector?.authFor?.(infoOf(row).settings) ?? connector?.auth ?? ({ is: 'api_key' } as const)
  }
  const onClientRefused = (type: string, detail: string) =>
    log.error(
      { connector: type, detail },
      'the provider refuses our OAuth client: the operator has to mend it',
    )
  const tokens = createTokenKeeper({ store, clock, keyring, owner, authOf, clientOf, onClientRefused })
  const limits = createLimits(store, clock, limitsOf, outside.sharedBy)
  const tell = organisationsOf(store, outside)
  const breakers = createBreakers(clock, ({ type, bucket: calls, connection, from, to }) => {
    log.warn({ connector: type, connectorId: connection?.connectorId, calls, from, to }, 'circuit breaker')
    if (to === 'open') background.run(tell.breakerOpened(type, calls, connection))
  })
  const health = new HealthRecord(clock)
  const callsAlone: Omit<CallDeps, 'grantWorks'> = {
    clock,
    http,
    tokens,
    limits,
    breakers,
    bounds: options.bounds,
    publicFilesOnly: options.publicFilesOnly,
    longestWaitMs: options.longestWaitMs,
    onCall({ connector, connectorId }, outcome, latencyMs) {
      health.note(connectorId, outcome, latencyMs)
      outside.onCall(connector.type, outcome, latencyMs)
    },
    onLimited: (caller, retryAfterMs) => void background.run(tell.limited(caller, retryAfterMs)),
    onWrite({ connectorId }) {
      const changed_at = isoTime(clock.nowMs())
      void background.run(
        store.loosely((db) =>
          db.updateTable('connectors').set({ changed_at }).where('id', '=', connectorId).execute(),
        ),
      )
    },
  }
  const calls: CallDeps = {
    ...callsAlone,
    grantWorks: createGrantCheck(callsAlone, (id) => settingsOf(store, id)),
  }
  return { tokens, limits, breakers, health, calls, clientOf, limitsOf }
}

async function settingsOf(store: Store, connectorId: string) {
  const row = await store.db
    .selectFrom('connectors')
    .select('metadata')
    .where('id', '=', connectorId)
    .executeTakeFirst()
  return row ? infoOf(row).settings : {}
}

/** Events by which organisations hear of calls that are held back. */
function organisationsOf(store: Store, { clock }: Pick<SyncOutside, 'clock'>) {
  return {
    async limited({ connector, connectorId, account }: CallerOf, retryAfterMs: number): Promise<void> {
      const data = {
        connector_type: connector.type,
        account_id: account.accountId,
        retry_after_ms: Math.ceil(retryAfterMs),
      }
      await emit(store.db, clock, {
        orgId: account.orgId,
        type: 'rate_limit_hit',
        subject: connectorId,
        data,
      })
    },

    /**
     * Writes an event for the organisation of the connection; for the platform's breaker, for all organisations
     * connected to it.
     */
    async breakerOpened(type: ConnectorType, calls: string, only?: Calling): Promise<void> {
      let query = store.db.selectFrom('connectors').select(['id', 'org_id']).where('type', '=', type)
      if (only) query = query.where('id', '=', only.connectorId)
      const rows = await query.execute()
      for (const { id, org_id } of rows) {
        const data = { connector_type: type, calls, message: 'Data may be stale' }
        await emit(store.db, clock, { orgId: org_id, type: 'circuit_opened', subject: id, data })
      }
    },
  }
}

/** Applies the configured limits to every bucket of the connector. */
function limitsFor(
  own: readonly CallLimit[],
  configured: readonly RateLimit[] | undefined,
): readonly CallLimit[] {
  if (!configured) return own
  const buckets = [...new Set(own.map(({ bucket }) => bucket))]
  return buckets.flatMap((bucket) => configured.map((limit) => ({ bucket, ...limit })))
}
