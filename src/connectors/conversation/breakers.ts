import { type BreakerAnswer, type BreakerOptions, CircuitBreaker, type Verdict } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { ConnectorType } from '../platform/ids.ts'

/** Slowness that counts as a failure, in milliseconds; high, because reports are slow. */
const SLOW_MS = 120_000
const USUAL = numbers(5, 30_000, 2)

/**
 * Failures in a row that open, milliseconds before a probe, successes that close. Stricter for Meta, which blocks
 * callers that insist.
 */
const OPTIONS: Partial<Record<ConnectorType, BreakerOptions>> = { META: numbers(3, 60_000, 3) }

/** Number of organisations with open breakers, and no success since, that opens the platform's breaker. */
const PLATFORM_FAILS = 3
/** Milliseconds to wait while the one probe of a breaker is under way. */
const PROBE_MS = 1_000

/**
 * Also opens when half of the latest calls failed, because calls of a failing kind may alternate with calls that work.
 */
function numbers(failures: number, resetMs: number, successes: number): BreakerOptions {
  const recent = { failures: 2 * failures, calls: 4 * failures }
  return { failures, slowMs: SLOW_MS, resetMs, successes, recent }
}

/** A connection, whose calls fail or work together. */
export interface Calling {
  readonly type: ConnectorType
  readonly orgId: number
  readonly connectorId: string
}

/** @param bucket group of the platform's endpoints, as in its limits */
export interface Breakers {
  enter(calling: Calling, bucket: string): BreakerAnswer
  /** Whether the breaker of any group of endpoints is open for the connection. */
  isOpen(calling: Calling): boolean
  /** Milliseconds until calls of every group are tried again. */
  openForMs(calling: Calling): number
  /** Milliseconds until calls are tried again; 0 while calls are allowed. */
  closedInMs(calling: Calling, bucket: string): number
  /** Drops the breakers of a deleted connection. */
  forget(connectorId: string): void
}

/** Change of a breaker of a connection; of the platform's where there is no connection. */
export interface BreakerChange {
  readonly type: ConnectorType
  readonly bucket: string
  readonly connection: Calling | undefined
  readonly from: string
  readonly to: string
}

/** One group of endpoints of a platform. */
interface Group {
  readonly ofConnection: Map<string, CircuitBreaker>
  /** Organisations whose breaker opened since the last successful call, and until when it is open. */
  readonly failing: Map<number, number>
  isLeftAlone: boolean
}

/**
 * Circuit breakers by connection and group of endpoints. Failing reports do not prevent campaigns from being read, and
 * a failing account affects no other organisation. Above them, each platform has a breaker for a group: open while
 * those of several organisations are open and no call has succeeded since. The first success closes it.
 */
export function createBreakers(clock: Clock, onChange: (change: BreakerChange) => void): Breakers {
  const types = new Map<ConnectorType, Map<string, Group>>()

  function groupOf(type: ConnectorType, bucket: string): Group {
    const groups = types.get(type) ?? new Map<string, Group>()
    types.set(type, groups)
    const known = groups.get(bucket)
    if (known) return known
    const made: Group = { ofConnection: new Map(), failing: new Map(), isLeftAlone: false }
    groups.set(bucket, made)
    return made
  }

  function of(calling: Calling, bucket: string): CircuitBreaker {
    const { type, orgId, connectorId } = calling
    const group = groupOf(type, bucket)
    const known = group.ofConnection.get(connectorId)
    if (known) return known
    const options = OPTIONS[type] ?? USUAL
    const breaker = new CircuitBreaker(clock, options, (from, to) => {
      onChange({ type, bucket, connection: calling, from, to })
      if (to === 'open') failed(group, type, bucket, orgId, options.resetMs)
    })
    group.ofConnection.set(connectorId, breaker)
    return breaker
  }

  function failed(group: Group, type: ConnectorType, bucket: string, orgId: number, forMs: number): void {
    group.failing.set(orgId, clock.elapsedMs() + forMs)
    if (group.isLeftAlone || leftAloneMs(group) === 0) return
    group.isLeftAlone = true
    onChange({ type, bucket, connection: undefined, from: 'closed', to: 'open' })
  }

  function worked(group: Group, type: ConnectorType, bucket: string): void {
    group.failing.clear()
    if (!group.isLeftAlone) return
    group.isLeftAlone = false
    onChange({ type, bucket, connection: undefined, from: 'open', to: 'closed' })
  }

  /** Milliseconds for which the platform's breaker stays open. */
  function leftAloneMs({ failing }: Group): number {
    const nowMs = clock.elapsedMs()
    for (const [orgId, untilMs] of failing) if (untilMs <= nowMs) failing.delete(orgId)
    return failing.size < PLATFORM_FAILS ? 0 : Math.min(...failing.values()) - nowMs
  }

  const ownMs = ({ state }: CircuitBreaker): number =>
    state.is === 'open' ? state.untilMs - clock.elapsedMs() : 0

  function closedInMs(calling: Calling, bucket: string): number {
    const breaker = groupOf(calling.type, bucket).ofConnection.get(calling.connectorId)
    const own = breaker ? ownMs(breaker) : 0
    // A connection whose own time is over makes the first call, which is the probe for all.
    if (own > 0 || breaker?.state.is === 'half_open') return own
    return leftAloneMs(groupOf(calling.type, bucket))
  }

  const openForMs = (calling: Calling): number =>
    Math.max(0, ...[...(types.get(calling.type)?.keys() ?? [])].map((bucket) => closedInMs(calling, bucket)))

  return {
    closedInMs,
    enter(calling, bucket) {
      const breaker = of(calling, bucket)
      const retryAfterMs = closedInMs(calling, bucket)
      if (retryAfterMs > 0) return { is: 'open', retryAfterMs }
      const entry = breaker.enter()
      if (entry.is === 'open') return { is: 'open', retryAfterMs: PROBE_MS }
      const { type } = calling
      return {
        is: 'admitted',
        passage: {
          report(verdict: Verdict, latencyMs: number) {
            if (verdict === 'healthy' && latencyMs <= SLOW_MS) worked(groupOf(type, bucket), type, bucket)
            entry.passage.report(verdict, latencyMs)
          },
        },
      }
    },
    openForMs,
    isOpen: (calling) => openForMs(calling) > 0,
    forget(connectorId) {
      for (const groups of types.values())
        for (const { ofConnection } of groups.values()) ofConnection.delete(connectorId)
    },
  }
}
