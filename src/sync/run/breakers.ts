import type { Clock } from '../../clock.ts'
import { type BreakerAnswer, type BreakerOptions, CircuitBreaker, type Verdict } from '../../shield/index.ts'
import type { ConnectorType } from '../connectors/read-connector.ts'

/** Reports are slow by nature, so only an answer that takes this long counts as a failure. */
const SLOW_MS = 120_000
const USUAL = numbers(5, 30_000, 2)

/** Consecutive failures that open, time before a probe, successes that close. Meta blocks whoever insists. */
const OPTIONS: Partial<Record<ConnectorType, BreakerOptions>> = { META: numbers(3, 60_000, 3) }

/** A platform that fails for so many organisations, and works for none, is left alone by all. */
const PLATFORM_FAILS = 3
/** Between two looks at a breaker whose one probe is under way. */
const PROBE_MS = 1_000

/** Half of the latest calls are too many as well: one kind of call that fails may be between others that work. */
function numbers(failures: number, resetMs: number, successes: number): BreakerOptions {
  const recent = { failures: 2 * failures, calls: 4 * failures }
  return { failures, slowMs: SLOW_MS, resetMs, successes, recent }
}

/** Whose calls fail or work together. */
export interface Calling {
  readonly type: ConnectorType
  readonly orgId: number
  readonly connectorId: string
}

/** @param bucket the group of a platform's endpoints, as its limits have them */
export interface Breakers {
  enter(calling: Calling, bucket: string): BreakerAnswer
  /** Whether any group of endpoints is left alone by a connection. */
  isOpen(calling: Calling): boolean
  /** Time until calls are tried again; 0 while they are made. */
  closedInMs(calling: Calling, bucket: string): number
  /** The connection is gone. */
  forget(connectorId: string): void
}

/** A breaker that changes: one connection's, or without one the platform's. */
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
  /** Organisations that left it alone since a call worked last, and until when. */
  readonly failing: Map<number, number>
  isLeftAlone: boolean
}

/**
 * A circuit breaker per connection and group of endpoints: reports that fail keep nobody from reading campaigns, and an
 * organisation's account that fails nobody else. Above them the platform's: it is open while those of several organisations
 * are, and no call has worked since; the first call that works closes it.
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

  /** For how long the platform is left alone by all. */
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
    // A connection whose time is over makes the first call, which is everybody's probe.
    if (own > 0 || breaker?.state.is === 'half_open') return own
    return leftAloneMs(groupOf(calling.type, bucket))
  }

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
    isOpen: (calling) =>
      [...(types.get(calling.type)?.keys() ?? [])].some((bucket) => closedInMs(calling, bucket) > 0),
    forget(connectorId) {
      for (const groups of types.values())
        for (const { ofConnection } of groups.values()) ofConnection.delete(connectorId)
    },
  }
}
