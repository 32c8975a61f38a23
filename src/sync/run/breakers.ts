import type { Clock } from '../../clock.ts'
import { type BreakerOptions, CircuitBreaker } from '../../shield/index.ts'
import type { ConnectorType } from '../connectors/read-connector.ts'

/** Reports are slow by nature, so only an answer that takes this long counts as a failure. */
const SLOW_MS = 120_000
const USUAL: BreakerOptions = { failures: 5, slowMs: SLOW_MS, resetMs: 30_000, successes: 2 }

/** Consecutive failures that open, time before a probe, successes that close. Meta blocks whoever insists. */
const OPTIONS: Partial<Record<ConnectorType, BreakerOptions>> = {
  META: { failures: 3, slowMs: SLOW_MS, resetMs: 60_000, successes: 3 },
}

export interface Breakers {
  of(type: ConnectorType): CircuitBreaker
  /** Time until calls are tried again; 0 while they are made. */
  closedInMs(type: ConnectorType): number
}

/** One circuit breaker per platform. */
export function createBreakers(
  clock: Clock,
  onChange: (type: ConnectorType, from: string, to: string) => void,
): Breakers {
  const breakers = new Map<ConnectorType, CircuitBreaker>()
  const of = (type: ConnectorType): CircuitBreaker => {
    const known = breakers.get(type)
    if (known) return known
    const breaker = new CircuitBreaker(clock, OPTIONS[type] ?? USUAL, (from, to) => onChange(type, from, to))
    breakers.set(type, breaker)
    return breaker
  }
  return {
    of,
    closedInMs(type) {
      const { state } = of(type)
      return state.is === 'open' ? state.untilMs - clock.elapsedMs() : 0
    },
  }
}
