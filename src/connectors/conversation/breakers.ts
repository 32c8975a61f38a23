import { type BreakerAnswer, type BreakerOptions, CircuitBreaker, type Verdict } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { ConnectorType } from '../platform/ids.ts'

/** Slowness that counts as a failure, in milliseconds; high, because reports are slow. */
const SLOW_MS = 120_000
/** Failures in a row that open a breaker, milliseconds before a probe, successes that close it. */
const USUAL = numbers(5, 30_000, 2)

/** Stricter for Meta, which blocks callers that insist. */
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

/** One group of endpoints of a platform: the breaker of each connection, and the platform's breaker above them. */
class Group {
  readonly ofConnection = new Map<string, CircuitBreaker>()
  /** Organisations whose breaker opened since the last successful call, and until when it is open. */
  readonly #failing = new Map<number, number>()
  #isLeftAlone = false
  readonly #clock: Clock
  readonly #onChange: (from: string, to: string) => void

  /** @param onChange the platform's breaker changed */
  constructor(clock: Clock, onChange: (from: string, to: string) => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  failed(orgId: number, forMs: number): void {
    this.#failing.set(orgId, this.#clock.elapsedMs() + forMs)
    if (this.#isLeftAlone || this.leftAloneMs() === 0) return
    this.#isLeftAlone = true
    this.#onChange('closed', 'open')
  }

  worked(): void {
    this.#failing.clear()
    if (!this.#isLeftAlone) return
    this.#isLeftAlone = false
    this.#onChange('open', 'closed')
  }

  /** Milliseconds for which the platform's breaker stays open. */
  leftAloneMs(): number {
    const nowMs = this.#clock.elapsedMs()
    for (const [orgId, untilMs] of this.#failing) if (untilMs <= nowMs) this.#failing.delete(orgId)
    return this.#failing.size < PLATFORM_FAILS ? 0 : Math.min(...this.#failing.values()) - nowMs
  }
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
    const made = new Group(clock, (from, to) => onChange({ type, bucket, connection: undefined, from, to }))
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
      if (to === 'open') group.failed(orgId, options.resetMs)
    })
    group.ofConnection.set(connectorId, breaker)
    return breaker
  }

  const ownMs = ({ state }: CircuitBreaker): number =>
    state.is === 'open' ? state.untilMs - clock.elapsedMs() : 0

  function closedInMs(calling: Calling, bucket: string): number {
    const breaker = groupOf(calling.type, bucket).ofConnection.get(calling.connectorId)
    const own = breaker ? ownMs(breaker) : 0
    // A connection whose own time is over makes the first call, which is the probe for all.
    if (own > 0 || breaker?.state.is === 'half_open') return own
    return groupOf(calling.type, bucket).leftAloneMs()
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
            if (verdict === 'healthy' && latencyMs <= SLOW_MS) groupOf(type, bucket).worked()
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
