import type { Selectable } from 'kysely'
import { isoTime } from '../../time/clock.ts'
import type { ConnectorRow, RequestTable } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { infoOf, limitedAccountOf } from '../work/index.ts'

/** What callers are told while the platform of a connection fails. */
export const STALE = 'Data may be stale'

export function rateLimitOf(sync: Sync, row: ConnectorRow) {
  const connector = sync.connectors.get(row.type)
  const { current, limit, resetAtMs } = connector
    ? sync.limits.status(limitedAccountOf(row, connector))
    : { current: 0, limit: 0, resetAtMs: 0 }
  return { current, limit, remaining: limit - current, reset_at: isoTime(resetAtMs) }
}

/** Whether the breaker of the platform, or of a group of its endpoints, is open for this connection. */
export const isStale = (sync: Sync, row: Pick<ConnectorRow, 'id' | 'type' | 'org_id'>): boolean => {
  const connector = sync.connectors.get(row.type)
  if (!connector) return false
  return sync.breakers.isOpen({ type: connector.type, orgId: row.org_id, connectorId: row.id })
}

export function connectorView(sync: Sync, row: ConnectorRow) {
  const { accounts, settings, currency, timezone, message } = infoOf(row)
  const health = sync.health.of(row.id)
  const { limit, remaining, reset_at } = rateLimitOf(sync, row)
  const stale = isStale(sync, row)
  return {
    id: row.id,
    type: row.type,
    account_id: row.account_id,
    status: row.status,
    ...(message !== undefined && { message }),
    health: {
      status: row.status !== 'connected' ? 'unhealthy' : stale ? 'degraded' : 'healthy',
      last_check: health ? isoTime(health.lastCheckMs) : null,
      latency_ms: health ? Math.round(health.latencyMs) : null,
      error_rate: health?.errorRate ?? 0,
    },
    rate_limit: { limit, remaining, reset_at },
    accounts: accounts.map(({ id, name }) => ({ id, name })),
    currency: currency ?? null,
    timezone: timezone ?? null,
    settings,
    created_at: row.created_at,
    last_sync_at: row.last_sync_at,
  }
}

export type RequestRow = Selectable<RequestTable>

export const waitMessage = (waitMs: number): string =>
  `Request queued, ~${Math.max(1, Math.round(waitMs / 60_000))} min wait`
