import type { Connection } from '../../api/connections.ts'

const TONES = { healthy: 'ok', degraded: 'warn', unhealthy: 'danger' } as const

export function HealthChip({ connection: { status, health } }: { connection: Connection }) {
  return (
    <span className={`chip ${TONES[health.status]}`}>
      {status === 'connected' ? health.status : status === 'error' ? 'not connected' : status}
    </span>
  )
}

/** What a person should know or do; nothing where all is well. */
export function HealthNote({ connection: { status, message, health } }: { connection: Connection }) {
  const note = status === 'connected' ? (health.status === 'degraded' ? STALE : message) : (message ?? AWAY)
  return note === undefined ? null : <p className="health-note">{note}</p>
}

const STALE = 'Data may be stale: the platform fails now; it is tried again by itself.'
const AWAY = 'Please reconnect your account'
