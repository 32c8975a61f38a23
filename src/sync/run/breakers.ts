import type { Clock } from '../../clock.ts'
import { type BreakerOptions, CircuitBreaker } from '../../shield/index.ts'
import type { ConnectorType } from '../connectors/read-connector.ts'

/** Reports are slow by nature, so only an answer that takes this long counts as a failure. */
const SLOW_MS = 120_000
const USUAL = numbers(5, 30_000, 2)

/** Consecutive failures that open, time before a probe, successes that close. Meta blocks whoever insists. */
const OPTIONS: Partial<Record<ConnectorType, BreakerOptions>> = { META: numbers(3, 60_000, 3) }

/** Half of the latest calls are too many as well: one kind of call that fails may be between others that work. */
function numbers(failures: number, resetMs: number, successes: number): BreakerOptions {
  const recent = { failures: 2 * failures, calls: 4 * failures }
  return { failures, slowMs: SLOW_MS, resetMs, successes, recent }
}

/** @param bucket the group of a platform's endpoints, as its limits have them */
export interface Breakers {
  of(type: ConnectorType, bucket: string): CircuitBreaker
  /** Whether any group of the platform is left alone. */
  isOpen(type: ConnectorType): boolean
  /** Time until calls are tried again; 0 while they are made. */
  closedInMs(type: ConnectorType, bucket: string): number
}

/** One circuit breaker per platform and group of endpoints: reports that fail keep nobody from reading campaigns. */
export function createBreakers(
  clock: Clock,
  onChange: (type: ConnectorType, bucket: string, from: string, to: string) => void,
): Breakers {
  const breakers = new Map<ConnectorType, Map<string, CircuitBreaker>>()
  const of = (type: ConnectorType, bucket: string): CircuitBreaker => {
    const ofType = breakers.get(type) ?? new Map<string, CircuitBreaker>()
    breakers.set(type, ofType)
    const known = ofType.get(bucket)
    if (known) return known
    const options = OPTIONS[type] ?? USUAL
    const breaker = new CircuitBreaker(clock, options, (from, to) => onChange(type, bucket, from, to))
    ofType.set(bucket, breaker)
    return breaker
  }
  return {
    of,
    isOpen: (type) => [...(breakers.get(type)?.values() ?? [])].some(({ state }) => state.is === 'open'),
    closedInMs(type, bucket) {
      const { state } = of(type, bucket)
      return state.is === 'open' ? state.untilMs - clock.elapsedMs() : 0
    },
  }
}
